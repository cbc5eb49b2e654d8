"""Test where the hourly run begins, and that what fails stops nothing else and is done an hour later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.refusals import Refusing
from tests.support.damage import OTHER, damage_campaign
from tests.support.hours import at, reports, sent, sign
from tests.support.world import CAMPAIGN
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.slots import Slots, slot_key
from undersigned.delivering.hours import NotDoneError

if TYPE_CHECKING:
    from tests.support.world import World


def hours(world: World, *moments: str) -> None:
    for moment in moments:
        at(world, moment)
        world.run_jobs()
        world.run_queue()


def test_a_new_campaign_starts_at_its_next_slot(world: World) -> None:
    at(world, "2026-11-30T10:30")
    sign(world, 1)
    hours(world, "2026-11-30T11:01", "2026-12-07T08:01")
    assert sent(world) == []
    hours(world, "2026-12-07T09:01")
    assert sent(world) == [("evanston", "2026-12-07")]


def test_a_new_campaign_starts_at_a_slot_within_the_hour(world: World) -> None:
    at(world, "2026-11-30T08:30")
    sign(world, 1)
    hours(world, "2026-11-30T09:01")
    assert sent(world) == [("evanston", "2026-11-30")]


EARLIER = [
    {"deliver_on": "WED", "deliver_at": 9},
    {"deliver_on": "TUE", "deliver_at": 17},
    {"deliver_on": "WED", "deliver_at": 12, "time_zone": "Europe/Paris"},
    {"deliver_on": "TUE"},
]
"""Days and hours that have passed on Wednesday, December 2, at half past ten in Chicago."""


@pytest.mark.parametrize("settings", EARLIER)
@pytest.mark.parametrize("is_down", [False, True])
def test_a_changed_campaign_never_sends_at_a_slot_that_has_passed(
    world: World, settings: dict[str, Any], *, is_down: bool
) -> None:
    at(world, "2026-11-30T10:01")
    world.run_jobs()
    sign(world, 1)
    if not is_down:
        hours(world, *(f"2026-12-02T{hour:02}:01" for hour in range(11)))
    at(world, "2026-12-02T10:30")
    world.change(**settings)
    next_slot = world.cadence.next_after(world.clock())
    hours(world, "2026-12-02T11:01", "2026-12-03T11:01")
    assert sent(world) == []
    world.clock.now = next_slot
    world.hour()
    assert sent(world) == [("evanston", next_slot.date().isoformat())]


@pytest.mark.parametrize("is_down", [False, True])
def test_after_a_deploy_with_another_day_no_campaign_sends_at_a_slot_that_has_passed(
    world: World, *, is_down: bool
) -> None:
    at(world, "2026-11-30T10:01")
    world.run_jobs()
    sign(world, 1)
    if not is_down:
        hours(world, "2026-12-02T09:01", "2026-12-02T10:01")
    world.variables |= {"DELIVERY_DAY": "WED", "DELIVERY_HOUR": "9"}
    world.restart("run_jobs")
    hours(world, "2026-12-02T11:01", "2026-12-07T09:01")
    assert sent(world) == []
    hours(world, "2026-12-09T09:01")
    assert sent(world) == [("evanston", "2026-12-09")]


def test_after_a_deploy_with_a_later_hour_of_the_same_day_letters_go_at_that_hour(world: World) -> None:
    at(world, "2026-11-30T08:01")
    world.run_jobs()
    sign(world, 1)
    world.variables |= {"DELIVERY_HOUR": "12"}
    world.restart("run_jobs")
    hours(world, "2026-11-30T09:01", "2026-11-30T11:01")
    assert sent(world) == []
    hours(world, "2026-11-30T12:01")
    assert sent(world) == [("evanston", "2026-11-30")]


def test_a_campaign_that_fails_stops_no_other_and_is_planned_once_it_is_repaired(world: World) -> None:
    at(world, "2026-11-30T08:01")
    world.run_jobs()
    settings = Campaigns(world.stack.table).campaign(CAMPAIGN)
    damage_campaign(world)
    sign(world, 1)
    for moment in ("2026-11-30T09:01", "2026-11-30T10:01"):
        at(world, moment)
        with pytest.raises(NotDoneError, match=OTHER):
            world.run_jobs()
        world.run_queue()
        assert sent(world) == [("evanston", "2026-11-30")]
    # A letter that comes after the slot waits for the next one, although the other campaign is planned each hour.
    sign(world, 1, postal_code="60091")
    Campaigns(world.stack.table).put_campaign(replace(settings, id=OTHER))
    hours(world, "2026-11-30T11:01")
    assert sent(world) == [("evanston", "2026-11-30")]


def test_a_report_comes_although_the_plan_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at(world, "2026-11-30T08:01")
    world.run_jobs()
    sign(world, 1)
    hours(world, "2026-11-30T09:01")
    at(world, "2026-12-01T08:30")
    sign(world, 1, postal_code="60091")
    world.change(deliver_on="TUE")
    at(world, "2026-12-01T09:01")
    world.watch = Refusing({"sqs:SendMessage": "InternalError"}, status=500)
    with pytest.raises(NotDoneError, match="plan"):
        world.run_jobs()
    world.watch = None
    assert reports(world) == ["Letters of November 30, 2026"]
    hours(world, "2026-12-01T10:01")
    assert sent(world) == [("evanston", "2026-11-30"), ("wilmette", "2026-12-01")]


def test_a_plan_is_made_although_reports_fail(world: World) -> None:
    at(world, "2026-11-30T08:01")
    world.run_jobs()
    sign(world, 1)
    Campaigns(world.stack.table).hold(CAMPAIGN, "wilmette", "a new chief")
    sign(world, 1, postal_code="60091")
    at(world, "2026-12-01T09:01")
    world.refusal = "AccountSuspendedException"
    with pytest.raises(NotDoneError, match="report"):
        world.run_jobs()
    world.refusal = ""
    hours(world, "2026-12-01T10:01")
    assert sent(world) == [("evanston", "2026-11-30")]
    assert reports(world) == ["Letters of November 30, 2026"]


def test_the_reconciliation_and_the_operators_email_come_once_however_many_hours_run(world: World) -> None:
    hours(world, "2026-11-30T03:01", "2026-11-30T09:01")
    assert world.memory
    world.memory.told.clear()
    # Four o'clock was missed.
    for day in ("2026-12-01", "2026-12-02"):
        hours(world, *(f"{day}T{hour:02}:01" for hour in range(5, 24)))
    assert len(world.memory.told) == 1
    assert len(world.run_reconciliations()) == 3


def test_a_slower_run_takes_no_slot_back_and_makes_no_row_of_a_deleted_campaign(world: World) -> None:
    slots, cadence = Slots(world.stack.table), world.cadence
    earlier, later = (cadence.moment(date(2026, 11, day)) for day in (23, 30))
    slots.note("plan", CAMPAIGN, later)
    assert world.stack.table.get(slot_key("plan", CAMPAIGN)) is None
    slots.begin("plan", CAMPAIGN, cadence.name, earlier)
    slots.note("plan", CAMPAIGN, later)
    slots.note("plan", CAMPAIGN, earlier)
    assert slots.last("plan", CAMPAIGN, cadence.name) == later
