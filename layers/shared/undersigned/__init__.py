"""Undersigned: letters that many people sign, each sent exactly once."""

__version__ = "0.4.0"
