"""Rules on stored data, and on access from outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.template.reading import BUCKET, QUEUE, as_list, named_by, of_type, translated
from undersigned.workshop.rules.drafts import MOST_VERSIONS
from undersigned_cli.local.template import event_sources, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned_cli.local.template import Template

LOGGED = {"$context.requestId", "$context.routeKey", "$context.status", "$context.responseLatency"}
"""Fields that an access log may have. A path can contain a signer's token; IP address and user agent identify
people."""

LONGEST_LOG_LINE = 160
"""In bytes. A person makes six requests, so a million people write a gigabyte of access logs at most."""

NAMES = re.compile(r"(Table|Bucket|Queue|Topic|Function|LogGroup|Alarm|Role|Policy|Rule|Layer|)Name")


def queues_are_encrypted(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, QUEUE).items():
        if properties.get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted"


COUNTED = {
    "$.detail.eventType",
    "$.detail.bounce.bounceType",
    "$.detail.bounce.bounceSubType",
    "$.detail.complaint.complaintSubType",
    "$.detail.mail.tags.lane",
}
"""Fields of an event that the brake counts. Nothing in it says whose email it was."""


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
        if pattern.get("mail", {}).get("tags", {}).get("kind") != wanted and name not in _without_addresses(template):
            yield f"{name} keeps the events of every email"


def _without_addresses(template: Template) -> set[str]:
    """Return the rules whose targets get nothing of an event but what is counted."""
    return {
        name
        for name, rule in of_type(template, "AWS::Events::Rule").items()
        if all(
            set(target.get("InputTransformer", {}).get("InputPathsMap", {"all": "$"}).values()) <= COUNTED
            for target in rule["Targets"]
        )
    }


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


def buckets_delete_old_files_and_old_versions(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, BUCKET).items():
        rules = [
            rule
            for rule in properties.get("LifecycleConfiguration", {}).get("Rules", [])
            if rule["Status"] == "Enabled"
        ]
        if "VersioningConfiguration" in properties:
            ending = [rule["NoncurrentVersionExpiration"] for rule in rules if "NoncurrentVersionExpiration" in rule]
            # A draft names the last ten, and each may be there as it was saved, and as it was published.
            if [rule["NewerNoncurrentVersions"] for rule in ending] != [2 * MOST_VERSIONS]:
                yield f"{name} keeps versions forever, or ends some that a draft names"
            if any("ExpirationInDays" in rule for rule in rules):
                yield f"{name} deletes what is in use"
        elif not {"packets/", "exports/"} <= {rule.get("Prefix") for rule in rules if "ExpirationInDays" in rule}:
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


def emails_are_sent_over_tls(template: Template) -> Iterator[str]:
    # Without a policy, SES sends an email unencrypted if the other server has no TLS ("Amazon SES and security
    # protocols", developer guide). Emails to signers have a link that opens their letter.
    by_parameter = {"Fn::If": ["RequiresTls", "REQUIRE", "OPTIONAL"]}
    for name, properties in of_type(template, "AWS::SES::ConfigurationSet").items():
        policy = properties.get("DeliveryOptions", {}).get("TlsPolicy")
        if policy != "REQUIRE" and not (name == "DeliveryMailConfiguration" and policy == by_parameter):
            yield f"emails of {name} can be read on their way"
    if template["Parameters"]["RequireTls"]["Default"] != "true":
        yield "letters can be read on their way by default"


def secrets_are_generated(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, "AWS::SecretsManager::Secret").items():
        if "SecretString" in properties or properties.get("GenerateSecretString", {}).get("PasswordLength", 0) < 32:
            yield f"{name} is not generated with at least 32 characters"


OF_AN_ACCOUNT = 2_500
"""Requests a second that an account has in some regions; in others it has more ("Amazon API Gateway endpoints and
quotas", General Reference)."""

SIGNERS = 28
"""People who sign in a second of the busiest minute of a million letters (docs/scale.md)."""

OF_A_SIGNER = {
    "POST /campaigns/{campaign}/signatures",
    "GET /confirm/{token}",
    "POST /confirm/{token}",
    "GET /letters/{token}",
}
"""The requests that nobody else makes."""


def apis_are_throttled(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, "AWS::Serverless::HttpApi").items():
        limits = {"default": properties.get("DefaultRouteSettings", {}), **properties.get("RouteSettings", {})}
        for route, limit in limits.items():
            if not limit.get("ThrottlingRateLimit") or not limit.get("ThrottlingBurstLimit"):
                yield f"{name} is not throttled at {route}"


def signing_never_starves_behind_reads(template: Template) -> Iterator[str]:
    # A limit of a route is its own. The rest is the account's, which all routes share.
    routes = {
        f"{source['Method']} {source['Path']}" for _, _, kind, source in event_sources(template) if kind == "HttpApi"
    }
    for name, properties in of_type(template, "AWS::Serverless::HttpApi").items():
        limits = properties.get("RouteSettings", {})
        for route in sorted(routes ^ limits.keys()):
            yield f"{name} has no limit for {route} of its own, or no such route"
        for route in sorted(OF_A_SIGNER - routes):
            yield f"{route} shares its limit with other requests"
        rates = {route: limit["ThrottlingRateLimit"] for route, limit in limits.items()}
        if sum(rates.values()) > OF_AN_ACCOUNT:
            yield f"{name} lets through {sum(rates.values())} requests a second"
        for route in sorted(OF_A_SIGNER & rates.keys()):
            if rates[route] < 2 * SIGNERS:
                yield f"{route} is limited to {rates[route]}"


def access_logs_identify_nobody(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, "AWS::Serverless::HttpApi").items():
        log = properties.get("AccessLogSettings", {}).get("Format", "")
        if not log:
            yield f"{name} has no access log"
        for variable in re.findall(r"\$context\.[A-Za-z.]+", log):
            if variable not in LOGGED:
                yield f"{name} logs {variable}"
        if len(re.sub(r"\$context\.[A-Za-z.]+", "x" * 24, log)) > LONGEST_LOG_LINE:
            yield f"{name} logs more than {LONGEST_LOG_LINE} bytes for a request"


def two_stacks_can_share_an_account(template: Template) -> Iterator[str]:
    for name, resource in translated(template)["Resources"].items():
        for key, value in resource.get("Properties", {}).items():
            if NAMES.fullmatch(key) and isinstance(value, str) and resource["Type"] not in _NAMED_WITHIN_A_RESOURCE:
                yield f"{name} has the name {value} in every stack"


MOST_OF_A_NAME = {"AWS::CloudFront::CachePolicy": 128, "AWS::CloudWatch::Dashboard": 255}
"""Characters, by the type of a resource that gives itself a name (its reference)."""

OF_ALL_REGIONS = {"AWS::CloudFront::CachePolicy", "AWS::CloudWatch::Dashboard"}
"""An account has one of these by its name, not one in each region."""

LONGEST = {
    "AWS::StackName": "s" * 128,
    "AWS::Region": "ap-southeast-2",
    "AWS::StackId": f"arn:aws:cloudformation:ap-southeast-2:{0:012}:stack/{'s' * 128}/{UUID(int=0)}",
}


def a_name_fits_the_longest_stack_and_each_region(template: Template) -> Iterator[str]:
    for name, resource in translated(template)["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        for key, value in {**properties, **properties.get("CachePolicyConfig", {})}.items():
            if key not in {"Name", "DashboardName"} or "Fn::Sub" not in value or kind in _NAMED_WITHIN_A_RESOURCE:
                continue
            if len(resolve(value, LONGEST)) > MOST_OF_A_NAME[kind]:
                yield f"{name} has a name of more than {MOST_OF_A_NAME[kind]} characters in a stack with a long name"
            if kind in OF_ALL_REGIONS and not re.search("AWS::(Region|StackId)", str(value)):
                yield f"{name} has the same name in each region"


def data_is_kept_when_the_stack_is_deleted(template: Template) -> Iterator[str]:
    for name, resource in template["Resources"].items():
        # A new stack makes others, which only sign organizers out, and name visitors again.
        if name not in {"OrganizersSecret", "CdnProof"} and resource["Type"] in {
            "AWS::DynamoDB::Table",
            "AWS::SecretsManager::Secret",
            "AWS::SES::EmailIdentity",
            BUCKET,
        }:
            policies: Any = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
            if policies != ("RetainExceptOnCreate", "Retain"):
                yield f"{name} is deleted with the stack, or stays when the stack can't be created"


def what_stays_needs_nothing_that_goes(template: Template) -> Iterator[str]:
    # An identity refuses to send without the default configuration set that it names ("Managing Amazon SES default
    # configuration sets", developer guide).
    going = {name for name, resource in template["Resources"].items() if "DeletionPolicy" not in resource}
    for name in template["Resources"].keys() - going:
        for used in sorted(going):
            if re.search(rf"'{used}'|{{{used}\b", str(template["Resources"][name]["Properties"])):
                yield f"{name} needs {used}, which goes with the stack"


def a_table_begins_without_deletion_protection(template: Template) -> Iterator[str]:
    # CloudFormation could not delete it when it can't create the stack. `make deploy` turns it on, and CloudFormation
    # leaves alone what no template has named.
    for name, properties in of_type(template, "AWS::DynamoDB::Table").items():
        if "DeletionProtectionEnabled" in properties:
            yield f"{name} stays when the stack can't be created, or loses its protection with a later deployment"


_NAMED_WITHIN_A_RESOURCE = {
    "AWS::ApiGatewayV2::Stage",
    "AWS::IAM::Policy",
    "AWS::Lambda::Alias",
    "AWS::Lambda::LayerVersion",
}
