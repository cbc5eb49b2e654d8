"""Test plans: what is queued and what waits; and that a damaged row, or a target that fails, stops no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.support.acting import Decisions
from tests.support.damage import DAMAGED, OTHER, damage_campaign, damage_delivery
from tests.support.hours import at, sign
from tests.support.world import CAMPAIGN, PERIOD
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.hours import NotDoneError
from undersigned.delivering.planning import NotPlannedError
from undersigned.delivering.rows.deliveries import Deliveries, delivery_key
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World
    from undersigned.delivering.rules.deliveries import Delivery


@pytest.fixture
def signed(world: World) -> World:
    """Make a stack in which letters to three targets wait."""
    for postal_code in ("60201", "60091", "60076"):
        sign(world, 1, postal_code=postal_code)
    return world


def fail_for_evanston(patch: pytest.MonkeyPatch) -> None:
    """Let the table fail whenever a target's deliveries are read."""
    deliveries = Deliveries.deliveries

    def failing(self: Deliveries, campaign: str, target: str, *, whole: bool = True) -> Iterator[Delivery]:
        if target == "evanston":
            raise TimeoutError
        return deliveries(self, campaign, target, whole=whole)

    patch.setattr(Deliveries, "deliveries", failing)


def sent_to(world: World) -> set[str]:
    world.run_queue()
    return {mail.tags["target"] for mail in world.deliveries}


@pytest.mark.moto
def test_a_plan_queues_one_message_for_each_target_with_waiting_letters(world: World) -> None:
    world.confirmed()
    world.confirmed(email="ben@signers.example")
    world.confirmed(email="cyd@signers.example", postal_code="60091")
    planned = world.plan()
    assert {delivery["period"] for delivery in planned["deliveries"]} == {"2026-11-24"}
    assert sorted(delivery["target"] for delivery in planned["deliveries"]) == ["evanston", "wilmette"]


def test_a_plan_for_one_campaign_has_only_its_deliveries(world: World) -> None:
    world.confirmed()
    assert world.plan(CAMPAIGN)["deliveries"] == [{"campaign": CAMPAIGN, "target": "evanston", "period": "2026-11-24"}]


@pytest.mark.moto
def test_two_messages_for_one_delivery_send_one_email(world: World) -> None:
    world.confirmed()
    world.plan()
    world.plan()
    assert len(world.run_queue()) == 2
    assert len(world.deliveries) == 1


def test_letters_that_wait_for_send_now_are_not_planned(world: World) -> None:
    world.change(send_now_only=True)
    world.confirmed()
    assert world.plan()["deliveries"] == []
    assert world.run_queue() == []
    plan = Decisions(world.stack).deliver(CAMPAIGN, PERIOD, "cli", "", seen_at=world.clock.now)
    assert plan.queued == (DeliveryKey(CAMPAIGN, "evanston", PERIOD),)
    assert sent_to(world) == {"evanston"}


def test_a_damaged_delivery_keeps_no_new_letters_back(signed: World, caplog: pytest.LogCaptureFixture) -> None:
    damage_delivery(signed)
    caplog.clear()
    signed.plan()
    told = {vars(record)["row"] for record in caplog.records if record.message == "a row is damaged"}
    assert told == {str(delivery_key(DAMAGED))}
    assert sent_to(signed) == {"evanston", "wilmette", "skokie"}


@pytest.mark.parametrize("at_once", ["1", "3"])
def test_a_target_that_fails_stops_no_other(
    signed: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, at_once: str
) -> None:
    signed.variables |= {"PLANS_AT_ONCE": at_once}
    signed.restart("run_jobs")
    fail_for_evanston(monkeypatch)
    caplog.clear()
    with pytest.raises(NotPlannedError, match=CAMPAIGN):
        signed.plan()
    assert sent_to(signed) == {"wilmette", "skokie"}
    [told] = [vars(record) for record in caplog.records if record.message == "not planned"]
    assert (told["levelname"], told["campaign"], told["targets"]) == ("ERROR", CAMPAIGN, ("evanston",))
    assert told["error"] == "TimeoutError"


def test_a_damaged_campaign_stops_no_other(signed: World) -> None:
    damage_campaign(signed)
    with pytest.raises(NotPlannedError, match=OTHER):
        signed.plan()
    assert sent_to(signed) == {"evanston", "wilmette", "skokie"}


def test_sending_now_sends_to_all_others(signed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_for_evanston(monkeypatch)
    with pytest.raises(NotPlannedError, match=CAMPAIGN):
        Decisions(signed.stack).deliver(CAMPAIGN, PERIOD, "Olu", "", seen_at=signed.clock.now)
    assert sent_to(signed) == {"wilmette", "skokie"}
    assert [entry.action for entry in Campaigns(signed.stack.table).audit(CAMPAIGN)] == ["deliver"]


def test_what_could_not_be_previewed_and_goes_is_in_the_log(signed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    controls = Decisions(signed.stack)
    fails, deliveries = iter([True]), Deliveries.deliveries

    def throttled_once(self: Any, campaign: str, target: str, *, whole: bool = True) -> Any:
        if next(fails, False):
            raise TimeoutError
        return deliveries(self, campaign, target, whole=whole)

    monkeypatch.setattr(Deliveries, "deliveries", throttled_once)
    controls.deliver(CAMPAIGN, PERIOD, "Olu", "", seen_at=signed.clock.now, only="evanston")
    assert sent_to(signed) == {"evanston"}
    assert [entry.action for entry in Campaigns(signed.stack.table).audit(CAMPAIGN)] == ["deliver"]


@pytest.mark.usefixtures("invoke")
def test_the_command_says_which_target_it_leaves_out_and_fails(signed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_for_evanston(monkeypatch)
    result = CliRunner().invoke(app, ["deliver", CAMPAIGN, "--target", "evanston", "--yes"])
    assert "evanston: left out, because of an error (TimeoutError)" in result.stdout
    assert "No letters are waiting" not in result.stdout
    assert isinstance(result.exception, NotPlannedError)


def test_targets_that_the_queue_does_not_take_stop_no_other_campaign(
    signed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("undersigned.base.queue.SqsQueue.send_batch", lambda _queue, bodies: [*range(len(bodies))])
        with pytest.raises(NotPlannedError, match=CAMPAIGN):
            signed.plan()
    signed.plan()
    assert sent_to(signed) == {"evanston", "wilmette", "skokie"}


def test_an_hour_with_a_target_that_fails_tells_of_the_others_once_and_plans_them_each_time(
    signed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed.change(deliver_on="THU", deliver_at=17, send_now_only=True)
    fail_for_evanston(monkeypatch)
    at(signed, "2026-11-26T17:00")
    for _ in range(2):
        with pytest.raises(NotDoneError):
            signed.run_job("plan")
        signed.clock.advance(hours=1)
    [told] = signed.mails("waiting")
    assert "2 recipients" in told.text
    signed.change(send_now_only=False)
    at(signed, "2026-12-03T17:00")
    with pytest.raises(NotDoneError):
        signed.run_job("plan")
    assert sent_to(signed) == {"wilmette", "skokie"}
