"""The permissions that each AWS call needs. Lambda workers of the tests import this too: standard library only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PARTITION = {"": "pk", "tray": "due", "listing": "listed"}
"""The partition key, by index; `""` is the table itself."""

SINGLE = {
    ("sesv2", "GetAccount"): ("ses:GetAccount", "*"),
    ("sns", "Publish"): ("sns:Publish", "Alarms"),
}
"""Operations that need one permission, whatever their parameters are. The other secret is the CDN's proof."""

ON_OBJECT = {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "DeleteObject": "s3:DeleteObject",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
}
"""S3's operations on an object, with the permission that each needs."""

ON_BUCKET = {"ListObjectsV2": "s3:ListBucket", "ListObjectVersions": "s3:ListBucketVersions"}
"""S3's operations on a bucket, with the permission that each needs."""

ON_QUEUE = {"SendMessage", "SendMessageBatch", "ChangeMessageVisibility", "GetQueueAttributes"}
"""SQS's operations on a queue. Each needs the permission of the same name."""


class Need(NamedTuple):
    """A permission that a call needs: an action on a resource, with the values that conditions check."""

    action: str
    resource: str
    facts: Mapping[str, str] = {}


def needs_of(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Need]:
    """List the permissions that a call needs. Raises NotImplementedError for an operation that is not listed yet."""
    match service, operation:
        case "dynamodb", _:
            yield from _needs_of_dynamodb(operation, params)
        case "s3", "DeleteObjects":
            for found in params["Delete"]["Objects"]:
                yield Need("s3:DeleteObject", f"{_bucket_of(params)}.Arn/{found['Key']}")
        case "s3", _ if operation in ON_BUCKET:
            yield Need(ON_BUCKET[operation], f"{_bucket_of(params)}.Arn", {"s3:prefix": params.get("Prefix", "")})
        case "s3", _ if operation in ON_OBJECT:
            action = f"{ON_OBJECT[operation]}{'Version' if 'VersionId' in params else ''}"
            yield Need(action, f"{_bucket_of(params)}.Arn/{params['Key']}")
        case "sqs", _ if operation in ON_QUEUE:
            queue = _logical_id(params["QueueUrl"].rpartition("/")[2])
            # A batch needs the permission of a single message (SQS developer guide, "Amazon SQS API permissions").
            yield Need(f"sqs:{operation.removesuffix('Batch')}", f"{queue}.Arn")
        case "sesv2", "SendEmail":
            yield from _needs_of_email(params)
        case "secretsmanager", "GetSecretValue":
            yield Need("secretsmanager:GetSecretValue", _logical_id(params["SecretId"].rpartition(":")[2]))
        case _ if (service, operation) in SINGLE:
            yield Need(*SINGLE[service, operation])
        case _:
            raise NotImplementedError(_unknown(service, operation))


def _bucket_of(params: Mapping[str, Any]) -> str:
    """Return the logical id of a call's bucket. Names of buckets have no capitals."""
    return {"packetbucket": "PacketBucket", "draftbucket": "DraftBucket"}[_logical_id(params["Bucket"])]


def _logical_id(name: str) -> str:
    """Return the logical id in a deployed name: its second part, as in undersigned-DeliveryQueue-1A2B3C."""
    return name.split("-")[1]


def _needs_of_email(params: Mapping[str, Any]) -> Iterator[Need]:
    facts = {"ses:FromAddress": params["FromEmailAddress"]}
    # An email as MIME needs SendRawEmail in every API.
    actions = ("ses:SendEmail", "ses:SendRawEmail") if "Raw" in params.get("Content", {}) else ("ses:SendEmail",)
    # In the sandbox, SES also checks the permission on the identity of each recipient.
    recipients = [f"identity/{address}" for address in params["Destination"]["ToAddresses"]]
    # The logical id is the deployed name's second part, too. The identity has no default set.
    configuration_set = params["ConfigurationSetName"].removeprefix("undersigned-").split("-")[0]
    for resource in ("identity/SenderIdentity", *recipients, f"configuration-set/{configuration_set}"):
        for action in actions:
            yield Need(action, f"arn:aws:ses:us-east-2:123456789012:{resource}", facts)


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
    return f"add the permission that {service} {operation} needs to cli/undersigned_cli/local/needs.py"


def _on_row(action: str, request: Mapping[str, Any]) -> Need:
    row = request.get("Key") or request["Item"]
    return Need(f"dynamodb:{action}", "Table.Arn", {"dynamodb:LeadingKeys": row["pk"]["S"]})


def _queried(params: Mapping[str, Any], attribute: str) -> str:
    """Return the partition that a query names; resolve its placeholders."""
    for name, value in re.findall(r"([#\w]+)\s*=\s*(:\w+)", params["KeyConditionExpression"]):
        if params.get("ExpressionAttributeNames", {}).get(name, name) == attribute:
            return str(params["ExpressionAttributeValues"][value]["S"])
    message = f"the query names no {attribute}: {params['KeyConditionExpression']}"
    raise ValueError(message)
