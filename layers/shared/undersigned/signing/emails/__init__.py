"""The emails to signers."""
