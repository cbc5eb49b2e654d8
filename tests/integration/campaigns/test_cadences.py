"""Test campaigns with a cadence of their own: the hourly plan, its reports, and what was missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.faults.refusals import Refusing
from tests.support.acting import Decisions
from tests.support.hours import at, reports, sent, sign
from tests.support.world import CAMPAIGN
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.hours import NotDoneError

if TYPE_CHECKING:
    from tests.support.world import World


def test_a_campaign_without_a_cadence_is_planned_at_the_stacks_hour_only(world: World) -> None:
    world.confirmed()
    for moment in ("2026-11-24T09:00", "2026-11-30T08:00", "2026-11-30T09:00", "2026-11-30T10:00"):
        at(world, moment)
        world.hour()
        assert sent(world) == ([("evanston", "2026-11-30")] if moment >= "2026-11-30T09:00" else [])


def test_a_campaign_with_a_cadence_is_planned_at_its_own_hour_only(world: World) -> None:
    world.change(deliver_on="THU", deliver_at=17)
    world.confirmed()
    for moment in ("2026-11-26T16:00", "2026-11-26T17:00", "2026-11-26T18:00"):
        at(world, moment)
        world.hour()
        assert sent(world) == ([] if moment.endswith("16:00") else [("evanston", "2026-11-26")])


def test_an_hour_in_another_time_zone_names_the_day_there(world: World) -> None:
    world.change(time_zone="Pacific/Auckland", deliver_on="MON", deliver_at=1)
    world.confirmed()
    world.clock.now = datetime(2026, 11, 29, 12, tzinfo=UTC)  # still Sunday in Chicago
    world.hour()
    assert sent(world) == [("evanston", "2026-11-30")]
    assert world.period == "2026-11-30"


@pytest.mark.parametrize(
    "slots", [("2027-03-08T15", "2027-03-15T14", "2027-03-22T14"), ("2027-11-01T14", "2027-11-08T15", "2027-11-15T15")]
)
def test_each_week_has_a_delivery_when_the_clocks_change(world: World, slots: tuple[str, ...]) -> None:
    """In spring, two Mondays at nine are 167 hours apart; in autumn, 169. Slots are in UTC."""
    world.change(deliver_on="MON", deliver_at=9)
    for number, slot in enumerate(slots, start=1):
        world.clock.now = datetime.fromisoformat(f"{slot}:00+00:00") - timedelta(hours=1)
        sign(world, 1)
        world.hour()
        assert len(sent(world)) == number - 1
        world.clock.advance(hours=1)
        world.hour()
        world.clock.advance(hours=1)
        world.hour()
        assert sent(world)[number - 1 :] == [("evanston", slot.partition("T")[0])]


def test_an_hour_that_fires_twice_or_late_makes_one_delivery(world: World) -> None:
    sign(world, 1)
    at(world, "2026-11-30T09:00")
    world.hour()
    sign(world, 1)
    world.hour()
    world.clock.advance(hours=5)
    world.hour()
    assert sent(world) == [("evanston", "2026-11-30")]
    at(world, "2026-12-07T09:00")
    world.hour()
    assert sent(world) == [("evanston", "2026-11-30"), ("evanston", "2026-12-07")]


@pytest.mark.parametrize("days", [1, 4, 40])
def test_the_first_run_after_missed_hours_catches_up(world: World, days: int) -> None:
    world.change(deliver_on="THU")
    world.hour()
    world.confirmed()
    at(world, "2026-12-03T10:00")
    world.clock.advance(days=days)
    world.hour()
    last = "2027-01-07" if days == 40 else "2026-12-03"
    assert sent(world) == [("evanston", last)]
    world.clock.advance(hours=1)
    sign(world, 1)
    assert world.hour() == []


def test_a_run_that_failed_is_done_again_by_the_next(world: World) -> None:
    world.confirmed()
    at(world, "2026-11-30T09:00")
    world.watch = Refusing({"sqs:SendMessage": "InternalError"}, status=500)
    with pytest.raises(NotDoneError, match=CAMPAIGN):
        world.hour()
    world.watch = None
    world.clock.advance(hours=1)
    world.hour()
    assert sent(world) == [("evanston", "2026-11-30")]


def test_a_recipient_for_whom_a_slot_was_too_soon_gets_its_letters_with_the_next(world: World) -> None:
    sign(world, 1)
    at(world, "2026-11-26T12:00")
    Decisions(world.stack).deliver(
        CAMPAIGN, "2026-11-26", "cli", "the council meets on Friday", seen_at=world.clock.now
    )
    world.run_queue()
    own_letter = world.confirmed(email="bo@signers.example").link("confirm")
    sign(world, 1, postal_code="60091")
    for day in ("2026-11-30", "2026-12-01", "2026-12-03"):
        at(world, f"{day}T09:00")
        world.hour()
        assert "December 7, 2026" in world.get(own_letter).body
    at(world, "2026-12-07T09:00")
    world.hour()
    assert sent(world) == [("evanston", "2026-11-26"), ("wilmette", "2026-11-30"), ("evanston", "2026-12-07")]


def test_a_paused_campaign_is_not_planned(world: World) -> None:
    world.change(deliver_on="THU")
    world.confirmed()
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    at(world, "2026-11-26T09:00")
    assert world.hour() == []


def test_a_change_between_two_deliveries_keeps_seven_days_apart(world: World) -> None:
    world.change(deliver_on="THU")
    sign(world, 1)
    at(world, "2026-11-26T09:00")
    world.hour()
    world.change(deliver_on="MON")
    sign(world, 1)
    for day in ("2026-11-30", "2026-12-07"):
        at(world, f"{day}T09:00")
        world.hour()
    assert sent(world) == [("evanston", "2026-11-26"), ("evanston", "2026-12-07")]
    world.change(deliver_on=None)
    sign(world, 1)
    at(world, "2026-12-14T09:00")
    world.week()
    assert sent(world)[2:] == [("evanston", "2026-12-14")]


def test_a_report_follows_a_day_after_each_delivery(world: World) -> None:
    world.change(deliver_on="MON", deliver_at=17)
    world.confirmed()
    at(world, "2026-11-30T17:00")
    world.hour()
    for moment in ("2026-11-30T18:00", "2026-12-01T16:00", "2026-12-01T17:00", "2026-12-01T18:00", "2026-12-02T17:00"):
        at(world, moment)
        world.run_job("report")
        world.run_job("report")
        assert len(reports(world)) == (moment >= "2026-12-01T17:00")
    world.report()
    assert reports(world) == ["Letters of November 30, 2026"]


def test_a_campaign_without_a_cadence_has_no_hourly_report(world: World) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(days=1)
    world.run_job("report")
    assert reports(world) == []
    world.report()
    assert len(reports(world)) == 1


def test_a_day_on_which_nothing_went_is_reported_if_letters_are_on_hold(world: World) -> None:
    world.change(deliver_on="THU")
    world.confirmed()
    Campaigns(world.stack.table).hold(CAMPAIGN, "evanston", "a new chief")
    for moment in ("2026-11-26T09:00", "2026-11-27T08:00", "2026-11-27T09:00", "2026-11-28T09:00"):
        at(world, moment)
        world.run_job("report")
        assert reports(world) == (["Letters of November 26, 2026"] if moment >= "2026-11-27T09:00" else [])


def test_missed_hours_lose_no_report(world: World) -> None:
    world.change(deliver_on="THU")
    world.confirmed()
    at(world, "2026-11-26T09:00")
    world.run_job("report")
    world.hour()
    world.clock.advance(days=3)
    world.run_job("report")
    assert reports(world) == ["Letters of November 26, 2026"]


def test_pages_and_emails_say_the_day_of_the_campaigns_own_cadence(world: World) -> None:
    world.change(deliver_on="THU")
    asked = world.confirmed()
    form = world.get(f"/campaigns/{CAMPAIGN}").body
    assert "The next delivery is on Thursday, November 26, 2026 at the earliest." in form
    assert "on Thursday, November 26, 2026 at the earliest" in " ".join(asked.text.split())
    world.clock.advance(days=7)
    assert "with the next delivery, on Thursday, December 3, 2026" in world.get(asked.link("confirm")).body
