from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from tests.template.reading import functions
from tests.world import load_event
from undersigned.domain.counting.exports import KEPT_FOR, TRIES
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
    "SignersPerSecond": 50,
    "UnconfirmedMailsANetwork": 200,
    "UnconfirmedMailsADomain": 200,
    "Architecture": "arm64",
}
"""What people decide. Everything else is a constant of the template, with its reason beside it."""

SIGNERS = ["50", "500", "3333"]

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
    "DeliveryQueueUrl",
    "WaitingMailsUrl",
    "SecretArn",
    "OrganizersSecretArn",
    "SenderAddress",
    "ConfigurationSetName",
    "DeliveryDay",
    "DeliveryHour",
    "DeliveryTimeZone",
    "RunJobsFunction",
}
"""The outputs that the command line reads."""


def test_the_parameters_are_eighteen_and_three_of_them_have_no_default() -> None:
    parameters = load_template()["Parameters"]

    assert {name: entry.get("Default") for name, entry in parameters.items()} == DEFAULTS | dict.fromkeys(REQUIRED)
    assert len(parameters) == 18


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


def reserved(signers: str) -> dict[str, int]:
    known = {"SignersPerSecond": signers, "AWS::NoValue": 0}
    found = {
        name: resolve(properties.get("ReservedConcurrentExecutions", 0), known)
        for name, properties in functions(load_template()).items()
    }
    return {name: amount for name, amount in found.items() if amount}


def test_a_new_account_can_deploy() -> None:
    """Its limit of ten functions at once is AWS's minimum of what stays unreserved."""
    assert reserved("50") == {}


@pytest.mark.parametrize(("signers", "quota"), [("500", 1_000), ("3333", 2_000)])
def test_a_rush_leaves_emails_and_deliveries_their_functions(signers: str, quota: int) -> None:
    """The description of the parameter names this quota of Lambda."""
    description = load_template()["Parameters"]["SignersPerSecond"]["Description"]
    assert f"{quota:,}" in description
    assert reserved(signers).keys() == {"PublicApi", "OrganizerApi"}
    assert sum(reserved(signers).values()) + 350 <= quota


@pytest.mark.parametrize("row", ["Requests", "Capacity"])
def test_more_signers_get_more_of_everything(row: str) -> None:
    by_signers = [load_template()["Mappings"][row][signers] for signers in SIGNERS]
    names = by_signers[0].keys()
    assert all(values.keys() == names for values in by_signers)
    # With so many signers there is a CDN, which has the counts and pages of those who only look.
    of_the_cdn = {"Count", "Read", "ReadBurst"}
    for name in names - of_the_cdn:
        amounts = [int(values[name]) for values in by_signers]
        assert amounts == sorted(amounts), name


@pytest.mark.parametrize("signers", SIGNERS)
def test_an_hour_of_a_rush_has_enough_confirmation_emails(signers: str) -> None:
    budgets = variables_of(load_template(), "SendConfirmations")["MAIL_BUDGETS"]
    suspicious, an_hour, a_network, a_domain = map(int, resolve(budgets, {"SignersPerSecond": signers}).split())

    assert (suspicious, a_network, a_domain) == (10, 200, 200)
    # Of five people four confirm, within five minutes, and give their email back.
    needed = 0.2 * int(signers) * 3_600 + 0.8 * int(signers) * 300
    assert an_hour == 2_000 if signers == "50" else needed < an_hour < 1.3 * needed


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

    assert timedelta(days=days) == KEPT_FOR


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
