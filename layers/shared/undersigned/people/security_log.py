"""The security log: sign-ins, refusals, and who opened letters and packets.

It names no signer, and people by their ids.

A line is a log record with the message `security`. Read it with CloudWatch Logs Insights (docs/runbook.md).
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from aws_lambda_powertools import Logger

from undersigned.base.errors import UndersignedError
from undersigned.campaigns.rules.campaigns import ID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.people.rules.api_keys import ApiKey
    from undersigned.people.rules.people import Member, Person
    from undersigned.people.sessions import Session

type Way = Literal["API", "dashboard"]

TIME_OF_A_LINE = timedelta(minutes=1)
"""In this time, each process writes one line for each kind of refusal."""

logger = Logger()


def signed_in(person: Person) -> None:
    """Record that a person's session began."""
    _record("sign-in", "", by=person.logged_name)


def sign_in_asked() -> None:
    """Record that somebody asked for an email to sign in with, but not for whom."""
    _record("sign-in asked", "")


def sign_in_refused(stack: Stack, error: UndersignedError) -> None:
    """Record that a code did not sign in."""
    _refused(stack, "sign-in refused", "", "dashboard", error)


def key_refused(stack: Stack, campaign: str, error: UndersignedError) -> None:
    """Record that a key did not open a campaign."""
    _refused(stack, "key refused", campaign, "API", error)


def refused(  # noqa: PLR0913  (what is known of it)
    stack: Stack, error: UndersignedError, way: Way, *, by: str = "", campaign: str = "", route: str = ""
) -> None:
    """Record that somebody may not do something. `by` is a logged name, or empty if nobody knows who it was."""
    known = {name: text for name, text in (("by", by), ("route", route)) if text}
    _refused(stack, "refused", campaign, way, error, **known)


@contextmanager
def refusals(stack: Stack, way: Way, by: Session | ApiKey | None, campaign: str, route: str) -> Iterator[None]:
    """Record each refusal in the block, and raise it again. `by` is None if nobody knows who it is."""
    try:
        yield
    except UndersignedError as error:
        refused(stack, error, way, by=by.logged_name if by else "", campaign=campaign, route=route)
        raise


def requested(by: ApiKey | Member, way: Way, route: str) -> None:
    """Record a request that opens letters or packets, or changes something."""
    _record("request", by.campaign, by=by.logged_name, way=way, route=route)


def letter_opened(campaign: str) -> None:
    """Record that a signer's link showed a letter."""
    _record("letter opened", campaign)


def packet_opened(campaign: str, target: str, period: str, packet: str) -> None:
    """Record that the link in a delivery's email opened a packet."""
    _record("packet opened", campaign, target=target, period=period, packet=packet)


def _refused(stack: Stack, event: str, campaign: str, way: Way, error: UndersignedError, **facts: str) -> None:
    """Record a refusal. Log a campaign as it was typed only if it can name one.

    In a flood, each kind of refusal has one line a minute, with the number of refusals since the line before.
    """
    reason, said, now = type(error).__name__, stack.once(_said), stack.clock()
    kind = (event, way, reason, facts.get("by", ""))
    last, more = said.get(kind, (now - TIME_OF_A_LINE, 0))
    if now - last < TIME_OF_A_LINE:
        said[kind] = last, more + 1
        return
    said[kind] = now, 0
    named = campaign if ID_PATTERN.fullmatch(campaign) else ""
    _record(event, named, **facts, way=way, reason=reason, **({"more": more} if more else {}))


def _said(_stack: Stack) -> dict[tuple[str, ...], tuple[datetime, int]]:
    """Return when each kind of refusal last had a line, and how many have had none since.

    Strangers can't make up a kind, so there are few.
    """
    return {}


def _record(event: str, campaign: str, **facts: str | int) -> None:
    logger.info("security", extra={"event": event, "campaign": campaign, **facts})
