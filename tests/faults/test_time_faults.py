"""Functions that run out of time, schedules that fire oddly, clocks that differ, and clock changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.search.platform import Faults, Platform
from tests.support.deliveries import delivery_of
from tests.support.world import CAMPAIGN, CONTEXT
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.cadence import WeeklySchedule
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import UNSETTLED_FOR, Attempt, DeliveryKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")

TEN_MINUTES = timedelta(minutes=10)


def deliver_with_time_left(world: World, milliseconds: int) -> tuple[Callable[[Any, Any], Any], list[str]]:
    """Return the deliver handler with so much time left, and the receive counts of its messages."""
    received: list[str] = []
    handler = world.handlers["deliver"]
    context = SimpleNamespace(**vars(CONTEXT) | {"get_remaining_time_in_millis": lambda: milliseconds})

    def deliver(event: Any, _context: Any) -> Any:
        received.extend(record["attributes"]["ApproximateReceiveCount"] for record in event["Records"])
        return handler(event, context)

    return deliver, received


def test_a_delivery_that_runs_out_of_time_continues_in_a_new_message(world: World) -> None:
    world.limit(packet_size=3)
    for number in range(10):
        world.sign(email=f"signer{number}@signers.example", name=f"Signer No{number:02d}")
    world.run_stream()
    for sent in tuple(world.sent):
        world.post(sent.link("confirm"))
    world.handlers["deliver"], received = deliver_with_time_left(world, 119_999)
    world.plan()
    runs = 0
    world.calls.clear()
    while answers := world.run_queue():
        assert answers == [{"batchItemFailures": []}]
        runs += 1
    # Each run seals a bundle of four letters or makes a packet of three; the last one sends the email.
    assert runs == 3 + 4 + 1
    assert set(received) == {"1"}, "no run counts as a failed try"
    assert [len(bundle.signers) for bundle in Deliveries(world.stack.table).bundles(KEY)] == [4, 4, 2, 0]
    assert world.calls.count("s3:PutObject") == 4, "no packet is made twice"
    [sent] = world.deliveries
    assert (len(sent.pdfs), sent.tags["attempt"]) == (4, "1")
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery is not None
    assert (delivery.state, delivery.letters) == ("sent", 10)


def test_a_delivery_with_enough_time_is_made_in_one_run(world: World) -> None:
    world.confirmed()
    world.handlers["deliver"], received = deliver_with_time_left(world, 120_001)
    world.week()
    assert received == ["1"]
    assert len(world.deliveries) == 1


def test_a_schedule_that_fires_twice_makes_one_delivery_and_one_report(world: World) -> None:
    world.confirmed()
    world.plan()
    world.plan()
    world.run_queue()
    world.plan()
    world.run_queue()
    world.clock.advance(days=1)
    world.report()
    world.report()
    assert [sent.tags["kind"] for sent in world.sent] == ["confirmation", "delivery", "report"]


def test_a_day_that_is_planned_by_hand_a_day_late_makes_the_delivery_of_its_day(world: World) -> None:
    world.confirmed()
    world.clock.advance(days=1)
    for _ in range(2):
        world.plan(days_ago=1)
        world.run_queue()
    [sent] = world.deliveries
    assert sent.tags["period"] == KEY.period
    world.clock.advance(days=6)
    world.confirmed(email="bo@signers.example")
    world.week()
    assert [sent.tags["period"] for sent in world.deliveries] == [KEY.period, "2026-12-01"]


@pytest.mark.parametrize("off", [TEN_MINUTES, -TEN_MINUTES])
def test_links_and_forms_work_between_clocks_that_are_ten_minutes_apart(world: World, off: timedelta) -> None:
    opened = -off.total_seconds() if off > timedelta() else 60
    assert world.sign(form=world.form(opened=opened)).status == 200
    assert world.row().quarantine is None, "a form from a clock that is ahead is not suspicious"
    world.clock.now += off
    world.run_stream()
    world.clock.now -= off
    mail = world.sent[-1]
    assert world.get(mail.link("confirm")).status == 200
    assert world.press(mail.link("confirm")).status == 200
    assert world.row().status == "confirmed"
    world.run_stream()
    world.week()
    assert len(world.deliveries) == 1


@pytest.mark.parametrize("off", [TEN_MINUTES, -TEN_MINUTES])
def test_a_period_is_named_by_its_slot_not_by_a_clock(world: World, off: timedelta) -> None:
    campaigns = Campaigns(world.stack.table)
    campaigns.put_campaign(replace(campaigns.campaign(CAMPAIGN), deliver_on="THU", deliver_at=0))
    world.confirmed()
    midnight_in_chicago = datetime(2026, 11, 26, 6, tzinfo=UTC)
    for hour in range(-1, 2):
        world.clock.now = midnight_in_chicago + timedelta(hours=hour) + off
        world.hour()
    assert [sent.tags["period"] for sent in world.deliveries] == ["2026-11-26"]


@pytest.mark.parametrize("off", [TEN_MINUTES, -TEN_MINUTES])
def test_an_email_under_way_waits_an_hour_for_its_event_despite_clock_skew(off: timedelta) -> None:
    began = datetime(2026, 11, 24, 18, tzinfo=UTC)
    delivery = delivery_of(KEY, "sending", opened_at=began, attempt=1, last=Attempt(since=began + off))
    assert delivery.may_have_event_until(began + off + UNSETTLED_FOR - timedelta(seconds=1)) is not None
    assert delivery.may_have_event_until(began + off + UNSETTLED_FOR) is None


@pytest.mark.parametrize(
    ("monday", "at"),
    [
        ("2026-03-09", "14:00"),
        ("2026-11-02", "15:00"),
    ],
)
def test_a_week_is_named_by_its_monday_when_the_clocks_change(world: World, monday: str, at: str) -> None:
    world.clock.now = datetime.fromisoformat(f"{monday}T06:00+00:00")
    world.confirmed()
    weekly = WeeklySchedule("MON", 9, "America/Chicago").cadence
    scheduled = weekly.next_after(world.clock.now)
    assert scheduled.astimezone(UTC) == datetime.fromisoformat(f"{monday}T{at}+00:00")
    world.clock.now = scheduled.astimezone(UTC)
    world.week()
    world.clock.now = WeeklySchedule("TUE", 9, "America/Chicago").cadence.next_after(world.clock.now).astimezone(UTC)
    world.report()
    assert world.deliveries[0].tags["period"] == monday
    assert [sent.tags["kind"] for sent in world.sent] == ["confirmation", "delivery", "report"]


def test_a_letter_that_an_index_shows_late_is_no_difference(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """It is counted already, and no pass within a few minutes of its signing finds its row."""
    platform = Platform(world, Random(1), faults=Faults(time_passes=True))  # noqa: S311
    assert world.memory
    world.memory.lag = lambda: timedelta(minutes=5)
    assert world.sign().status == 200
    platform.run_until(world.clock.now + timedelta(minutes=1))
    platform.begin("run_jobs", world.begin_reconciling)
    platform.run_until(world.clock.now + timedelta(hours=1))
    assert "reconciled" in caplog.messages
    assert "the counters differ from the rows" not in caplog.messages
