"""Work that starts by itself: hours, reports, the daily check, and the end of a campaign."""
