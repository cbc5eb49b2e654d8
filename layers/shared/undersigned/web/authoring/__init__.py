"""The workshop: the pages in which an organizer makes and changes a campaign."""
