"""AWS: the table, SES, S3, SQS and EventBridge, one file for each entity or service."""
