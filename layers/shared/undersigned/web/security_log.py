"""The security log: who signed in, whose key was refused, who opened letters and packets.

It names no signer, and people by their ids.

A line is a log record with the message `security`. Read it with CloudWatch Logs Insights (docs/runbook.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from aws_lambda_powertools import Logger

from undersigned.domain.campaigns import ID_PATTERN

if TYPE_CHECKING:
    from undersigned.domain.api_keys import ApiKey, Scope
    from undersigned.domain.deliveries import DeliveryKey
    from undersigned.domain.errors import UndersignedError
    from undersigned.domain.people import Person
    from undersigned.services.sessions import Holder

type Way = Literal["API", "dashboard"]
type SignInWay = Literal["email link", "email code"]

logger = Logger()


def signed_in(key: ApiKey) -> None:
    """Record that a session began."""
    _record("sign-in", key.campaign, by=key.name)


def person_signed_in(person: Person | None, way: SignInWay) -> None:
    """Record that a person's session began."""
    _record("sign-in", "", by=person.logged_name if person else "", way=way)


def sign_in_asked() -> None:
    """Record that somebody asked for an email to sign in with. For whom is not logged."""
    _record("sign-in asked", "")


def sign_in_refused(way: SignInWay, error: UndersignedError) -> None:
    """Record that a link or a code did not sign in."""
    _record("sign-in refused", "", way=way, reason=type(error).__name__)


def key_refused(campaign: str, way: Way, error: UndersignedError) -> None:
    """Record that a key did not open a campaign. What was typed is not logged, unless it can name a campaign."""
    _record("key refused", campaign if ID_PATTERN.fullmatch(campaign) else "", way=way, reason=type(error).__name__)


def requested(holder: Holder, way: Way, route: str, scope: Scope) -> None:
    """Record a request that takes more than `read`: it opens letters or packets, or changes something."""
    if scope != "read":
        _record("request", holder.campaign, by=holder.logged_name, way=way, route=route)


def letter_opened(campaign: str) -> None:
    """Record that a signer's link showed a letter."""
    _record("letter opened", campaign)


def links_ended(campaign: str) -> None:
    """Record that a signer ended all links to a letter."""
    _record("links ended", campaign)


def packet_opened(delivery: DeliveryKey, number: str) -> None:
    """Record that the link in a delivery's email opened a packet."""
    _record("packet opened", delivery.campaign, target=delivery.target, period=delivery.period, packet=number)


def _record(event: str, campaign: str, **facts: str) -> None:
    logger.info("security", extra={"event": event, "campaign": campaign, **facts})
