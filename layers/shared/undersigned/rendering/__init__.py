"""What is sent: emails and packets, rendered from the domain's values."""
