"""Pictures to share, and paper forms."""
