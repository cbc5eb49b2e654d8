"""Test `undersigned doctor`: it names each planted fault, and says what to do about it."""

from __future__ import annotations

from copy import deepcopy
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from undersigned_cli.doctor import Doctor, Finding, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def refusal(*, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Operation")


class Account:
    """An AWS account with a healthy stack. Tests plant faults by changing it. It is all of boto3's clients in one."""

    def __init__(self) -> None:
        self.identities: dict[str, dict[str, Any]] = {
            "letters.example": {
                "VerifiedForSendingStatus": True,
                "DkimAttributes": {"Status": "SUCCESS"},
                "MailFromAttributes": {
                    "MailFromDomain": "bounce.letters.example",
                    "MailFromDomainStatus": "SUCCESS",
                },
            }
        }
        self.account: dict[str, Any] = {
            "ProductionAccessEnabled": True,
            "SendingEnabled": True,
            "EnforcementStatus": "HEALTHY",
            "SendQuota": {"Max24HourSend": 50_000.0, "SentLast24Hours": 100.0, "MaxSendRate": 14.0},
        }
        self.concurrency = 1000
        self.subscriptions = {"alarms-arn": [("email", "arn:1")], "feedback-arn": [("sqs", "arn:2")]}
        self.schedules = {"hourly": "ENABLED", "postponed": "ENABLED"}
        self.dmarc = ["v=DMARC1; p=quarantine", "something else"]
        self.protected = True
        self.denied: set[str] = set()
        self.resources = {
            "AWS::DynamoDB::Table": {"Table": "table-1"},
            "AWS::SNS::Topic": {"Alarms": "alarms-arn", "FeedbackTopic": "feedback-arn"},
            "AWS::Scheduler::Schedule": {"RunJobsHourly": "hourly", "SendConfirmationsPostponed": "postponed"},
        }

    meta = SimpleNamespace(region_name="eu-west-1")

    def client(self, _service: str) -> Account:
        return self

    def txt(self, name: str) -> Sequence[str]:
        assert name == "_dmarc.letters.example"
        return self.dmarc

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=getattr(self, f"all_{operation}"))

    def all_list_stack_resources(self, *, StackName: str) -> Any:  # noqa: N803
        assert StackName == "undersigned"
        yield {
            "StackResourceSummaries": [
                {"ResourceType": kind, "LogicalResourceId": name, "PhysicalResourceId": physical}
                for kind, found in self.resources.items()
                for name, physical in found.items()
            ]
        }

    def describe_table(self, *, TableName: str) -> Any:  # noqa: N803
        assert TableName == "table-1"
        return {"Table": {"DeletionProtectionEnabled": True} if self.protected else {}}

    def get_email_identity(self, *, EmailIdentity: str) -> Any:  # noqa: N803
        if EmailIdentity not in self.identities:
            raise refusal(code="NotFoundException")
        return self.identities[EmailIdentity]

    def get_account(self) -> Any:
        return self.account

    def get_account_settings(self) -> Any:
        if "lambda" in self.denied:
            raise refusal(code="AccessDeniedException")
        return {"AccountLimit": {"ConcurrentExecutions": self.concurrency}}

    def list_subscriptions_by_topic(self, *, TopicArn: str) -> Any:  # noqa: N803
        found = self.subscriptions[TopicArn]
        return {"Subscriptions": [{"Protocol": protocol, "SubscriptionArn": arn} for protocol, arn in found]}

    def get_schedule(self, *, Name: str) -> Any:  # noqa: N803
        if Name not in self.schedules:
            raise refusal(code="ResourceNotFoundException")
        return {"State": self.schedules[Name]}


@pytest.fixture
def account() -> Account:
    return Account()


def findings(account: Account, state: State) -> list[Finding]:
    checked = Doctor(stack="undersigned", sender="us@letters.example", client=account.client, txt=account.txt)
    return [finding for finding in checked.findings() if finding.state == state]


def test_a_healthy_stack_has_no_problem(account: Account) -> None:
    assert findings(account, "problem") == []
    assert findings(account, "unknown") == []
    assert len(findings(account, "ok")) == 12


FAULTS: dict[str, tuple[Callable[[Account], Any], str, str]] = {
    "SES has no identity": (lambda it: it.identities.clear(), "identity", 'ManageIdentity = "true"'),
    "the identity is not verified": (
        lambda it: it.identities["letters.example"].update(VerifiedForSendingStatus=False),
        "identity",
        "DNS records",
    ),
    "DKIM's records are missing": (
        lambda it: it.identities["letters.example"].update(
            DkimAttributes={"Status": "PENDING", "Tokens": ["a1", "b2", "c3"]}
        ),
        "DKIM",
        "\nb2._domainkey.letters.example CNAME b2.dkim.amazonses.com\n",
    ),
    "the MAIL FROM domain's SPF record is missing": (
        lambda it: it.identities["letters.example"]["MailFromAttributes"].update(MailFromDomainStatus="FAILED"),
        "MAIL FROM",
        '\nbounce.letters.example TXT "v=spf1 include:amazonses.com ~all"',
    ),
    "the MAIL FROM domain's MX record is missing": (
        lambda it: it.identities["letters.example"]["MailFromAttributes"].update(MailFromDomainStatus="PENDING"),
        "MAIL FROM",
        "\nbounce.letters.example MX 10 feedback-smtp.eu-west-1.amazonses.com\n",
    ),
    "the identity has no MAIL FROM domain": (
        lambda it: it.identities["letters.example"].pop("MailFromAttributes"),
        "MAIL FROM",
        "set bounce.letters.example as its custom MAIL FROM domain in the SES console",
    ),
    "there is no DMARC record": (lambda it: it.dmarc.clear(), "DMARC", "add a TXT record at _dmarc.letters.example"),
    "there are two DMARC records": (lambda it: it.dmarc.append("v=DMARC1; p=none"), "DMARC", "keep one"),
    "the account is in the sandbox": (
        lambda it: it.account.update(ProductionAccessEnabled=False),
        "sandbox",
        "ask for production access",
    ),
    "SES has paused the account": (
        lambda it: it.account.update(SendingEnabled=False, EnforcementStatus="SHUTDOWN"),
        "sending",
        "answer the case",
    ),
    "four fifths of the daily quota are used up": (
        lambda it: it.account["SendQuota"].update(SentLast24Hours=40_000.0),
        "daily quota",
        "ask for more under Account dashboard, Request a limit increase; until then, confirmation emails wait",
    ),
    "a new account has a concurrency of 10": (
        lambda it: setattr(it, "concurrency", 10),
        "Lambda concurrency",
        "L-B99A9384",
    ),
    "the operator has not confirmed": (
        lambda it: it.subscriptions.update({"alarms-arn": [("email", "PendingConfirmation")]}),
        "alarms' subscription",
        "follow the link",
    ),
    "nobody gets the alarms": (
        lambda it: it.subscriptions.update({"alarms-arn": []}),
        "alarms' subscription",
        "OperatorEmail",
    ),
    "SES's events do not come by the topic": (
        lambda it: it.subscriptions.update({"feedback-arn": []}),
        "events",
        "deploy",
    ),
    "a schedule is off": (lambda it: it.schedules.update(hourly="DISABLED"), "schedules", "deploy the stack again"),
    "a schedule is gone": (lambda it: it.schedules.pop("postponed"), "schedules", "deploy the stack again"),
    "one call could delete the table": (
        lambda it: setattr(it, "protected", False),
        "deletion protection",
        "--table-name table-1 --deletion-protection-enabled",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_the_only_one_that_is_named(account: Account, fault: str) -> None:
    plant, check, todo = FAULTS[fault]
    plant(account)
    [found] = findings(account, "problem")

    assert found.check == check
    assert todo in found.todo


def test_what_is_wrong_is_named(account: Account) -> None:
    account.schedules.pop("postponed")

    assert [finding.found for finding in findings(account, "problem")] == ["off or gone: SendConfirmationsPostponed"]


def test_a_check_without_permission_is_unknown_and_the_others_go_on(account: Account) -> None:
    account.denied.add("lambda")

    assert [(found.check, found.found) for found in findings(account, "unknown")] == [
        ("Lambda concurrency", "no answer: AccessDeniedException")
    ]
    assert len(findings(account, "ok")) == 11


def test_what_the_stack_lacks_is_unknown_and_the_other_checks_go_on(account: Account) -> None:
    account.resources = {}

    assert [(found.check, found.found) for found in findings(account, "unknown")] == [
        ("deletion protection", "the stack has no Table"),
        ("subscriptions", "the stack has no Alarms"),
    ]
    assert [found.check for found in findings(account, "problem")] == ["schedules"]


def test_an_identity_of_a_single_address_is_found(account: Account) -> None:
    account.identities["us@letters.example"] = deepcopy(account.identities.pop("letters.example"))

    assert findings(account, "problem") == []
