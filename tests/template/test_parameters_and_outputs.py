"""Check what an operator sets and reads of the stack: its parameters, outputs and limits, and TLS of emails."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from tests.support.world import load_event
from tests.template.reading import functions
from undersigned.organizing.rules.exports import TRIES
from undersigned.signing.rules.signatures import EXPORTS_KEPT_FOR
from undersigned_cli.local.template import load_template, resolve, variables_of

REQUIRED = {"SenderIdentity", "SenderAddress", "OperatorEmail"}

DEFAULTS = {
    "ManageIdentity": "true",
    "AdminEmail": "",
    "PublicUrl": "",
    "Cdn": "false",
    "CdnCertificate": "",
    "DeliveryDay": "MON",
    "DeliveryHour": 9,
    "DeliveryTimeZone": "America/Chicago",
    "RequireTls": "true",
    "PacketRetentionDays": 90,
    "MonthlyBudget": 0,
    "UnconfirmedMailsANetwork": 200,
    "UnconfirmedMailsADomain": 200,
    "Architecture": "arm64",
}
"""What people decide. Everything else is a constant of the template, with its reason beside it."""

TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    "SSESpecification": {"SSEEnabled": True},
    "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
    "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
}

OUTPUTS = {
    "PublicUrl",
    "TableName",
    "PacketBucketName",
    "DraftBucketName",
    "DeliveryQueueUrl",
    "WaitingMailsUrl",
    "SecretArn",
    "OrganizersSecretArn",
    "SenderAddress",
    "ConfigurationSetName",
    "DeliveryDay",
    "DeliveryHour",
    "DeliveryTimeZone",
}
"""The outputs that the command line reads."""


def test_the_parameters_are_seventeen_and_three_of_them_have_no_default() -> None:
    parameters = load_template()["Parameters"]

    assert {name: entry.get("Default") for name, entry in parameters.items()} == DEFAULTS | dict.fromkeys(REQUIRED)
    assert len(parameters) == 17


def test_sam_asks_for_no_parameter_hidden() -> None:
    """It asks for one with NoEcho again and again, until something is typed."""
    assert [name for name, entry in load_template()["Parameters"].items() if "NoEcho" in entry] == []


def test_letters_are_sent_on_monday_at_nine_by_default() -> None:
    variables = functions(load_template())["RunJobs"]["Environment"]["Variables"]

    schedule = [resolve(variables[name]) for name in ("DELIVERY_DAY", "DELIVERY_HOUR", "DELIVERY_TIME_ZONE")]
    assert schedule == ["MON", 9, "America/Chicago"]


def test_each_hour_runs_all_jobs() -> None:
    hourly = functions(load_template())["RunJobs"]["Events"]["Hourly"]["Properties"]

    assert json.loads(hourly["Input"]) == load_event("run_jobs_hourly") == {"jobs": ["plan", "report", "reconcile"]}


@pytest.mark.parametrize(("name", "setting"), TABLE.items())
def test_the_table_has_this_setting(name: str, setting: object) -> None:
    assert load_template()["Resources"]["Table"]["Properties"][name] == setting


def test_a_new_account_can_deploy() -> None:
    """Its limit of ten functions at once is AWS's minimum of what stays unreserved."""
    assert "ReservedConcurrentExecutions" not in str(functions(load_template()))


def test_the_busiest_hour_of_a_million_letters_has_enough_confirmation_emails() -> None:
    budgets = variables_of(load_template(), "SendConfirmations")["MAIL_BUDGETS"]
    suspicious, an_hour, a_network, a_domain = map(int, str(resolve(budgets)).split())

    assert (suspicious, a_network, a_domain) == (10, 200, 200)
    # A third of all sign on the busiest day, a tenth of these in its busiest hour (docs/scale.md).
    # Of five people four confirm, within five minutes, and give their email back.
    people = 1_000_000 / 3 / 10
    assert 0.2 * people + 0.8 * people * 300 / 3_600 < an_hour


def test_no_setting_is_one_that_aws_never_takes_back() -> None:
    """DynamoDB lowers no warm throughput ("Increase your existing table's warm throughput", developer guide)."""
    assert "WarmThroughput" not in str(load_template())


@pytest.mark.parametrize(("required", "policy"), [("true", "REQUIRE"), ("false", "OPTIONAL")])
def test_a_parameter_lets_letters_go_to_servers_without_tls(required: str, policy: str) -> None:
    options = load_template()["Resources"]["DeliveryMailConfiguration"]["Properties"]["DeliveryOptions"]

    assert resolve(options, {"RequireTls": required}) == {"TlsPolicy": policy}


def test_there_are_eight_functions() -> None:
    assert len(functions(load_template())) == 8


def test_an_exports_row_expires_together_with_its_file() -> None:
    rules = load_template()["Resources"]["PacketBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    [days] = [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "exports/"]

    assert timedelta(days=days) == EXPORTS_KEPT_FOR


def test_an_export_fails_after_the_last_try_of_its_queue() -> None:
    queue = load_template()["Resources"]["ExportQueue"]["Properties"]

    assert queue["RedrivePolicy"]["maxReceiveCount"] == TRIES


def test_the_stack_has_the_outputs_that_the_command_line_reads() -> None:
    assert load_template()["Outputs"].keys() >= OUTPUTS


def test_every_parameter_is_in_a_group_of_the_consoles_form() -> None:
    template = load_template()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(template["Parameters"])


@pytest.mark.asvs("12.2.1")
@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (
            "SenderIdentity",
            ["example.org", "letters@example.org", "Post.the-example.co.uk", "xn--bcher-kva.xn--p1ai"],
            ["", "example", "a b.org", "@example.org", "https://www.example.org/", "*.example.org", "example..org"],
        ),
        (
            "SenderAddress",
            ["letters@example.org"],
            ["", "example.org", "letters@", "Letters <l@example.org>", "letters@example..org"],
        ),
        ("OperatorEmail", ["ada+alarms@example.org"], ["", "ada", "ada@example.org/", "ada@-example.org"]),
        ("AdminEmail", ["", "ada@example.org"], ["ada", "ada@*.example.org"]),
        ("DeliveryTimeZone", ["America/Chicago", "America/Indiana/Tell_City", "UTC"], ["", "-", "Factory", "/"]),
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
