"""What IAM asks of each AWS call. Lambda workers import this, too, so it needs the standard library only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PARTITION = {"": "pk", "tray": "due", "listing": "listed"}
"""The attribute that a query of the table or of an index has to name."""

SINGLE = {
    ("events", "PutEvents"): ("events:PutEvents", "EventBus.Arn"),
    ("secretsmanager", "GetSecretValue"): ("secretsmanager:GetSecretValue", "Secret"),
    ("sesv2", "GetAccount"): ("ses:GetAccount", "*"),
}
"""Operations that need one permission, whatever they are called with."""


ON_OBJECT = {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
}
"""S3's operations on an object, and the permission that each needs."""

ON_QUEUE = {"SendMessage", "ChangeMessageVisibility"}
"""SQS's operations on a queue, which need the permission of that name."""


class Need(NamedTuple):
    """What a call needs: an action on a resource, with the facts that conditions are about."""

    action: str
    resource: str
    facts: Mapping[str, str] = {}


def needs_of(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Need]:
    """List the permissions that a call needs; raises NotImplementedError for a call that no function has made yet."""
    match service, operation:
        case "dynamodb", _:
            yield from _needs_of_dynamodb(operation, params)
        case "s3", _ if operation in ON_OBJECT:
            yield Need(ON_OBJECT[operation], f"PacketBucket.Arn/{params['Key']}")
        case "sqs", _ if operation in ON_QUEUE:
            # After the stack's name comes the logical id: undersigned-DeliveryQueue-1A2B3C.
            queue = params["QueueUrl"].rpartition("/")[2].split("-")[1]
            yield Need(f"sqs:{operation}", f"{queue}.Arn")
        case "sesv2", "SendEmail":
            facts = {"ses:FromAddress": params["FromEmailAddress"]}
            # A mail as MIME needs SendRawEmail, whichever API takes it.
            actions = (
                ("ses:SendEmail", "ses:SendRawEmail") if "Raw" in params.get("Content", {}) else ("ses:SendEmail",)
            )
            for resource in ("identity/SenderIdentity", "configuration-set/MailConfiguration"):
                for action in actions:
                    yield Need(action, f"arn:aws:ses:us-east-2:123456789012:{resource}", facts)
        case _ if (service, operation) in SINGLE:
            yield Need(*SINGLE[service, operation])
        case _:
            raise NotImplementedError(_unknown(service, operation))


def _needs_of_dynamodb(operation: str, params: Mapping[str, Any]) -> Iterator[Need]:
    match operation:
        case "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem":
            yield _on_row(operation, params)
        case "BatchGetItem":
            for request in params["RequestItems"].values():
                yield from (_on_row(operation, {"Key": key}) for key in request["Keys"])
        case "TransactWriteItems":
            for item in params["TransactItems"]:
                yield from (_on_row(_IN_TRANSACTION[verb], request) for verb, request in item.items())
        case "Query":
            index = params.get("IndexName", "")
            resource = f"Table.Arn/index/{index}" if index else "Table.Arn"
            yield Need("dynamodb:Query", resource, {"dynamodb:LeadingKeys": _queried(params, PARTITION[index])})
        case _:
            raise NotImplementedError(_unknown("dynamodb", operation))


_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _unknown(service: str, operation: str) -> str:
    return f"which permission {service} {operation} needs is not written here yet"


def _on_row(action: str, request: Mapping[str, Any]) -> Need:
    row = request.get("Key") or request["Item"]
    return Need(f"dynamodb:{action}", "Table.Arn", {"dynamodb:LeadingKeys": row["pk"]["S"]})


def _queried(params: Mapping[str, Any], attribute: str) -> str:
    """Return the partition that a query names, through its placeholders."""
    for name, value in re.findall(r"([#\w]+)\s*=\s*(:\w+)", params["KeyConditionExpression"]):
        if params.get("ExpressionAttributeNames", {}).get(name, name) == attribute:
            return str(params["ExpressionAttributeValues"][value]["S"])
    message = f"the query names no {attribute}: {params['KeyConditionExpression']}"
    raise ValueError(message)
