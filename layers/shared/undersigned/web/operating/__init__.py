"""A campaign at a glance, what needs attention, and what was done."""
