"""Roles and keys, and how people sign in."""
