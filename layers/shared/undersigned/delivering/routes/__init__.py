"""The routes of what is delivered: the signer's letter, the office's page and its packets."""
