"""Test that the local stack refuses a call that a function's policy in template.yaml doesn't allow."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from undersigned_cli.local.needs import Need, needs_of
from undersigned_cli.local.permissions import enforce, may
from undersigned_cli.local.resources import make_bucket, make_table
from undersigned_cli.local.template import load_template

LETTER = {"pk": {"S": "SIGNATURE#a#1"}, "sk": {"S": "1"}}
FORM = {"pk": {"S": "FORM#a#b"}, "sk": {"S": "1"}}
TARGET = {"pk": {"S": "CAMPAIGN#a"}, "sk": {"S": "TARGET#b"}}
CONTROLS = {"pk": {"S": "CAMPAIGN#a"}, "sk": {"S": "CONTROLS"}}
OFFICE = {"pk": {"S": "OFFICE#a"}, "sk": {"S": "b"}}
DELIVERY = {"pk": {"S": "DELIVERY#a#b"}, "sk": {"S": "PERIOD#2026-11-30"}}
EXPORT = {"pk": {"S": "EXPORT#a"}, "sk": {"S": "1"}}
CLAIM = {"pk": {"S": "MAIL_CLAIM#organizer:a"}, "sk": {"S": "2026-11-30"}}
COUNTER = {"pk": {"S": "COUNT#a"}, "sk": {"S": "TOTAL"}}
SECRET = {"SecretId": "arn:aws:secretsmanager:us-east-2:123456789012:secret:undersigned-Secret-1-abcdef"}
ORGANIZERS_SECRET = {"SecretId": "undersigned-OrganizersSecret-1"}
EMAIL = {
    "FromEmailAddress": "letters@example.org",
    "Destination": {"ToAddresses": ["chief@example.com"]},
    "ConfigurationSetName": "undersigned-MailConfiguration-1",
}


def query(partition: str, attribute: str = "pk", **more: Any) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "#n0 = :v0",
        "ExpressionAttributeNames": {"#n0": attribute},
        "ExpressionAttributeValues": {":v0": {"S": partition}},
        **more,
    }


def in_packets(key: str = "", **more: Any) -> dict[str, Any]:
    return {"Bucket": "undersigned-packetbucket-1a2b3c", "Key": key, **more}


def in_drafts(**more: Any) -> dict[str, Any]:
    return {"Bucket": "undersigned-draftbucket-1a2b3c", "Key": "a.json", **more}


@pytest.mark.asvs("13.2.2", "13.2.4", "13.3.2")
@pytest.mark.parametrize(
    ("function", "service", "operation", "params", "allowed"),
    [
        ("PublicApi", "dynamodb", "UpdateItem", {"Key": LETTER}, True),
        ("PublicApi", "dynamodb", "UpdateItem", {"Key": COUNTER}, False),
        ("PublicApi", "dynamodb", "PutItem", {"Item": COUNTER}, False),
        ("PublicApi", "dynamodb", "PutItem", {"Item": FORM}, True),
        ("PublicApi", "dynamodb", "PutItem", {"Item": LETTER}, False),
        ("PublicApi", "dynamodb", "DeleteItem", {"Key": FORM}, True),
        ("PublicApi", "dynamodb", "DeleteItem", {"Key": LETTER}, False),
        ("SendConfirmations", "dynamodb", "UpdateItem", {"Key": FORM}, True),
        ("SendConfirmations", "dynamodb", "UpdateItem", {"Key": LETTER}, True),
        ("Tally", "dynamodb", "BatchGetItem", {"RequestItems": {"t": {"Keys": [FORM]}}}, False),
        ("PublicApi", "dynamodb", "DeleteItem", {"Key": {"pk": {"S": "CAMPAIGN#a"}, "sk": {"S": "META"}}}, False),
        ("PublicApi", "dynamodb", "UpdateItem", {"Key": TARGET}, False),
        ("PublicApi", "dynamodb", "UpdateItem", {"Key": CONTROLS}, False),
        ("PublicApi", "dynamodb", "UpdateItem", {"Key": OFFICE}, True),
        ("PublicApi", "dynamodb", "DeleteItem", {"Key": OFFICE}, False),
        ("SendConfirmations", "dynamodb", "UpdateItem", {"Key": TARGET}, False),
        ("SendConfirmations", "dynamodb", "UpdateItem", {"Key": OFFICE}, True),
        ("Deliver", "dynamodb", "TransactWriteItems", {"TransactItems": [{"ConditionCheck": {"Key": OFFICE}}]}, True),
        ("Deliver", "dynamodb", "UpdateItem", {"Key": OFFICE}, False),
        ("PublicApi", "dynamodb", "UpdateItem", {"Key": DELIVERY}, False),
        ("PublicApi", "dynamodb", "PutItem", {"Item": DELIVERY}, False),
        ("PublicApi", "dynamodb", "DeleteItem", {"Key": DELIVERY}, False),
        ("PublicApi", "sesv2", "SendEmail", EMAIL, False),
        ("Tally", "dynamodb", "BatchGetItem", {"RequestItems": {"t": {"Keys": [LETTER]}}}, True),
        ("Tally", "dynamodb", "TransactWriteItems", {"TransactItems": [{"Update": {"Key": COUNTER}}]}, True),
        ("Tally", "dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"Item": COUNTER}}]}, False),
        ("Tally", "dynamodb", "TransactWriteItems", {"TransactItems": [{"ConditionCheck": {"Key": COUNTER}}]}, False),
        ("OrganizerApi", "dynamodb", "UpdateItem", {"Key": LETTER}, True),
        ("OrganizerApi", "dynamodb", "UpdateItem", {"Key": EXPORT}, False),
        ("OrganizerApi", "dynamodb", "PutItem", {"Item": COUNTER}, False),
        ("OrganizerApi", "dynamodb", "PutItem", {"Item": LETTER}, False),
        ("OrganizerApi", "dynamodb", "PutItem", {"Item": DELIVERY}, False),
        ("RunJobs", "dynamodb", "Query", query("DUE#a#0", "due", IndexName="tray"), True),
        ("RunJobs", "dynamodb", "Query", query("SIGNATURE#a#1"), False),
        ("RunJobs", "sqs", "SendMessage", {"QueueUrl": "https://sqs/undersigned-DeliveryQueue"}, True),
        ("RunJobs", "sqs", "SendMessage", {"QueueUrl": "https://sqs/undersigned-ExportQueue"}, False),
        ("RunJobs", "sqs", "SendMessage", {"QueueUrl": "https://sqs/undersigned-DeliveryQueue-1A2B3C"}, True),
        ("RunJobs", "sqs", "SendMessage", {"QueueUrl": "https://sqs/undersigned-ExportQueue-1A2B3C"}, False),
        ("Deliver", "dynamodb", "Query", query("CAMPAIGNS", "listed", IndexName="listing"), False),
        ("Deliver", "dynamodb", "Query", query("MAIL_CLAIM#organizer:a"), True),
        ("Deliver", "dynamodb", "UpdateItem", {"Key": CLAIM}, True),
        ("Deliver", "dynamodb", "GetItem", {"Key": CLAIM}, False),
        ("Deliver", "dynamodb", "PutItem", {"Item": CLAIM}, False),
        ("Deliver", "dynamodb", "UpdateItem", {"Key": CLAIM | {"pk": {"S": "MAIL_CLAIM#0a1b"}}}, False),
        ("Deliver", "sqs", "SendMessage", {"QueueUrl": "https://sqs/undersigned-DeliveryQueue"}, True),
        ("Deliver", "sqs", "SendMessage", {"QueueUrl": "https://sqs/undersigned-WaitingMails"}, False),
        ("Deliver", "s3", "PutObject", in_packets("packets/a.pdf"), True),
        ("Deliver", "s3", "GetObject", in_drafts(), True),
        ("Deliver", "s3", "PutObject", in_drafts(), False),
        ("Deliver", "s3", "DeleteObject", in_drafts(VersionId="1"), False),
        ("OrganizerApi", "s3", "PutObject", in_drafts(), True),
        ("OrganizerApi", "s3", "GetObject", in_drafts(VersionId="1"), True),
        ("OrganizerApi", "s3", "DeleteObject", in_drafts(VersionId="1"), True),
        ("OrganizerApi", "s3", "DeleteObject", in_drafts(), False),
        ("OrganizerApi", "s3", "PutObject", in_packets("packets/a.pdf"), False),
        ("OrganizerApi", "s3", "ListObjectVersions", in_drafts(Prefix="a.json"), True),
        ("OrganizerApi", "s3", "ListObjectsV2", in_drafts(), True),
        ("OrganizerApi", "s3", "ListObjectsV2", in_packets(Prefix=""), False),
        ("OrganizerApi", "s3", "ListObjectsV2", in_packets(Prefix="exports/"), False),
        ("PublicApi", "s3", "GetObject", in_drafts(), False),
        ("RunJobs", "s3", "DeleteObject", in_drafts(VersionId="1"), True),
        ("RunJobs", "s3", "PutObject", in_drafts(), False),
        ("ExportSignatures", "s3", "PutObject", in_drafts(), False),
        ("Deliver", "s3", "GetObject", in_packets("exports/a.csv"), False),
        ("PublicApi", "s3", "GetObject", in_packets("exports/a.csv"), False),
        ("ExportSignatures", "s3", "CreateMultipartUpload", in_packets("exports/a.csv"), True),
        ("ExportSignatures", "s3", "AbortMultipartUpload", in_packets("exports/a.csv"), True),
        ("ExportSignatures", "s3", "PutObject", in_packets("packets/a.pdf"), False),
        ("SendConfirmations", "sesv2", "SendEmail", EMAIL, True),
        (
            "Deliver",
            "sesv2",
            "SendEmail",
            EMAIL | {"ConfigurationSetName": "undersigned-DeliveryMailConfiguration-1"},
            True,
        ),
        ("Deliver", "sesv2", "SendEmail", EMAIL, False),
        ("Deliver", "sesv2", "GetAccount", {}, True),
        ("Deliver", "secretsmanager", "GetSecretValue", SECRET, True),
        ("OrganizerApi", "secretsmanager", "GetSecretValue", ORGANIZERS_SECRET, True),
        ("SendConfirmations", "secretsmanager", "GetSecretValue", ORGANIZERS_SECRET, True),
        ("PublicApi", "secretsmanager", "GetSecretValue", ORGANIZERS_SECRET, False),
        ("Deliver", "secretsmanager", "GetSecretValue", ORGANIZERS_SECRET, False),
        ("RunJobs", "secretsmanager", "GetSecretValue", SECRET, False),
    ],
)
def test_a_function_may_do_only_what_its_statements_allow(
    *, function: str, service: str, operation: str, params: dict[str, Any], allowed: bool
) -> None:
    assert all(may(function, need) for need in needs_of(service, operation, params)) is allowed


@pytest.mark.asvs("13.3.2")
def test_only_what_signs_organizers_in_or_mails_them_a_code_reads_their_secret() -> None:
    [need] = needs_of("secretsmanager", "GetSecretValue", ORGANIZERS_SECRET)
    resources = load_template()["Resources"].items()
    functions = {name for name, resource in resources if resource["Type"] == "AWS::Serverless::Function"}
    assert {name for name in functions if may(name, need)} == {"OrganizerApi", "SendConfirmations"}


def test_every_item_of_a_transaction_needs_a_permission() -> None:
    items = [{"Put": {"Item": COUNTER}}, {"Update": {"Key": LETTER}}]

    assert list(needs_of("dynamodb", "TransactWriteItems", {"TransactItems": items})) == [
        Need("dynamodb:PutItem", "Table.Arn", {"dynamodb:LeadingKeys": "COUNT#a"}),
        Need("dynamodb:UpdateItem", "Table.Arn", {"dynamodb:LeadingKeys": "SIGNATURE#a#1"}),
    ]


def test_an_email_needs_permission_on_the_recipients_identity_for_the_sandbox() -> None:
    identities = [need.resource for need in needs_of("sesv2", "SendEmail", EMAIL) if ":identity/" in need.resource]

    assert [identity.rpartition("/")[2] for identity in identities] == ["SenderIdentity", "chief@example.com"]


def test_an_unknown_operation_is_an_error() -> None:
    with pytest.raises(NotImplementedError, match="dynamodb Scan"):
        list(needs_of("dynamodb", "Scan", {}))


def test_a_query_without_a_partition_is_an_error() -> None:
    with pytest.raises(ValueError, match="names no pk"):
        list(needs_of("dynamodb", "Query", query("a", "sk")))


@mock_aws
def test_a_client_fails_the_test_for_a_call_without_permission() -> None:
    client = boto3.client("dynamodb", region_name="us-east-1")
    table = make_table(client)
    enforce(client, "RecordFeedback", pytest.fail)

    client.get_item(TableName=table, Key={"pk": {"S": "DELIVERY#a#b"}, "sk": {"S": "PERIOD#1"}})
    with pytest.raises(pytest.fail.Exception, match="does not let RecordFeedback do dynamodb:GetItem"):
        client.get_item(TableName=table, Key={"pk": {"S": "KEY#a"}, "sk": {"S": "1"}})


@mock_aws
def test_a_link_to_an_object_needs_the_permission_to_read_it() -> None:
    client = boto3.client("s3", region_name="us-east-1")
    params = {"Bucket": make_bucket(client, "PacketBucket"), "Key": "a"}
    enforce(client, "Tally", pytest.fail)

    with pytest.raises(pytest.fail.Exception, match="s3:GetObject"):
        client.generate_presigned_url("get_object", Params=params)
