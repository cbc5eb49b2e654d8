"""Create AWS resources for tests from template.yaml, so that no test defines a table, queue or bucket itself."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

ROOT = Path(__file__).parents[1]
STACK = "undersigned"

type Template = dict[str, Any]


class TemplateError(Exception):
    """template.yaml lacks what a test needs."""


def load_template() -> Template:
    """Return a copy of template.yaml as data, with `!Ref X` as `{"Ref": "X"}`. The caller may change it."""
    return deepcopy(_parsed())


def table_definition() -> dict[str, Any]:
    """Return the arguments of `create_table`: keys, indexes, billing, encryption and stream."""
    table = _properties("Table")
    return {
        "TableName": f"{STACK}-Table",
        "AttributeDefinitions": table["AttributeDefinitions"],
        "KeySchema": table["KeySchema"],
        "GlobalSecondaryIndexes": table["GlobalSecondaryIndexes"],
        "BillingMode": table["BillingMode"],
        "SSESpecification": {"Enabled": table["SSESpecification"]["SSEEnabled"]},
        "StreamSpecification": {"StreamEnabled": True, **table["StreamSpecification"]},
    }


def make_table(client: DynamoDBClient) -> str:
    """Create the table with its time to live and its backups; return its name."""
    table = _properties("Table")
    name = client.create_table(**table_definition())["TableDescription"]["TableName"]
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=table["TimeToLiveSpecification"])
    client.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification=table["PointInTimeRecoverySpecification"]
    )
    return name


def make_delivery_queue(client: SQSClient) -> str:
    """Create the delivery queue and its dead-letter queue; return the delivery queue's URL."""
    return make_queue(client, "DeliveryQueue")


def make_queue(client: SQSClient, logical_id: str) -> str:
    """Create one of the template's queues, and first the dead-letter queue that it names; return its URL."""
    properties = _properties(logical_id, resolved=False)
    known: dict[str, str] = {}
    if redrive := properties.get("RedrivePolicy"):
        dead_letters, _ = redrive["deadLetterTargetArn"]["Fn::GetAtt"]
        known[f"{dead_letters}.Arn"] = _queue_arn(client, make_queue(client, dead_letters))
    attributes = {name: _attribute(value) for name, value in resolve(properties, known).items()}
    return client.create_queue(QueueName=f"{STACK}-{logical_id}", Attributes=attributes)["QueueUrl"]


def make_bucket(client: S3Client) -> str:
    """Create the packet bucket, encrypted and closed to the public; return its name."""
    bucket = _properties("PacketBucket")
    name = f"{STACK}-packetbucket"
    region = client.meta.region_name
    if region == "us-east-1":  # the only region that S3 refuses as a LocationConstraint
        client.create_bucket(Bucket=name)
    else:
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    client.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
                for rule in bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            ]
        },
    )
    client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=bucket["PublicAccessBlockConfiguration"])
    return name


def environment_of(function: str, **values: str) -> dict[str, str]:
    """Return the environment variables of a function (its logical id), resolved as the function sees them.

    `values` has what only a deployed stack knows, such as TABLE_NAME. Everything else comes from the template and the
    defaults of its parameters. Raises TemplateError for a name that the template doesn't give to the function, and for
    a variable without a value.
    """
    variables = variables_of(_parsed(), function)
    if unknown := sorted(values.keys() - variables.keys()):
        message = f"template.yaml gives {function} no {', '.join(unknown)}; it gives {', '.join(sorted(variables))}"
        raise TemplateError(message)
    environment, missing = {}, []
    for name, value in variables.items():
        try:
            environment[name] = values[name] if name in values else str(resolve(value))
        except TemplateError:
            missing.append(name)
    if missing:
        message = f"{', '.join(missing)} of {function} has a value in a deployed stack only; pass one to environment_of"
        raise TemplateError(message)
    return environment


def configuration_set_of(function: str) -> str | None:
    """Return the logical id of the configuration set that a function sends with, if it sends emails."""
    value: dict[str, str] = variables_of(_parsed(), function).get("CONFIGURATION_SET", {})
    return value.get("Ref")


def input_transformer(rule: str) -> Mapping[str, Any]:
    """Return how a rule (its logical id) changes the events that it passes on to its only target."""
    [target] = _properties(rule, resolved=False)["Targets"]
    transformer: Mapping[str, Any] = target["InputTransformer"]
    return transformer


def event_pattern(rule: str) -> Mapping[str, Any]:
    """Return the events that a rule (its logical id) passes on; resources have their logical ids as names."""
    names = {name: name for name in _parsed()["Resources"]}
    pattern: Mapping[str, Any] = resolve(_properties(rule, resolved=False)["EventPattern"], names)
    return pattern


def suppressed_reasons(configuration_set: str) -> tuple[str, ...]:
    """Return the reasons for which SES drops emails of a configuration set to addresses on its suppression list."""
    return tuple(_properties(configuration_set)["SuppressionOptions"]["SuppressedReasons"])


def names_of_variables(function: str) -> frozenset[str]:
    """Return the names of the environment variables that the template gives to a function (its logical id)."""
    return frozenset(variables_of(_parsed(), function))


def variables_of(template: Template, function: str) -> dict[str, Any]:
    """Return a function's environment variables, including those of Globals, with the values as in the template."""
    try:
        properties = template["Resources"][function]["Properties"]
    except KeyError:
        message = f"template.yaml has no function {function}"
        raise TemplateError(message) from None
    shared: dict[str, Any] = template["Globals"]["Function"]["Environment"]["Variables"]
    own: dict[str, Any] = properties.get("Environment", {}).get("Variables", {})
    return shared | own


def resolve(value: Any, known: Mapping[str, Any] | None = None) -> Any:
    """Return a value of the template with its intrinsic functions resolved.

    Parameters have their defaults. `known` has the values of resources (`Table`) and of their attributes (`Table.Arn`).
    """
    defaults = {name: entry["Default"] for name, entry in _parsed()["Parameters"].items() if "Default" in entry}
    return _resolve(value, {"AWS::StackName": STACK, **defaults, **(known or {})})


def _resolve(value: Any, known: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911, PLR0912 - one line per intrinsic function
    match value:
        case {"Ref": name}:
            return _look_up(name, known)
        case {"Fn::GetAtt": [resource, attribute]}:
            return _look_up(f"{resource}.{attribute}", known)
        case {"Fn::Sub": [str(text), dict(own)]}:
            return _resolve({"Fn::Sub": text}, {**known, **_resolve(own, known)})
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda name: str(_look_up(name[1], known)), text)
        case {"Fn::If": [condition, yes, no]}:
            return _resolve(yes if _resolve(_parsed()["Conditions"][condition], known) else no, known)
        case {"Fn::Equals": [left, right]}:
            return _resolve(left, known) == _resolve(right, known)
        case {"Fn::Not": [condition]}:
            return not _resolve(condition, known)
        case {"Fn::And": conditions}:
            return all(_resolve(condition, known) for condition in conditions)
        case {"Fn::FindInMap": [name, key, of]}:
            return _parsed()["Mappings"][name][str(_resolve(key, known))][of]
        case {"Fn::Select": [index, items]}:
            return _resolve(items, known)[int(index)]
        case {"Fn::Split": [separator, text]}:
            return _resolve(text, known).split(separator)
        case dict():
            resolved = {key: _resolve(item, known) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not _NO_VALUE}
        case list():
            return [found for item in value if (found := _resolve(item, known)) is not _NO_VALUE]
        case _:
            return value


_NO_VALUE = object()
"""What CloudFormation leaves out, with the name of the property."""


def _look_up(name: str, known: Mapping[str, Any]) -> Any:
    if name == "AWS::NoValue" and name not in known:
        return _NO_VALUE
    if name not in known:
        message = f"{name} has no value before the stack is deployed"
        raise TemplateError(message)
    return known[name]


@cache
def _parsed() -> Template:
    parsed: Template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    return parsed


def _properties(logical_id: str, *, resolved: bool = True) -> dict[str, Any]:
    properties: dict[str, Any] = _parsed()["Resources"][logical_id]["Properties"]
    return properties if not resolved else dict(resolve(properties))


def _queue_arn(client: SQSClient, url: str) -> str:
    return client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _attribute(value: Any) -> str:
    """Return an attribute as text, the only type that SQS takes."""
    return value if isinstance(value, str) else json.dumps(value)
