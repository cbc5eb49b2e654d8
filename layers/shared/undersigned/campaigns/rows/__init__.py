"""The rows of campaigns and their recipients."""
