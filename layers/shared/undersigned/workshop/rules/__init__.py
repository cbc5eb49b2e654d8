"""What a draft must be."""
