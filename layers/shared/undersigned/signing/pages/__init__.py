"""The pages of the form."""
