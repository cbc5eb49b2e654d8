"""What people read: pages, mails and packets, rendered from the domain's values."""
