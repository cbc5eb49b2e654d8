"""Rules on permissions, most of them on the transformed template, because no emulator checks a policy."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

from tests.support.product_files import ADAPTERS, product_files
from tests.support.rows import row_classes
from tests.template.reading import FUNCTION, as_list, named_by, of_type, statements, translated
from undersigned_cli.local.template import event_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned_cli.local.template import Template

WITHOUT_RESOURCE = {
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html:
    # the row of this action has no resource type, so only "*" matches.
    "ses:GetAccount",
}

ADDED_BY_SAM = {"AWSLambdaBasicExecutionRole"}
"""SAM adds it to each role, for logs. Those that it adds for a stream or a queue in `Events` let a function read every
stream of the account, and empty every queue."""

READS = {
    "SQS": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
    "DynamoDB": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"},
}
"""What Lambda does with the function's role to read an event source: the managed policies have these, too."""

STREAM = {"Fn::Sub": "${Table.Arn}/stream/*"}
"""As in "IAM policy to allow an AWS Lambda function to access DynamoDB stream records", DynamoDB developer guide."""


def no_action_has_a_wildcard(template: Template) -> Iterator[str]:
    for owner, statement in statements(template):
        for action in as_list(statement["Action"]):
            if "*" in action:
                yield f"{owner} may do {action}"


def no_resource_is_a_wildcard(template: Template) -> Iterator[str]:
    for owner, statement in statements(template):
        if "*" in as_list(statement["Resource"]) and not set(as_list(statement["Action"])) <= WITHOUT_RESOURCE:
            yield f"{owner} may do {statement['Action']} to everything"


def functions_have_statements_and_no_predefined_policies(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, FUNCTION).items():
        for policy in as_list(properties.get("Policies", [])):
            if not isinstance(policy, dict) or "Statement" not in policy:
                yield f"{name} has the predefined policy {policy}"
        if "Role" in properties:
            yield f"{name} has a role that is not in this template"


def only_sam_adds_managed_policies(template: Template) -> Iterator[str]:
    for name, properties in of_type(translated(template), "AWS::IAM::Role").items():
        for arn in properties.get("ManagedPolicyArns", []):
            if str(arn).rpartition("/")[2] not in ADDED_BY_SAM:
                yield f"{name} has {arn}"


def functions_read_their_own_queues_and_stream_and_no_others(template: Template) -> Iterator[str]:
    granted = {
        (owner, action, "Table" if resource == STREAM else named_by(resource))
        for owner, statement in statements(template)
        for action, resource in product(as_list(statement["Action"]), as_list(statement["Resource"]))
        if action in READS["SQS"] or (action in READS["DynamoDB"] and resource == STREAM)
    }
    wanted = {
        (f"{function}Role", action, named_by(source["EventSourceArn"]))
        for function, _, kind, source in event_sources(template)
        for action in READS.get(kind, ())
    }
    for owner, action, resource in sorted(wanted - granted):
        yield f"{owner} may not {action} {resource}"
    for owner, action, resource in sorted(granted - wanted):
        if action != "sqs:GetQueueAttributes":
            yield f"{owner} may {action} {resource}"


def failed_batches_of_the_stream_may_be_kept(template: Template) -> Iterator[str]:
    granted = {
        (owner, named_by(resource))
        for owner, statement in statements(template)
        for resource in as_list(statement["Resource"])
        if "sqs:SendMessage" in as_list(statement["Action"])
    }
    for function, event, kind, source in event_sources(template):
        if kind == "DynamoDB":
            queue = named_by(source["DestinationConfig"]["OnFailure"]["Destination"])
            if (f"{function}Role", queue) not in granted:
                yield f"{function}.{event} may not keep failed records in {queue}"


def every_statement_on_the_table_is_limited_to_some_keys(template: Template) -> Iterator[str]:
    for owner, statement in statements(template):
        actions = as_list(statement["Action"])
        if not any(action.startswith("dynamodb:") for action in actions) or as_list(statement["Resource"]) == [STREAM]:
            continue
        # A scan has no leading key, and ForAllValues is true for an empty set.
        if "dynamodb:Scan" in actions:
            yield f"{owner} may read the whole table"
        if not all(_is_index(resource) for resource in as_list(statement["Resource"])) and not _leading_keys(statement):
            yield f"{owner} may {', '.join(actions)} any row"


def no_statement_lists_attributes(template: Template) -> Iterator[str]:
    # No emulator checks them, so a new attribute would be refused in AWS only.
    for owner, statement in statements(template):
        if "dynamodb:Attributes" in str(statement.get("Condition")):
            yield f"{owner} lists attributes in {statement['Sid']}"


def nothing_on_the_table_is_granted_twice(template: Template) -> Iterator[str]:
    granted: set[tuple[str, str, str]] = set()
    for owner, statement in statements(template):
        for action, key in product(as_list(statement["Action"]), _leading_keys(statement)):
            if (owner, action, key) in granted:
                yield f"{owner} may {action} {key} twice"
            granted.add((owner, action, key))


def leading_keys_are_those_of_the_key_design(template: Template) -> Iterator[str]:
    source = "".join(file.read_text(encoding="utf-8") for file in product_files(*ADAPTERS))
    partitions = set(re.findall(r'f"([A-Z_]+#)\{', source))
    partitions |= {kind.pk.partition("{")[0] for kind in row_classes()}
    # What is claimed for organizers, and nothing about the people who sign.
    partitions.add("MAIL_CLAIM#organizer:")
    for owner, statement in statements(template):
        for key in _leading_keys(statement):
            if key.removesuffix("*") not in partitions:
                yield f"{owner} is limited to {key}, which no row has"
    reached = {key.removesuffix("*") for _, statement in statements(template) for key in _leading_keys(statement)}
    for kind in row_classes():
        if kind.pk.partition("{")[0] not in reached:
            yield f"no function may reach a {kind.__name__}"


def other_services_write_to_queues_and_topics_only_for_this_stack(template: Template) -> Iterator[str]:
    policies = of_type(template, "AWS::SQS::QueuePolicy") | of_type(template, "AWS::SNS::TopicPolicy")
    for name, properties in policies.items():
        for statement in properties["PolicyDocument"]["Statement"]:
            if "aws:SourceArn" not in str(statement.get("Condition")):
                yield f"{name} lets any account write through {statement['Principal']}"


def emails_are_sent_from_one_address_only(template: Template) -> Iterator[str]:
    for owner, statement in statements(template):
        sender = statement.get("Condition", {}).get("StringEquals", {}).get("ses:FromAddress")
        if "ses:SendEmail" in as_list(statement["Action"]) and named_by(sender) != "SenderAddress":
            yield f"{owner} may send email from any address"


def emails_can_be_sent_in_the_sandbox(template: Template) -> Iterator[str]:
    # There, SES checks the permission on the recipient's identity, too.
    for owner, statement in statements(template):
        identities = [name for name in as_list(statement["Resource"]) if ":identity/*" in str(name)]
        if "ses:SendEmail" in as_list(statement["Action"]) and not identities:
            yield f"{owner} may not send to the recipients' identities"


def _is_index(resource: Any) -> bool:
    return (
        isinstance(resource, dict)
        and re.fullmatch(r"\$\{Table\.Arn\}/index/[a-z]+", str(resource.get("Fn::Sub"))) is not None
    )


def _leading_keys(statement: dict[str, Any]) -> list[str]:
    keys: list[str] = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
    return keys
