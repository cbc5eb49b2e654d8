"""Signing in, people and keys."""
