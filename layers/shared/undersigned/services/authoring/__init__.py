"""From a draft to a published campaign."""
