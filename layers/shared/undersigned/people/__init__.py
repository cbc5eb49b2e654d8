"""Who may do what in a campaign, and how they sign in."""
