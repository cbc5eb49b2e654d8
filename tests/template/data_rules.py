"""Rules on stored data, and on access from outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.template.reading import BUCKET, QUEUE, as_list, named_by, of_type, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.aws_from_template import Template

LOGGED = {"$context.requestId", "$context.routeKey", "$context.status", "$context.responseLatency"}
"""What an access log may have. A path can contain a signer's token; IP address and user agent identify people."""

NAMES = re.compile(r"(Table|Bucket|Queue|Topic|Function|LogGroup|Alarm|Role|Policy|Rule|Layer|)Name")


def queues_are_encrypted(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, QUEUE).items():
        if properties.get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted"


def events_of_signers_emails_are_kept_nowhere(template: Template) -> Iterator[str]:
    # An event of SES has the recipient's address. Only those of deliveries are needed.
    wanted = ["delivery"]
    patterns = {
        **{name: rule["EventPattern"]["detail"] for name, rule in of_type(template, "AWS::Events::Rule").items()},
        **{
            name: subscription.get("FilterPolicy", {})
            for name, subscription in of_type(template, "AWS::SNS::Subscription").items()
            if subscription["Protocol"] == "sqs"
        },
    }
    for name, pattern in patterns.items():
        if pattern.get("mail", {}).get("tags", {}).get("kind") != wanted:
            yield f"{name} keeps the events of every email"


def buckets_are_encrypted(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, BUCKET).items():
        if not properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration"):
            yield f"{name} is not encrypted"


def buckets_are_closed_to_the_public(template: Template) -> Iterator[str]:
    blocks = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    for name, properties in of_type(template, BUCKET).items():
        configured = properties.get("PublicAccessBlockConfiguration", {})
        if not all(configured.get(block) is True for block in blocks):
            yield f"{name} can be opened to the public"


def buckets_delete_old_objects(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, BUCKET).items():
        rules = properties.get("LifecycleConfiguration", {}).get("Rules", [])
        # A rule with a prefix covers only a part of the bucket.
        if not any(
            rule["Status"] == "Enabled" and "ExpirationInDays" in rule and "Prefix" not in rule for rule in rules
        ):
            yield f"{name} keeps personal letters forever"


def buckets_allow_only_tls(template: Template) -> Iterator[str]:
    closed = {
        named_by(policy["Bucket"])
        for policy in of_type(template, "AWS::S3::BucketPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] == "s3:*"
        and len(as_list(statement["Resource"])) == len(("the bucket", "its objects"))
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    }
    for name in of_type(template, BUCKET):
        if name not in closed:
            yield f"{name} can be read without TLS"


def secrets_are_generated(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, "AWS::SecretsManager::Secret").items():
        if "SecretString" in properties or properties.get("GenerateSecretString", {}).get("PasswordLength", 0) < 32:
            yield f"{name} is not generated with at least 32 characters"


def apis_are_throttled(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, "AWS::Serverless::HttpApi").items():
        route = properties.get("DefaultRouteSettings", {})
        if not route.get("ThrottlingRateLimit") or not route.get("ThrottlingBurstLimit"):
            yield f"{name} is not throttled"


def access_logs_identify_nobody(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, "AWS::Serverless::HttpApi").items():
        log = properties.get("AccessLogSettings", {}).get("Format", "")
        if not log:
            yield f"{name} has no access log"
        for variable in re.findall(r"\$context\.[A-Za-z.]+", log):
            if variable not in LOGGED:
                yield f"{name} logs {variable}"


def two_stacks_can_share_an_account(template: Template) -> Iterator[str]:
    for name, resource in translated(template)["Resources"].items():
        for key, value in resource.get("Properties", {}).items():
            if NAMES.fullmatch(key) and isinstance(value, str) and resource["Type"] not in _NAMED_WITHIN_A_RESOURCE:
                yield f"{name} has the name {value} in every stack"


def data_is_kept_when_the_stack_is_deleted(template: Template) -> Iterator[str]:
    for name, resource in template["Resources"].items():
        if resource["Type"] in {"AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", BUCKET}:
            policies: Any = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
            if policies != ("Retain", "Retain"):
                yield f"{name} is deleted with the stack"


_NAMED_WITHIN_A_RESOURCE = {
    "AWS::ApiGatewayV2::Stage",
    "AWS::IAM::Policy",
    "AWS::Lambda::Alias",
    "AWS::Lambda::LayerVersion",
}
