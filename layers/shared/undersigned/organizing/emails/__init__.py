"""The emails of organizing: the report."""
