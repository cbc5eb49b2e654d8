"""Recipients, deliveries and approvals."""
