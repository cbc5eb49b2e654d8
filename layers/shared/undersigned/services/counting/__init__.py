"""Counts, lists and exports of letters."""
