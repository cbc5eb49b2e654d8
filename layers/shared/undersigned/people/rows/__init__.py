"""The rows of people, their requests to sign in, and their keys."""
