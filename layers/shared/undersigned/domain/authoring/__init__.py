"""Rules of campaigns, their letters and recipients."""
