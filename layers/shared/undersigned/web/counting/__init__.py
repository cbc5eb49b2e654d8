"""Counts, and lists and exports of letters."""
