"""Rules of people, their keys and what they may do."""
