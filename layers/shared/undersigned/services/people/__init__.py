"""Who may do what, and how they sign in."""
