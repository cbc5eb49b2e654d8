"""The functions' permissions, from template.yaml: neither moto nor MiniStack says no, so this does in tests."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.aws_from_template import load_template, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.client import BaseClient

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


def enforce(client: BaseClient, function: str) -> None:
    """Let a test fail as soon as this client is asked for what the function (its logical id) may not do."""

    def check(params: dict[str, Any], model: Any, **_: Any) -> None:
        for need in needs_of(model.service_model.service_name, model.name, params):
            if not may(function, need):
                # No exception of the kind that a handler catches.
                pytest.fail(f"template.yaml does not let {function} do {need.action} on {need.resource} {need.facts}")

    client.meta.events.register("provide-client-params", check)


def may(function: str, need: Need) -> bool:
    """Say whether one of the function's statements allows this."""
    allowing = [statement for statement in _statements(function) if _allows(statement, need)]
    for statement in allowing:
        used.update(_parts(function, statement, need))
    return bool(allowing)


used: set[str] = set()
"""The parts of the functions' statements that calls have made use of in this process."""


def granted() -> set[str]:
    """Return every part of every function's statements: each action, each resource, each pattern of keys."""
    functions = [
        name
        for name, resource in load_template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    return {
        part for function in functions for statement in _statements(function) for part in _parts(function, statement)
    }


def _parts(function: str, statement: dict[str, Any], need: Need | None = None) -> Iterator[str]:
    """List a statement's parts, or those that a need is met by."""
    whose = f"{function} {statement['Sid']}"
    for action in _listed(statement["Action"]):
        if need is None or need.action == action:
            yield f"{whose}: {action}"
    for resource in _listed(statement["Resource"]):
        if need is None or fnmatchcase(need.resource, resource):
            yield f"{whose}: {resource}"
    for conditions in statement.get("Condition", {}).values():
        for fact, patterns in conditions.items():
            for pattern in _listed(patterns):
                if need is None or pattern == "SenderAddress" or fnmatchcase(need.facts[fact], pattern):
                    yield f"{whose}: {fact} {pattern}"


def needs_of(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Need]:
    """List the permissions that a call needs; raises NotImplementedError for a call that no function has made yet."""
    match service, operation:
        case "dynamodb", _:
            yield from _needs_of_dynamodb(operation, params)
        case "s3", _ if operation in ON_OBJECT:
            yield Need(ON_OBJECT[operation], f"PacketBucket.Arn/{params['Key']}")
        case "sqs", _ if operation in ON_QUEUE:
            # The tests' queues are called after their logical ids.
            yield Need(f"sqs:{operation}", f"{params['QueueUrl'].rpartition('-')[2]}.Arn")
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


def _allows(statement: dict[str, Any], need: Need) -> bool:
    return (
        need.action in _listed(statement["Action"])
        and any(fnmatchcase(need.resource, resource) for resource in _listed(statement["Resource"]))
        and all(
            any(fnmatchcase(need.facts[fact], pattern) for pattern in _listed(patterns))
            for conditions in statement.get("Condition", {}).values()
            for fact, patterns in conditions.items()
            if not (fact == "ses:FromAddress" and patterns == "SenderAddress")
        )
    )


@cache
def _statements(function: str) -> list[dict[str, Any]]:
    """Return a function's statements; resources and parameters without a default stand in them by their names."""
    template = load_template()
    known = {name: name for name, entry in template["Parameters"].items() if "Default" not in entry}
    known |= {name: name for name in template["Resources"]}
    known |= {f"{name}.Arn": f"{name}.Arn" for name in template["Resources"]}
    known |= {"AWS::Partition": "aws", "AWS::Region": "us-east-2", "AWS::AccountId": "123456789012"}
    of_its_own = template["Resources"][function]["Properties"].get("Policies", [])
    # What a condition adds to its role stands in a policy beside it.
    beside_it = [
        resource["Properties"]["PolicyDocument"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": f"{function}Role"} in resource["Properties"]["Roles"]
    ]
    return [dict(resolve(statement, known)) for policy in of_its_own + beside_it for statement in policy["Statement"]]


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
