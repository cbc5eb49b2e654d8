"""The rules of campaigns and their recipients."""
