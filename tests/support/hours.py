"""The hours of a campaign: when people sign, and which day's emails are sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.world import World


def at(world: World, moment: str) -> None:
    """Set the clock, in the campaign's time zone in winter."""
    world.clock.now = datetime.fromisoformat(f"{moment}-06:00").astimezone(UTC)


def sent(world: World) -> list[tuple[str, str]]:
    return [(mail.tags["target"], mail.tags["period"]) for mail in world.deliveries]


def reports(world: World) -> list[str]:
    """Return the days that reports are about."""
    subjects = ["".join(mail.mail["Subject"]) for mail in world.mails("report")]
    return [subject.partition(":")[0].strip() for subject in subjects]


def sign(world: World, number: int, **form: str) -> None:
    for _ in range(number):
        world.confirmed(email=f"signer-{len(world.sent)}@signers.example", **form)
