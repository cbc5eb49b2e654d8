"""Undersigned: letters that many people sign, each sent exactly once."""
