"""Adapters of the services' ports: the table, SES, S3, SQS and EventBridge."""
