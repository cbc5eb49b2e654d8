"""Test that an approval covers what its organizer saw: letters that came after the look wait for another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from tests.approvals import WILMETTE, confirm, hidden, link, post, sent, waiting
from tests.command_line import command_line
from tests.organizers import Browser, read, someone
from tests.world import CAMPAIGN, PERIOD
from undersigned.aws.campaign_keys import controls_key
from undersigned.domain.delivering.deliveries import DeliveryKey
from undersigned.domain.signing.signatures import signer_id
from undersigned.services.delivering.planning import NotPlannedError
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import World
    from undersigned.services.delivering.delivery_controls import DeliveryControls

NEXT = "2026-12-01"


@pytest.fixture(autouse=True)
def _needs_approval(world: World) -> None:
    world.change(approval=True)


def approved_on_hold(world: World) -> DeliveryControls:
    """Let somebody confirm, hold their recipient, and approve; the delivery has begun, and nothing is sealed."""
    world.confirmed()
    controls = world.wiring.delivering.controls
    controls.hold(CAMPAIGN, "evanston", "cli", "a new chief")
    world.plan()
    world.press(link(world), hidden(world.get(link(world))))
    world.run_queue()
    [begun] = world.wiring.deliveries.deliveries(CAMPAIGN, "evanston")
    assert begun.state == "held"
    return controls


@pytest.fixture
def manager(world: World) -> Browser:
    return someone(world, "editor")


def approve_on_its_page(world: World) -> None:
    page = world.get(link(world))
    confirm(world, "bo")
    assert world.press(link(world), hidden(page)).status == 200


def approve_on_the_overview(world: World) -> None:
    organizer = someone(world, "editor")
    page = organizer.see()
    confirm(world, "bo")
    assert organizer.press(f"/deliveries/{PERIOD}/approve", hidden(page)).status == 303


WAYS = pytest.mark.parametrize("approve", [approve_on_its_page, approve_on_the_overview])


@WAYS
def test_a_letter_confirmed_after_the_look_waits_for_the_next_delivery(
    world: World, approve: Callable[[World], None]
) -> None:
    world.confirmed()
    world.plan()
    approve(world)
    world.run_queue()
    assert sent(world) == [(PERIOD, "evanston", 1)]
    assert waiting(world) == 1
    world.clock.advance(days=7)
    world.week()
    assert len(world.deliveries) == 1, "the letter needs an approval of its own"
    world.press(link(world), hidden(world.get(link(world))))
    world.run_queue()
    assert sent(world) == [(PERIOD, "evanston", 1), (NEXT, "evanston", 1)]
    assert waiting(world) == 0


def test_a_letter_confirmed_between_the_approval_and_the_sealing_waits(world: World) -> None:
    world.confirmed()
    world.plan()
    world.press(link(world), hidden(world.get(link(world))))
    confirm(world, "bo")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_a_letter_released_from_hold_after_the_look_waits(world: World) -> None:
    world.confirmed()
    confirm(world, "bo")
    row = world.letter("bo@signers.example")
    assert row
    world.wiring.signatures.hold(row)
    world.plan()
    page = world.get(link(world))
    world.clock.advance(minutes=1)
    assert post(world, f"/signatures/{row.signer}/release", {"why": "a person"}).status == 303
    world.press(link(world), hidden(page))
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_letters_of_a_slice_released_after_the_look_wait(world: World) -> None:
    world.confirmed()
    confirm(world, "bo")
    look = world.clock.now
    world.clock.advance(minutes=1)
    wanted = {"signed_from": "2026-11-01T00:00:00+00:00", "why": "a test"}
    assert post(world, "/screening", {**wanted, "action": "hold"}).status == 200
    assert waiting(world) == 0
    assert post(world, "/screening", {**wanted, "action": "release"}).status == 200
    assert post(world, f"/deliveries/{PERIOD}/approve", {"look": look.isoformat()}).status == 303
    world.run_queue()
    assert (sent(world), waiting(world)) == ([], 2)


def test_a_letter_of_another_recipient_after_the_look_is_not_sent_by_a_later_plan_of_the_day(world: World) -> None:
    world.confirmed()
    world.plan()
    world.press(link(world), hidden(world.get(link(world))))
    world.run_queue()
    confirm(world, "cy", postal_code=WILMETTE)
    for days in (0, 1, 6):
        world.plan(days_ago=days)
        world.run_queue()
        world.clock.advance(days=1)
    assert sent(world) == [(PERIOD, "evanston", 1)]


def test_the_page_of_an_approved_day_says_what_goes_with_a_later_one(world: World) -> None:
    world.confirmed()
    world.plan()
    page = world.get(link(world))
    confirm(world, "bo")
    confirm(world, "cy", postal_code=WILMETTE)
    page = world.press(link(world), hidden(page))
    assert "<h1>Approved</h1>" in page.body
    assert "<td>1</td><td>Ready to send" in page.body
    assert "<td>1</td><td>Came after the approval: goes with the next one" in page.body
    assert "<button>" not in page.body, "a day is approved once"
    assert "Wilmette" not in page.body
    # It can be pressed again in another window, and covers the same letters.
    world.press(link(world), {"look": world.clock().isoformat()})
    world.run_queue()
    assert sent(world) == [(PERIOD, "evanston", 1)]


def test_a_second_approval_of_a_day_covers_no_more(world: World) -> None:
    """Its page doesn't show what would be added to a delivery that has begun."""
    controls = approved_on_hold(world)
    confirm(world, "bo")
    post(world, f"/deliveries/{PERIOD}/approve")
    controls.release(CAMPAIGN, "evanston", "cli", "")
    controls.retry(DeliveryKey(CAMPAIGN, "evanston", PERIOD), "cli", "")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


@pytest.mark.parametrize("is_approved", [False, True])
def test_a_delivery_that_began_before_approvals_were_needed_takes_what_waited_then(
    world: World, *, is_approved: bool
) -> None:
    world.change(approval=False)
    world.confirmed()
    controls = world.wiring.delivering.controls
    controls.hold(CAMPAIGN, "evanston", "cli", "a new chief")
    world.week()
    world.change(approval=True)
    confirm(world, "bo")
    if is_approved:
        # Its page doesn't show letters to a recipient whose delivery has begun.
        controls.approve(CAMPAIGN, PERIOD, "cli", "")
    controls.release(CAMPAIGN, "evanston", "cli", "")
    controls.retry(DeliveryKey(CAMPAIGN, "evanston", PERIOD), "cli", "")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_the_overview_says_what_an_approved_day_does_not_take(world: World, manager: Browser) -> None:
    world.confirmed()
    assert manager.press(f"/deliveries/{PERIOD}/approve", hidden(manager.see())).status == 303
    confirm(world, "bo")
    confirm(world, "cy", postal_code=WILMETTE)
    words = manager.words()
    assert "waiting for approval" not in words
    assert "1 more letter came after the approval, and waits for the next one." in words
    assert "1 more letter came after the approval" in manager.words("/targets/evanston")
    [line] = read(world, "/deliveries/next")["deliveries"]
    assert (line["target"], line["outcome"], line["letters"], line["later"]) == ("evanston", "goes", 1, 1)


def test_a_day_that_was_approved_before_its_plan_is_asked_for_no_more(world: World) -> None:
    """The letters that came after the approval go with the next slot, and are asked for then."""
    world.confirmed()
    assert post(world, f"/deliveries/{PERIOD}/approve").status == 303
    world.run_queue()
    confirm(world, "cy", postal_code=WILMETTE)
    world.week()
    assert world.mails("approval") == []
    world.clock.advance(days=7)
    world.week()
    [request] = world.mails("approval")
    assert "Wilmette" in request.text
    world.press(link(world), hidden(world.get(link(world))))
    world.run_queue()
    assert sent(world) == [(PERIOD, "evanston", 1), (NEXT, "wilmette", 1)]


def test_deliver_by_hand_sends_what_the_approval_covers(world: World) -> None:
    world.confirmed()
    world.wiring.campaigns.approve(CAMPAIGN, PERIOD, world.clock.now)
    confirm(world, "bo")
    confirm(world, "cy", postal_code=WILMETTE)
    assert post(world, "/deliveries/next", {"why": "the council meets"}).status == 303
    world.run_queue()
    assert sent(world) == [(PERIOD, "evanston", 1)]
    post(world, "/deliveries/next", {"target": "wilmette"})
    assert world.run_queue() == []


def test_a_second_email_has_what_its_approval_covers(world: World) -> None:
    world.confirmed()
    post(world, f"/deliveries/{PERIOD}/approve")
    world.run_queue()
    world.clock.advance(days=1)
    confirm(world, "bo")
    look = world.clock.now
    world.clock.advance(minutes=1)
    confirm(world, "cy")
    controls = world.wiring.delivering.controls
    controls.approve(CAMPAIGN, "2026-11-25", "cli", "the office asked for it", look=look, again=True)
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1), ("2026-11-25", "evanston", 1)], 1)


def test_a_held_recipients_letters_of_the_look_go_after_the_release(world: World) -> None:
    controls = approved_on_hold(world)
    confirm(world, "bo")
    controls.release(CAMPAIGN, "evanston", "cli", "")
    world.plan()
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_a_held_recipient_without_a_letter_of_the_look_gets_none(world: World) -> None:
    controls = approved_on_hold(world)
    world.wiring.signatures.withdraw(
        CAMPAIGN, signer_id(world.wiring.secret(), "ada@signers.example"), at=world.clock.now
    )
    confirm(world, "bo")
    controls.release(CAMPAIGN, "evanston", "cli", "")
    world.plan()
    world.run_queue()
    assert (sent(world), waiting(world)) == ([], 1)
    world.clock.advance(days=7)
    world.plan()
    world.press(link(world), hidden(world.get(link(world))))
    world.run_queue()
    assert sent(world) == [(NEXT, "evanston", 1)]


def test_letters_after_the_look_are_not_overdue(world: World) -> None:
    """The day is approved before its hour, and a letter comes between."""
    world.clock.now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    post(world, "/deliveries/2026-11-30/approve")
    confirm(world, "bo")
    world.clock.now = datetime(2026, 11, 30, 15, tzinfo=UTC)
    world.week()
    world.clock.advance(days=2)
    assert world.wiring.operating.overviews.overview(CAMPAIGN, None, 50).overdue == frozenset()
    world.begin_reconciling()
    assert world.deliveries == []


def test_a_page_of_the_version_before_approves_what_waits_when_its_button_is_pressed(world: World) -> None:
    world.confirmed()
    world.plan()
    confirm(world, "bo")
    assert world.post(link(world)).status == 303
    confirm(world, "cy")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 2)], 1)


def test_of_two_approvals_the_first_counts(world: World) -> None:
    world.confirmed()
    early = world.clock.now
    confirm(world, "bo")
    for look in (early, world.clock.now):
        assert post(world, f"/deliveries/{PERIOD}/approve", {"look": look.isoformat()}).status == 303
    confirm(world, "cy")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 2)


def test_a_look_in_the_future_is_now(world: World) -> None:
    world.confirmed()
    assert post(world, f"/deliveries/{PERIOD}/approve", {"look": "9999-12-31T23:59:59+00:00"}).status == 303
    assert world.wiring.campaigns.controls(CAMPAIGN).approved == {PERIOD: world.clock.now}
    confirm(world, "bo")
    world.run_queue()
    assert waiting(world) == 1


def test_a_look_in_another_time_zone_is_the_same_moment(world: World) -> None:
    world.confirmed()
    look = world.clock.now
    confirm(world, "bo")
    text = (look.replace(tzinfo=None) - timedelta(hours=6)).isoformat() + "-06:00"
    assert post(world, f"/deliveries/{PERIOD}/approve", {"look": text}).status == 303
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


@pytest.mark.parametrize(
    "look",
    [
        *("", "now", "2026-11-24", "2026-11-24T18:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
        *("2026-11-24T18:00:00+00:00~", "1" * 5000),
    ],
)
def test_a_malformed_look_is_refused(world: World, manager: Browser, look: str) -> None:
    world.confirmed()
    world.plan()
    for page in (
        world.post(link(world), {"look": look}),
        manager.press(f"/deliveries/{PERIOD}/approve", {"look": look}),
    ):
        assert page.status == 400
        assert "load the page again" in page.body
    assert world.wiring.campaigns.controls(CAMPAIGN).approved == {}


@pytest.mark.parametrize(("media_type", "body", "status"), [("text/plain", b"x", 415), ("application/json", b"[", 400)])
def test_a_form_of_the_link_that_cannot_be_read_is_answered_with_a_page(
    world: World, media_type: str, body: bytes, status: int
) -> None:
    world.confirmed()
    world.plan()
    answer = world.post(link(world), raw=body, headers={"content-type": media_type})
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert world.wiring.campaigns.controls(CAMPAIGN).approved == {}


def test_the_command_approves_what_it_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.confirmed()

    def ask(_question: str, **_options: Any) -> None:
        confirm(world, "bo")
        confirm(world, "cy", postal_code=WILMETTE)

    def run(*arguments: str) -> str:
        return str(CliRunner().invoke(app, list(arguments), catch_exceptions=False).stdout)

    monkeypatch.setattr("undersigned_cli.commands.delivery_controls.ask", ask)
    command_line(world, monkeypatch)
    output = run("approve", CAMPAIGN, PERIOD)
    assert "evanston: 1 letter to" in output
    assert f"{PERIOD} is approved; 1 delivery started." in output
    output = run("deliver", CAMPAIGN, "--yes")
    assert "evanston: 1 letter to" in output
    assert "1 more letter came after the approval, and waits for the next one" in output
    assert "wilmette" not in output, "its letter came after the approval"
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_controls_keep_one_moment_for_each_day(world: World) -> None:
    first = world.clock.now
    for _ in range(50):
        post(world, f"/deliveries/{PERIOD}/approve")
        world.clock.advance(seconds=1)
    assert (world.wiring.table.get(controls_key(CAMPAIGN)) or {})["approved"] == {f"{PERIOD} {first.isoformat()}"}


def test_letters_of_an_approval_whose_message_was_lost_go_when_it_is_given_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    first = world.clock.now
    controls = world.wiring.delivering.controls
    with monkeypatch.context() as broken:
        broken.setattr(type(world.wiring.queue), "put", Mock(side_effect=ConnectionError))
        with pytest.raises(NotPlannedError):
            controls.approve(CAMPAIGN, PERIOD, "cli", "")
    confirm(world, "bo")
    controls.approve(CAMPAIGN, PERIOD, "cli", "")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)
    assert world.wiring.campaigns.controls(CAMPAIGN).approved == {PERIOD: first}


def test_a_letter_that_was_due_at_the_very_moment_of_the_approval_goes(world: World) -> None:
    world.confirmed()
    world.clock.advance(microseconds=1)
    world.confirmed(email="bo@signers.example")
    due = world.clock.now
    world.clock.advance(microseconds=1)
    world.confirmed(email="cy@signers.example")
    world.wiring.delivering.controls.approve(CAMPAIGN, PERIOD, "cli", "", look=due)
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 2)], 1)
