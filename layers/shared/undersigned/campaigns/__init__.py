"""What is signed, and to whom: campaigns, letters, recipients, their offices, cadence and controls."""
