"""A service is out for minutes or days, right after a form: its email goes soon after the end, and once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.faults.platform import Faults, Outage, Platform
from tests.world import ADA
from undersigned.aws.queue import seconds_hidden
from undersigned_cli.local.sources import queue_source
from undersigned_cli.local.template import load_template

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


@pytest.mark.parametrize(
    ("service", "lasts"),
    # The stream keeps a record for a day, and only SQS takes it from there.
    [*product(("dynamodb", "secretsmanager", "sesv2"), OUTAGES), *product(("sqs",), OUTAGES[:2])],
    ids=str,
)
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


@pytest.mark.usefixtures("world")
def test_a_long_outage_hides_fewer_messages_than_sqs_can() -> None:
    """SQS hides 120,000 messages of a queue, then hands out no more ("Amazon SQS quotas", SQS developer guide)."""
    from functions.send_confirmations.of_queue import PAUSE_OF_FAILURE  # noqa: PLC0415  (the world has just wired it)

    most = max(size["MailProcesses"] for size in load_template()["Mappings"]["Capacity"].values())
    a_second = most * queue_source("WaitingMails").batch_size / PAUSE_OF_FAILURE
    assert a_second * seconds_hidden(received=1_000) <= 100_000
