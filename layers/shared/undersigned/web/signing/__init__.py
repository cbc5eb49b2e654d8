"""The form, and a signer’s own letter."""
