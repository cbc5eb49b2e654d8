"""From a posted form to a confirmed letter."""
