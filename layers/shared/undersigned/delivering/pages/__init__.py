"""The pages of offices, and the signer’s own."""
