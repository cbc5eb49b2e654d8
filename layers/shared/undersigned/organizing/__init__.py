"""What organizers see, decide and look up."""
