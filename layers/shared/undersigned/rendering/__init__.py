"""Emails and packets, rendered from the domain's values."""
