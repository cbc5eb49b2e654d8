"""Pure rules of campaigns, letters, signatures, tallies and deliveries."""
