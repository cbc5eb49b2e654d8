"""Placeholder."""


def handler(event, context):
    """Answer."""
    return {"statusCode": 200, "body": "ok"}
