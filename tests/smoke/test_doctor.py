"""`undersigned doctor` on the deployed template: each planted fault is named, and nothing else."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.smoke.stack import control, physical_id
from undersigned_cli.commands import doctor
from undersigned_cli.commands.doctor import ProblemsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.support.running import RunningStack

VERIFIED = {
    "VerifiedForSendingStatus": True,
    "DkimAttributes": {"Status": "SUCCESS"},
    "MailFromAttributes": {"MailFromDomain": "bounce.letters.example", "MailFromDomainStatus": "SUCCESS"},
}


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the DMARC records that the DNS has. The local stack has no DNS."""
    records = ["v=DMARC1; p=none"]
    monkeypatch.setattr(doctor, "txt_records", lambda _name: records)
    return records


@pytest.fixture
def problems(stack: RunningStack, dns: list[str]) -> Iterator[Callable[[], dict[str, str]]]:
    """Yield a function that returns what the command found wrong."""
    assert dns

    def run() -> dict[str, str]:
        result = stack.command("doctor", "--json")
        assert result.exception is None or isinstance(result.exception, ProblemsError), result.output
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        assert all(row["todo"] for row in rows if row["state"] != "ok")
        return {row["check"]: row["found"] for row in rows if row["state"] != "ok"}

    control(stack, identity=VERIFIED, account={})
    yield run
    control(stack, identity={}, account={})


_KEPT = ("Name", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")


@contextmanager
def schedule_off(stack: RunningStack) -> Iterator[None]:
    scheduler, name = stack.client("scheduler"), physical_id(stack, "SendConfirmationsPostponed")
    before = scheduler.get_schedule(Name=name)
    kept = {key: before[key] for key in _KEPT}
    scheduler.update_schedule(**kept, State="DISABLED")
    try:
        yield
    finally:
        scheduler.update_schedule(**kept, State="ENABLED")


@contextmanager
def schedule_gone(stack: RunningStack) -> Iterator[None]:
    scheduler, name = stack.client("scheduler"), physical_id(stack, "RunJobsHourly")
    before = scheduler.get_schedule(Name=name)
    scheduler.delete_schedule(Name=name)
    try:
        yield
    finally:
        scheduler.create_schedule(**{key: before[key] for key in _KEPT}, State="ENABLED")


@contextmanager
def without_subscription(stack: RunningStack, topic: str, protocol: str) -> Iterator[None]:
    sns, arn = stack.client("sns"), physical_id(stack, topic)
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    [subscription] = [one for one in subscriptions if one["Protocol"] == protocol]
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])["Attributes"]
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    try:
        yield
    finally:
        names = ("RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy")
        kept = {name: attributes[name] for name in names if name in attributes}
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=subscription["Endpoint"], Attributes=kept)


@contextmanager
def ses_says(stack: RunningStack) -> Iterator[None]:
    account = {
        "ProductionAccessEnabled": False,
        "SendingEnabled": False,
        "EnforcementStatus": "SHUTDOWN",
        "SendQuota": {"Max24HourSend": 1000, "SentLast24Hours": 999, "MaxSendRate": 200},
    }
    identity = {"VerifiedForSendingStatus": False, "DkimAttributes": {"Status": "PENDING"}}
    control(stack, account=account, identity=identity)
    try:
        yield
    finally:
        control(stack, account={}, identity=VERIFIED)


@contextmanager
def no_record(dns: list[str]) -> Iterator[None]:
    before = list(dns)
    dns.clear()
    try:
        yield
    finally:
        dns += before


@pytest.mark.nightly
def test_all_planted_faults_are_named_and_nothing_else(
    stack: RunningStack, problems: Callable[[], dict[str, str]], dns: list[str]
) -> None:
    before = problems()
    assert before == {}
    faults: list[AbstractContextManager[None]] = [
        schedule_off(stack),
        schedule_gone(stack),
        without_subscription(stack, "FeedbackTopic", "sqs"),
        without_subscription(stack, "Alarms", "email"),
        ses_says(stack),
        no_record(dns),
    ]
    with ExitStack() as planted:
        for fault in faults:
            planted.enter_context(fault)
        found = problems()

    assert found == {
        "schedules": "off or gone: RunJobsHourly, SendConfirmationsPostponed",
        "events": "none",
        "alarms' subscription": "none",
        "sandbox": "SES sends to verified addresses only",
        "sending": "paused or under review: SHUTDOWN",
        "daily quota": "999 of 1000 emails used in 24 hours",
        "identity": "not verified",
        "DKIM": "PENDING",
        "MAIL FROM": "none",
        "DMARC": "no record",
    }
    assert problems() == before
