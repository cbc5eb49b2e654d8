"""The rules of people, their roles and their keys."""
