"""The routes of people: sign in, and who may do what in a campaign."""
