"""The routes of the workshop."""
