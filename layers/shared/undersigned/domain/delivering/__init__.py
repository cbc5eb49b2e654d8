"""Rules of deliveries: when, to whom, and what an organizer decides about them."""
