"""Adapters: the table, SES, S3 and SQS, behind the services' ports."""
