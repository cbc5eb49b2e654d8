"""What a form, a signature and an email to a signer must be."""
