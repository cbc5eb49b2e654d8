"""AWS: the table, SES, S3 and SQS, one file for each entity or service."""
