"""The rows of forms, signatures, and the emails to signers."""
