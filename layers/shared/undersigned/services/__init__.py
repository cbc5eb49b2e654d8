"""The use cases: each handler calls one of them once."""
