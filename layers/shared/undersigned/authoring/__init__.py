"""A campaign as people write it: its settings, letters, list of targets and paper form, checked line by line."""
