"""Packets as PDF files."""
