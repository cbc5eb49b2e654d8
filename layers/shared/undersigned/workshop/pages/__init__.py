"""The pages where campaigns are written."""
