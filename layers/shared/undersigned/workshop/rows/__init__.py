"""The documents of drafts."""
