"""The rows of exports, and of a campaign as a whole."""
