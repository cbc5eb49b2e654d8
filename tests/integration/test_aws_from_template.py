from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.aws_from_template import (
    TemplateError,
    environment_of,
    load_template,
    make_bucket,
    make_delivery_queue,
    make_table,
    resolve,
    table_definition,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-2"
OF_THE_STACK = {
    "TABLE_NAME": "a-table",
    "SECRET_ARN": "a-secret",
    "PUBLIC_URL": "https://letters.example.org",
    "SENDER_ADDRESS": "letters@example.org",
    "CONFIGURATION_SET": "a-set",
    "PACKET_BUCKET": "a-bucket",
    "DELIVERY_QUEUE_URL": "a-queue",
}


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def test_the_table_is_as_in_the_template() -> None:
    client = boto3.client("dynamodb", region_name=REGION)

    table = client.describe_table(TableName=make_table(client))["Table"]

    properties = load_template()["Resources"]["Table"]["Properties"]
    assert table["KeySchema"] == properties["KeySchema"]
    assert table["AttributeDefinitions"] == properties["AttributeDefinitions"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == {"tray", "listing"}


def test_the_table_has_a_time_to_live_and_backups() -> None:
    client = boto3.client("dynamodb", region_name=REGION)

    name = make_table(client)

    time_to_live = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert time_to_live == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_changing_a_definition_does_not_change_the_next_one() -> None:
    table_definition()["KeySchema"].clear()

    assert table_definition()["KeySchema"]


def test_the_delivery_queue_has_its_dead_letter_queue() -> None:
    client = boto3.client("sqs", region_name=REGION)

    url = make_delivery_queue(client)

    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(":undersigned-DeliveriesFailed")
    assert redrive["maxReceiveCount"] == 10
    assert attributes["VisibilityTimeout"] == "5400"


def test_the_dead_letter_queue_keeps_messages_for_fourteen_days() -> None:
    client = boto3.client("sqs", region_name=REGION)
    make_delivery_queue(client)

    url = client.get_queue_url(QueueName="undersigned-DeliveriesFailed")["QueueUrl"]

    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["MessageRetentionPeriod"] == "1209600"


@pytest.mark.parametrize("region", [REGION, "us-east-1"])
def test_the_bucket_is_encrypted_and_not_public(region: str) -> None:
    client = boto3.client("s3", region_name=region)

    name = make_bucket(client)

    (rule,) = client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    block = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert all(block.values())


def test_a_functions_environment_has_given_values_and_defaults() -> None:
    environment = environment_of("Deliver", **OF_THE_STACK)

    assert environment == OF_THE_STACK | {
        "BUNDLE_SIZE": "99",
        "POWERTOOLS_SERVICE_NAME": "undersigned",
        "POWERTOOLS_METRICS_NAMESPACE": "Undersigned",
    }


def test_a_given_value_overrides_the_templates() -> None:
    assert environment_of("Deliver", **OF_THE_STACK, BUNDLE_SIZE="3")["BUNDLE_SIZE"] == "3"


def test_a_variable_that_the_function_lacks_is_an_error() -> None:
    with pytest.raises(TemplateError, match="gives Tally no PACKET_BUCKET"):
        environment_of("Tally", TABLE_NAME="a-table", PACKET_BUCKET="a-bucket")


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(TemplateError, match="TABLE_NAME of Tally"):
        environment_of("Tally")


def test_an_unknown_function_is_an_error() -> None:
    with pytest.raises(TemplateError, match="no function Nobody"):
        environment_of("Nobody")


def test_conditions_are_resolved() -> None:
    value = {"Fn::If": ["HasPublicUrl", {"Ref": "PublicUrl"}, {"Fn::Sub": "https://${Api}.example.org"}]}

    assert resolve(value, {"Api": "a1"}) == "https://a1.example.org"
    assert resolve(value, {"PublicUrl": "https://letters.example.org"}) == "https://letters.example.org"
