"""Pure rules: what a campaign, a letter, a signature, a tally and a delivery are."""
