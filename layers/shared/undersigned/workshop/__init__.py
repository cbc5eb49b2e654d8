"""Drafts, until they are published."""
