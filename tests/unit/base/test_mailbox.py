from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from undersigned.base.mailbox import Mailbox, RateNotToldError, Spacing

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_calls_are_spaced_by_the_rate_which_is_read_once() -> None:
    now, calls, starts = [100.0], [], []

    def rate() -> float:
        calls.append("rate")
        return 4.0

    def sleep(seconds: float) -> None:
        now[0] += seconds

    spacing = Spacing(rate, clock=lambda: now[0], sleep=sleep)
    for _ in range(4):
        spacing.wait()
        starts.append(now[0])
    assert starts == [100.0, 100.25, 100.5, 100.75]
    now[0] += 10
    spacing.wait()
    assert now[0] == 110.75
    assert calls == ["rate"]


def test_calls_go_on_at_an_assumed_rate_until_the_rate_is_told() -> None:
    now, asked_at, starts = [0.0], [], []

    def rate() -> float:
        asked_at.append(now[0])
        if now[0] < 5:
            message = "SES takes one such call a second"
            raise RateNotToldError(message)
        return 8.0

    def sleep(seconds: float) -> None:
        now[0] += seconds

    spacing = Spacing(rate, clock=lambda: now[0], sleep=sleep, assumed_rate=4.0)
    while now[0] < 20:
        spacing.wait()
        spacing.speed_up()
        starts.append(now[0])
    assert asked_at == [0, 0.75, 2.75, 6.75]
    assert starts[:5] == [0, 0.25, 0.5, 0.75, 1]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert max(gaps) == 0.25
    # A sender approaches the account's rate, and never exceeds it.
    assert 0.125 <= gaps[-1] < 0.2


def test_a_rate_that_is_told_late_does_not_end_a_slow_pace_at_once() -> None:
    rates = iter([None, None, 100.0])

    def rate() -> float:
        if told := next(rates):
            return told
        message = "not now"
        raise RateNotToldError(message)

    now = [0.0]
    spacing = Spacing(rate, clock=lambda: now[0], sleep=lambda _seconds: None, assumed_rate=1.0)
    spacing.wait()
    spacing.slow_down()
    for _ in range(3):
        spacing.wait()
    assert spacing.interval() == 2


def test_without_an_assumed_rate_nothing_is_sent_until_the_rate_is_told() -> None:
    def rate() -> float:
        message = "not now"
        raise RateNotToldError(message)

    with pytest.raises(RateNotToldError):
        Spacing(rate).wait()


class Account:
    """SES with a daily quota, which it tells unless it is asked too often."""

    def __init__(self) -> None:
        self.quota = {"MaxSendRate": 14.0, "Max24HourSend": 200.0, "SentLast24Hours": 150.0}
        self.tells = True

    def get_account(self) -> dict[str, Any]:
        if not self.tells:
            throttle = {"Error": {"Code": "TooManyRequestsException"}, "ResponseMetadata": {"HTTPStatusCode": 429}}
            raise ClientError(throttle, "GetAccount")  # type: ignore[arg-type]
        return {"SendQuota": dict(self.quota)}

    def send_email(self, **_: Any) -> dict[str, str]:
        return {"MessageId": "1"}


class Written:
    """An email that is written already."""

    sender_address, to = "letters@sender.example", "ada@signers.example"
    tags: Mapping[str, str] = MappingProxyType({})

    def as_bytes(self) -> bytes:
        return b"Subject: A letter"


def mailbox(account: Account, now: list[float]) -> Mailbox:
    return Mailbox(
        cast("Any", account), "emails", patience=0, assumed_rate=14, sleep=lambda _: None, clock=lambda: now[0]
    )


def test_emails_since_the_quota_was_told_count_too() -> None:
    account, now = Account(), [0.0]
    post = mailbox(account, now)
    for _ in range(9):
        post.send(cast("Any", Written()))
        assert post.has_quota(0.8)
    post.send(cast("Any", Written()))
    # A fifth of 200 is left for deliveries, whether SES answers or not.
    assert not post.has_quota(0.8)
    account.tells = False
    now[0] += 60
    assert not post.has_quota(0.8)
    account.tells, account.quota["SentLast24Hours"] = True, 100.0
    now[0] += 60
    assert post.has_quota(0.8)


def test_a_quota_that_was_not_told_is_asked_for_again_within_a_minute() -> None:
    account, now = Account(), [0.0]
    account.tells, account.quota["SentLast24Hours"] = False, 160.0
    post = mailbox(account, now)
    post.send(cast("Any", Written()))
    account.tells = True
    now[0] += 59
    assert post.has_quota(0.8)
    now[0] += 1
    assert not post.has_quota(0.8)
