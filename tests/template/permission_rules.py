"""Rules on permissions, most of them on what CloudFormation gets: nothing that runs here checks a policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.aws_from_template import ROOT
from tests.template.reading import FUNCTION, as_list, named_by, of_type, statements, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.aws_from_template import Template

WITHOUT_RESOURCE = {
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html:
    # its row names no resource type, so only "*" matches.
    "ses:GetAccount",
}

ADDED_BY_SAM = {
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaDynamoDBExecutionRole",
    "AWSLambdaSQSQueueExecutionRole",
}
"""SAM gives them for logs, for a stream and for a queue as event sources; a template cannot leave them out."""

ENTITIES = ROOT / "layers" / "shared" / "undersigned" / "aws"


def no_action_has_a_wildcard(template: Template) -> Iterator[str]:
    for owner, statement in statements(template):
        for action in as_list(statement["Action"]):
            if "*" in action:
                yield f"{owner} may do {action}"


def no_resource_is_a_wildcard(template: Template) -> Iterator[str]:
    for owner, statement in statements(template):
        if "*" in as_list(statement["Resource"]) and not set(as_list(statement["Action"])) <= WITHOUT_RESOURCE:
            yield f"{owner} may do {statement['Action']} to everything"


def functions_have_statements_and_no_ready_made_policies(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, FUNCTION).items():
        for policy in as_list(properties.get("Policies", [])):
            if not isinstance(policy, dict) or "Statement" not in policy:
                yield f"{name} takes the ready-made policy {policy}"
        if "Role" in properties:
            yield f"{name} takes a role that this template does not describe"


def managed_policies_are_those_that_sam_adds(template: Template) -> Iterator[str]:
    for name, properties in of_type(translated(template), "AWS::IAM::Role").items():
        for arn in properties.get("ManagedPolicyArns", []):
            if str(arn).rpartition("/")[2] not in ADDED_BY_SAM:
                yield f"{name} has {arn}"


def every_statement_on_the_table_is_narrowed(template: Template) -> Iterator[str]:
    for owner, statement in statements(template):
        actions = as_list(statement["Action"])
        if not any(action.startswith("dynamodb:") for action in actions):
            continue
        # A scan has no leading key, and ForAllValues holds of nothing.
        if "dynamodb:Scan" in actions:
            yield f"{owner} may read the whole table"
        if not all(_is_index(resource) for resource in as_list(statement["Resource"])) and not _leading_keys(statement):
            yield f"{owner} may {', '.join(actions)} any row"


def leading_keys_are_those_of_the_key_design(template: Template) -> Iterator[str]:
    source = "".join(file.read_text(encoding="utf-8") for file in ENTITIES.glob("*.py"))
    partitions = set(re.findall(r'f"([A-Z_]+#)\{', source))
    for owner, statement in statements(template):
        for key in _leading_keys(statement):
            if key.removesuffix("*") not in partitions:
                yield f"{owner} is narrowed to {key}, which no row has"


def other_services_write_to_queues_only_for_this_stack(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, "AWS::SQS::QueuePolicy").items():
        for statement in properties["PolicyDocument"]["Statement"]:
            if "aws:SourceArn" not in str(statement.get("Condition")):
                yield f"{name} lets anybody's {statement['Principal']} write"


def mails_go_out_from_the_one_sender(template: Template) -> Iterator[str]:
    for owner, statement in statements(template):
        sender = statement.get("Condition", {}).get("StringEquals", {}).get("ses:FromAddress")
        if "ses:SendEmail" in as_list(statement["Action"]) and named_by(sender) != "SenderAddress":
            yield f"{owner} may mail in any name"


def events_are_published_only_if_asked_for(template: Template) -> Iterator[str]:
    for owner, statement in statements(template):
        publishes = "events:PutEvents" in as_list(statement["Action"])
        if publishes and template["Resources"].get(owner, {}).get("Condition") != "PublishesEvents":
            yield f"{owner} may publish events in a stack that does not"
    for name in of_type(template, "AWS::Events::EventBus"):
        if template["Resources"][name].get("Condition") != "PublishesEvents":
            yield f"{name} is made in a stack that publishes nothing"


def _is_index(resource: Any) -> bool:
    return (
        isinstance(resource, dict)
        and re.fullmatch(r"\$\{Table\.Arn\}/index/[a-z]+", str(resource.get("Fn::Sub"))) is not None
    )


def _leading_keys(statement: dict[str, Any]) -> list[str]:
    keys: list[str] = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
    return keys
