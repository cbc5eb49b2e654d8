"""The pages of people, and the frame of the dashboard."""
