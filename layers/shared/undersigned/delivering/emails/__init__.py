"""The emails about deliveries."""
