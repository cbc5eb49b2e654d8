"""The rows of counts."""
