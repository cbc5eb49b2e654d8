from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.aws_from_template import load_template, resolve
from tests.template.reading import functions
from undersigned.domain.exports import KEPT_FOR, TRIES

EXPECTED_DEFAULTS = {
    "DeliveryDay": "MON",
    "DeliveryHour": 9,
    "DeliveryTimeZone": "America/Chicago",
    "BundleSize": 99,
    "PublishEvents": "false",
    "Architecture": "arm64",
    "RequireTls": "true",
    "MonthlyBudget": 0,
    "Dashboard": "true",
    "PublicApiConcurrency": 0,
    "OrganizerApiConcurrency": 0,
}

TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    "SSESpecification": {"SSEEnabled": True},
    "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
    "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
}

OUTPUTS = {
    "ApiUrl",
    "PublicUrl",
    "TableName",
    "PacketBucketName",
    "DeliveryQueueUrl",
    "WaitingMailsUrl",
    "SecretArn",
    "SenderAddress",
    "ConfigurationSetName",
    "DeliveryDay",
    "DeliveryHour",
    "DeliveryTimeZone",
    "PlanDeliveriesFunction",
}
"""The outputs that the command line reads."""


@pytest.mark.parametrize(("parameter", "default"), EXPECTED_DEFAULTS.items())
def test_a_parameter_has_this_default(parameter: str, default: str | int) -> None:
    assert load_template()["Parameters"][parameter]["Default"] == default


def test_letters_are_sent_on_monday_at_nine_by_default() -> None:
    weekly = functions(load_template())["PlanDeliveries"]["Events"]["Weekly"]["Properties"]

    assert resolve(weekly["ScheduleExpression"]) == "cron(0 9 ? * MON *)"
    assert resolve(weekly["ScheduleExpressionTimezone"]) == "America/Chicago"


def test_the_report_is_sent_a_day_later_at_the_same_hour() -> None:
    weekly = functions(load_template())["ReportDeliveries"]["Events"]["Weekly"]["Properties"]

    assert resolve(weekly["ScheduleExpression"]) == "cron(0 9 ? * TUE *)"
    assert resolve(weekly["ScheduleExpression"], {"DeliveryDay": "SUN"}) == "cron(0 9 ? * MON *)"
    assert resolve(weekly["ScheduleExpressionTimezone"]) == "America/Chicago"


def test_every_day_of_the_week_has_a_next_one() -> None:
    template = load_template()
    days = template["Parameters"]["DeliveryDay"]["AllowedValues"]

    assert [template["Mappings"]["NextDay"][day]["Day"] for day in days] == [*days[1:], days[0]]


@pytest.mark.parametrize(("name", "setting"), TABLE.items())
def test_the_table_has_this_setting(name: str, setting: object) -> None:
    assert load_template()["Resources"]["Table"]["Properties"][name] == setting


@pytest.mark.parametrize("function", ["PublicApi", "OrganizerApi"])
def test_concurrency_is_reserved_only_by_parameter(function: str) -> None:
    reserved = functions(load_template())[function]["ReservedConcurrentExecutions"]

    assert resolve(reserved, {"AWS::NoValue": "none"}) == "none"
    assert resolve(reserved, {f"{function}Concurrency": "100"}) == "100"


@pytest.mark.parametrize(("required", "policy"), [("true", "REQUIRE"), ("false", "OPTIONAL")])
def test_a_parameter_lets_letters_go_to_servers_without_tls(required: str, policy: str) -> None:
    options = load_template()["Resources"]["DeliveryMailConfiguration"]["Properties"]["DeliveryOptions"]

    assert resolve(options, {"RequireTls": required}) == {"TlsPolicy": policy}


def test_there_are_ten_functions() -> None:
    assert len(functions(load_template())) == 10


def test_an_exports_row_expires_together_with_its_file() -> None:
    rules = load_template()["Resources"]["PacketBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    [days] = [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "exports/"]

    assert timedelta(days=days) == KEPT_FOR


def test_an_export_fails_after_the_last_try_of_its_queue() -> None:
    queue = load_template()["Resources"]["ExportQueue"]["Properties"]

    assert queue["RedrivePolicy"]["maxReceiveCount"] == TRIES


@pytest.mark.parametrize("writes", [0, 40_000])
def test_the_table_and_its_indexes_are_warm_only_by_parameter(writes: int) -> None:
    known: Any = {"WarmWrites": writes}
    table = resolve(load_template()["Resources"]["Table"]["Properties"], known)
    found = [table.get("WarmThroughput"), *(index.get("WarmThroughput") for index in table["GlobalSecondaryIndexes"])]
    wanted = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": writes} if writes else None
    assert found == [wanted] * 3


def test_the_stack_has_the_outputs_that_the_command_line_reads() -> None:
    assert load_template()["Outputs"].keys() >= OUTPUTS


def test_every_parameter_is_in_a_group_of_the_consoles_form() -> None:
    template = load_template()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(template["Parameters"])


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("SenderIdentity", ["example.org", "letters@example.org"], ["", "example", "a b.org", "@example.org"]),
        ("SenderAddress", ["letters@example.org"], ["", "example.org", "letters@", "Letters <l@example.org>"]),
        # The local stack has no certificate, and its address leads nowhere else.
        (
            "PublicUrl",
            ["", "https://letters.example.org", "http://127.0.0.1:8000"],
            [
                "letters.example.org",
                "https://example.org/letters",
                "http://letters.example.org",
                "http://127.0.0.1:8000@letters.example.org",
                "http://127.0.0.1.letters.example.org",
                "https://letters@example.org",
            ],
        ),
    ],
)
def test_a_parameter_accepts_only_good_values(parameter: str, good: list[str], bad: list[str]) -> None:
    pattern = re.compile(load_template()["Parameters"][parameter]["AllowedPattern"])

    assert [value for value in good + bad if pattern.fullmatch(value)] == good
