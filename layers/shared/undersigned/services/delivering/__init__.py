"""From confirmed letters to an email in the office's inbox."""
