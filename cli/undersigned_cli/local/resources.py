"""The template's resources, made through an AWS client."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from undersigned_cli.local.template import STACK, is_there, load_template, properties_of, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

ACCOUNT, REGION = "123456789012", "us-east-1"
"""Where a local stack is: moto's account, in this region."""


def table_definition() -> dict[str, Any]:
    """Return the arguments of `create_table`: keys, indexes, billing and stream."""
    table = properties_of("Table")
    same = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return {
        "TableName": f"{STACK}-Table",
        **{name: table[name] for name in same},
        "StreamSpecification": {"StreamEnabled": True, **table["StreamSpecification"]},
    }


def make_table(client: DynamoDBClient) -> str:
    """Create the table, and return its name."""
    return client.create_table(**table_definition())["TableDescription"]["TableName"]


def make_queue(client: SQSClient, logical_id: str) -> str:
    """Create one of the template's queues, and first the dead-letter queue that it names; return its URL."""
    properties = properties_of(logical_id, resolved=False)
    known: dict[str, str] = {}
    if redrive := properties.get("RedrivePolicy"):
        dead_letters, _ = redrive["deadLetterTargetArn"]["Fn::GetAtt"]
        known[f"{dead_letters}.Arn"] = _queue_arn(client, make_queue(client, dead_letters))
    # SQS takes text only.
    attributes = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in resolve(properties, known).items()
    }
    return client.create_queue(QueueName=f"{STACK}-{logical_id}", Attributes=attributes)["QueueUrl"]


def make_bucket(client: S3Client, logical_id: str) -> str:
    """Create one of the template's buckets, and return its name."""
    name = f"{STACK}-{logical_id.lower()}"
    client.create_bucket(Bucket=name)
    if versioning := properties_of(logical_id).get("VersioningConfiguration"):
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
    return name


def _queue_arn(client: SQSClient, url: str) -> str:
    return client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def make_all(client: Callable[..., Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Make all that the functions use, in an empty account; `given` has the values of parameters.

    Return the values of `!Ref X` and `!GetAtt X.Y`, by `X` and `X.Y`.
    """
    known: dict[str, Any] = {**given, **_OF_EVERY_ACCOUNT}
    known["Table"] = make_table(client("dynamodb"))
    for name in ("PacketBucket", "DraftBucket"):
        known[name] = make_bucket(client("s3"), name)
    needed = {name: each for name, each in load_template()["Resources"].items() if each["Type"] in _ORDER}
    # The operator gets no emails here.
    del needed["OperatorSubscription"]
    for name, resource in sorted(needed.items(), key=lambda each: _ORDER.index(each[1]["Type"])):
        if is_there(resource, known):
            known |= _make(client, name, resource, known)
    return known


_OF_EVERY_ACCOUNT = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}

_ORDER = (
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::EmailIdentity",
    "AWS::Serverless::Function",
    "AWS::Events::Rule",
    "AWS::SNS::Subscription",
)
"""The types of resources to make, in this order: the table and the bucket first, then types that others name."""


def _make(
    client: Callable[[str], Any], name: str, resource: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Make a resource, and return the values of `!Ref` and `!GetAtt`."""
    arn = ""
    match resource["Type"]:
        case "AWS::SQS::Queue":
            ref = make_queue(client("sqs"), name)
            arn = _queue_arn(client("sqs"), ref)
        case "AWS::SNS::Topic":
            ref = client("sns").create_topic(Name=f"{STACK}-{name}")["TopicArn"]
        case "AWS::SecretsManager::Secret":
            text = secrets.token_hex(32)
            ref = client("secretsmanager").create_secret(Name=f"{STACK}-{name}-local", SecretString=text)["ARN"]
        case "AWS::Serverless::Function":
            return {f"{name}.Alias": name}
        case kind:
            ref, arn = _make_for_events(client, kind, name, resolve(resource["Properties"], known))
    return {name: ref, f"{name}.Arn": arn}


def _make_for_events(client: Callable[[str], Any], kind: str, name: str, given: Mapping[str, Any]) -> tuple[str, str]:
    """Make a resource of emails or of their events, and return the value of `!Ref` and its ARN."""
    match kind:
        case "AWS::SES::EmailIdentity":
            client("sesv2").create_email_identity(EmailIdentity=given["EmailIdentity"])
            return given["EmailIdentity"], ""
        case "AWS::SES::ConfigurationSet":
            client("sesv2").create_configuration_set(ConfigurationSetName=name, **given)
            return name, ""
        case "AWS::Events::Rule":
            arn = client("events").put_rule(Name=name, EventPattern=json.dumps(given["EventPattern"]))["RuleArn"]
            # moto hands everything over, at once.
            taken = ("Id", "Arn", "InputTransformer")
            targets = [{key: each[key] for key in taken if key in each} for each in given["Targets"]]
            client("events").put_targets(Rule=name, Targets=targets)
            return name, arn
        case _:
            attributes = {
                "RawMessageDelivery": "true",
                "FilterPolicyScope": given["FilterPolicyScope"],
                "FilterPolicy": json.dumps(given["FilterPolicy"]),
            }
            where = {key: given[key] for key in ("TopicArn", "Protocol", "Endpoint")}
            return client("sns").subscribe(**where, Attributes=attributes)["SubscriptionArn"], ""


def name_outputs(client: CloudFormationClient, known: Mapping[str, Any]) -> dict[str, str]:
    """Return the template's outputs, under which commands find the stack by its name."""
    outputs = {
        name: str(resolve(output["Value"], known))
        for name, output in load_template()["Outputs"].items()
        if is_there(output, known)
    }
    template = {
        "Resources": {"Outputs": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    client.create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    return outputs


def topics_of(configuration_set: str, known: Mapping[str, Any]) -> list[str]:
    """Return the topics to which SES sends the events of a configuration set."""
    destinations = [
        resolve(resource["Properties"], known)
        for resource in load_template()["Resources"].values()
        if resource["Type"] == "AWS::SES::ConfigurationSetEventDestination"
    ]
    return [
        destination["EventDestination"]["SnsDestination"]["TopicARN"]
        for destination in destinations
        if destination["ConfigurationSetName"] == configuration_set
        and "SnsDestination" in destination["EventDestination"]
    ]
