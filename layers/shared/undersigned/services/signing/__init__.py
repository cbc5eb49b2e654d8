"""From a form to a confirmed letter, and its withdrawal or erasure."""
