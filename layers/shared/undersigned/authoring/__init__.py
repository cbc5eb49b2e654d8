"""Reads and checks the files that people write: a campaign's settings, letters and targets, and paper forms."""
