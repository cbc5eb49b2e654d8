"""The web: checked requests, pages, and answers with their security headers."""
