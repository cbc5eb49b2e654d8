"""The counts of a campaign: each letter is counted once."""
