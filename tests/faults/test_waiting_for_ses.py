"""SES takes nothing for two weeks: what waits is sent in the end, and no chain of messages goes on forever.

The waits last six hours, longer than Lambda lets a function invoke itself unless it allows that; in `make soak`, two
weeks.
"""

from __future__ import annotations

import os
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from tests.faults.platform import Platform
from tests.world import CAMPAIGN, CONTEXT, client_of
from undersigned.aws.queue import LONGEST_WAIT, message_body
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.signatures import PENDING_FOR

if TYPE_CHECKING:
    import pytest

    from tests.world import World

REFUSAL = "SendingPausedException"
WAIT = timedelta(hours=int(os.environ.get("UNDERSIGNED_HOURS_WITHOUT_SES", "6")))
TRIES = int(WAIT / timedelta(minutes=15))
KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
TWO_HOURS = timedelta(hours=2)


def refusing(world: World, function: str, times: int) -> Platform:
    """Return the platform around a world in which SES refuses a function's next sends."""
    refusals = {(function, "sesv2:SendEmail"): [REFUSAL] * times}
    return Platform(world, Random(1), refusals=refusals)  # noqa: S311  (repeatable)


def test_a_confirmation_email_that_waits_for_long_is_sent(world: World) -> None:
    platform = refusing(world, "SendConfirmations", TRIES)
    world.sign()
    began = world.clock.now
    platform.settle()
    assert platform.dead_letters == []
    assert [sent.to for sent in world.sent] == ["ada@signers.example"]
    assert world.clock.now - began > WAIT - timedelta(hours=1)


def test_a_delivery_that_waits_for_long_is_sent(world: World) -> None:
    world.confirmed()
    platform = refusing(world, "Deliver", TRIES)
    world.plan()
    began = world.clock.now
    platform.settle()
    assert platform.dead_letters == []
    assert len(world.deliveries) == 1
    assert world.clock.now - began > WAIT - timedelta(hours=1)


def test_a_confirmation_email_waits_no_longer_than_its_letter_can_be_confirmed(world: World) -> None:
    platform = refusing(world, "SendConfirmations", 1_000)
    world.sign()
    began = world.clock.now
    world.handlers["send_confirmations"]({"Records": world.new_records()}, CONTEXT)
    world.clock.now += PENDING_FOR - TWO_HOURS
    platform.settle()
    assert (platform.dead_letters, world.sent) == ([], [])
    assert PENDING_FOR <= world.clock.now - began < PENDING_FOR + TWO_HOURS


def test_a_delivery_waits_for_two_weeks_and_then_for_the_next_plan(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.confirmed()
    platform = refusing(world, "Deliver", 1_000)
    body = message_body(KEY, since=world.clock.now - LONGEST_WAIT + TWO_HOURS)
    client_of("sqs").send_message(QueueUrl=world.queue_url, MessageBody=body)
    began = world.clock.now
    platform.settle()
    assert TWO_HOURS <= world.clock.now - began < 2 * TWO_HOURS
    assert platform.dead_letters == []
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"][-1] == (
        "a delivery waited for two weeks"
    )
    platform.refusals.clear()
    world.plan()
    platform.settle()
    assert len(world.deliveries) == 1
