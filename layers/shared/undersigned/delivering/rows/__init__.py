"""The rows of deliveries."""
