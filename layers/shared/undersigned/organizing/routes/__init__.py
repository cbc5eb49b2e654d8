"""The routes of organizers: the dashboard’s pages and buttons, and what programs read."""
