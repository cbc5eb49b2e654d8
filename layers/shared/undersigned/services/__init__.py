"""The use cases. Each handler calls one of them once."""
