"""From the letters that wait to the office, and back."""
