"""A service is out for minutes or days, right after a form: its email goes soon after the end, and once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.faults.platform import Faults, Outage, Platform
from tests.world import ADA

if TYPE_CHECKING:
    from tests.faults.platform import Service
    from tests.world import World

WITHIN = timedelta(hours=1)
"""How long after the end of an outage each email has left."""

OUTAGES = [timedelta(minutes=30), timedelta(hours=5), timedelta(days=3)]

HOUR = timedelta(hours=1)


class Mailing:
    """A stack whose schedules fire while a service may be out."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.platform = Platform(world, Random(1), faults=Faults(time_passes=True))  # noqa: S311  (repeatable)
        self.left_at: dict[str, datetime] = {}
        self.platform.on_accepted = lambda sent: self.left_at.update({sent.to: world.clock.now})

    def run_until(self, moment: datetime) -> None:
        """Fire the schedule of postponed emails every five minutes, and that of jobs each hour."""
        while self.world.clock.now < moment:
            self.platform.run_schedule("send_confirmations")
            if self.world.clock.now.minute < 5:
                self.platform.run_schedule("run_jobs")
            self.platform.run_until(min(moment, self.world.clock.now + timedelta(minutes=5)))


@pytest.mark.parametrize("lasts", OUTAGES, ids=str)
@pytest.mark.parametrize("service", ["dynamodb", "secretsmanager", "sesv2"])
def test_an_email_goes_once_within_an_hour_of_an_outage(world: World, service: Service, lasts: timedelta) -> None:
    people = [ADA["email"], *(f"signer{number}@signers.example" for number in range(4))]
    mailing = Mailing(world)
    for email in people:
        world.sign(email=email)
    # A new process has no secret yet.
    world.restart("send_confirmations")
    begins = world.clock.now
    mailing.platform.faults.outages.append(Outage(service, begins, begins + lasts))
    mailing.run_until(begins + lasts + timedelta(days=2))

    assert Counter(sent.to for sent in world.sent) == dict.fromkeys(people, 1)
    assert max(mailing.left_at.values()) <= begins + lasts + WITHIN
