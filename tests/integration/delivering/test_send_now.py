"""Test that *Send now* sends what its page showed, and a campaign whose letters go only when somebody presses it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from tests.faults.refusals import Refusing
from tests.support.acting import Decisions, decide
from tests.support.command_line import command_line
from tests.support.emitted import metrics_in
from tests.support.organizers import Browser, read, someone
from tests.support.sending import WILMETTE, confirm, hidden, post, send_now, sent, waiting
from tests.support.world import CAMPAIGN, PERIOD
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.hours import NotDoneError
from undersigned.delivering.planning import NotPlannedError
from undersigned.delivering.queue import delivery_queue
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.overviews import Overview
from undersigned.signing.rows.signatures import Signatures
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World
    from undersigned.delivering.rules.deliveries import Delivery

KEY = DeliveryKey(CAMPAIGN, "evanston", PERIOD)
MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)
NO_FILE = Refusing({"s3:PutObject": "InternalError"}, status=500)
"""Letters are sealed, and their packet can't be stored."""
"""The weekly hour after the world's first day."""


@pytest.fixture(autouse=True)
def _send_now_only(world: World) -> None:
    world.change(send_now_only=True)


@pytest.fixture
def editor(world: World) -> Browser:
    return someone(world, "editor")


def held_after_send_now(world: World) -> Decisions:
    """Let somebody confirm, hold their recipient, and send now: the delivery has begun, and nothing is sealed."""
    world.confirmed()
    controls = Decisions(world.stack)
    decide(world, "hold", "evanston", why="a new chief")
    controls.deliver(CAMPAIGN, PERIOD, "cli", "", seen_at=world.clock.now)
    world.run_queue()
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery
    assert (delivery.state, delivery.letters) == ("held", 0)
    return controls


@pytest.mark.moto
def test_letters_wait_until_somebody_presses_send_now(world: World) -> None:
    world.confirmed()
    world.week()
    for days in range(8):
        world.clock.now = MONDAY + timedelta(days=days)
        world.hour()
    assert (sent(world), waiting(world)) == ([], 1)
    send_now(world)
    world.run_queue()
    assert sent(world) == [("2026-12-07", "evanston", 1)]


@pytest.mark.parametrize("send_now_only", [True, False])
def test_a_letter_confirmed_after_the_page_was_read_waits(
    world: World, editor: Browser, *, send_now_only: bool
) -> None:
    world.change(send_now_only=send_now_only)
    world.confirmed()
    page = editor.see()
    confirm(world, "bo")
    send_now(world, page)
    confirm(world, "cy")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 2)
    world.clock.advance(days=7)
    send_now(world)
    world.run_queue()
    assert sent(world)[1:] == [("2026-12-01", "evanston", 2)]


def test_the_button_of_one_recipient_sends_what_its_page_showed(world: World, editor: Browser) -> None:
    world.confirmed()
    confirm(world, "cy", postal_code=WILMETTE)
    page = editor.see("/targets/evanston")
    confirm(world, "bo")
    send_now(world, page)
    world.run_queue()
    assert sent(world) == [(PERIOD, "evanston", 1)]
    assert (waiting(world), waiting(world, "wilmette")) == (1, 1)


def test_a_recipient_whose_first_letter_came_after_the_page_gets_none(world: World, editor: Browser) -> None:
    world.confirmed()
    page = editor.see()
    confirm(world, "cy", postal_code=WILMETTE)
    send_now(world, page)
    world.run_queue()
    assert (sent(world), waiting(world, "wilmette")) == ([(PERIOD, "evanston", 1)], 1)
    assert Campaigns(world.stack.table).target(CAMPAIGN, "wilmette").free_from is None


def test_a_letter_released_from_hold_after_the_page_was_read_waits(world: World, editor: Browser) -> None:
    world.confirmed()
    confirm(world, "bo")
    row = world.signature("bo@signers.example")
    Signatures(world.stack.table).hold(row)
    page = editor.see()
    world.clock.advance(minutes=1)
    assert post(world, f"/signatures/{row.signer}/release", {"why": "a person"}).status == 303
    send_now(world, page)
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_pressing_twice_sends_once_and_what_the_first_page_showed(world: World, editor: Browser) -> None:
    world.confirmed()
    page = editor.see()
    confirm(world, "bo")
    send_now(world, page)
    send_now(world)
    assert len(world.run_queue()) == 2
    assert "Nothing was sent" in editor.see(send_now(world, page).headers["location"]).words
    assert world.run_queue() == []
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


@pytest.mark.parametrize("crashed", ["before it is queued", "while some are queued"])
def test_after_a_crash_the_button_is_pressed_again(world: World, monkeypatch: pytest.MonkeyPatch, crashed: str) -> None:
    world.confirmed()
    controls = Decisions(world.stack)
    with monkeypatch.context() as broken:
        broken.setattr(type(delivery_queue(world.stack)), "put", Mock(side_effect=ConnectionError))
        with pytest.raises(NotPlannedError):
            controls.deliver(CAMPAIGN, PERIOD, "cli", "", seen_at=world.clock.now)
    if crashed == "while some are queued":
        confirm(world, "cy", postal_code=WILMETTE)
        delivery_queue(world.stack).put([DeliveryKey(CAMPAIGN, "wilmette", PERIOD)], until=world.clock.now)
    send_now(world)
    world.run_queue()
    assert sent(world)[0] == (PERIOD, "evanston", 1) or sent(world)[1] == (PERIOD, "evanston", 1)
    assert (waiting(world), waiting(world, "wilmette")) == (0, 0)


def test_a_message_without_a_page_begins_nothing(world: World) -> None:
    """A plan queued it before the campaign was changed."""
    world.confirmed()
    delivery_queue(world.stack).put([KEY])
    world.run_queue()
    assert (sent(world), waiting(world)) == ([], 1)


def test_the_hourly_run_goes_on_each_day_with_what_has_begun(world: World) -> None:
    world.confirmed()
    send_now(world)
    world.watch = NO_FILE
    world.run_queue()
    world.watch = None
    confirm(world, "bo")
    assert waiting(world) == 1
    world.hour()
    world.clock.advance(days=1)
    world.hour()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_sealed_letters_of_a_hold_go_on_the_day_after_the_release(world: World) -> None:
    world.confirmed()
    send_now(world)
    world.watch = NO_FILE
    world.run_queue()
    world.watch = None
    decide(world, "hold", "evanston", why="a new chief")
    for _ in range(2):
        world.hour()
        world.clock.advance(days=1)
    assert sent(world) == []
    decide(world, "release", "evanston")
    confirm(world, "bo")
    world.hour()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_a_held_delivery_that_is_retried_takes_what_the_page_showed(world: World) -> None:
    controls = held_after_send_now(world)
    confirm(world, "bo")
    decide(world, "release", "evanston")
    controls.retry(KEY, "cli", "")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_a_delivery_that_began_by_itself_takes_what_had_come_then(world: World) -> None:
    world.change(send_now_only=False)
    world.confirmed()
    controls = Decisions(world.stack)
    decide(world, "hold", "evanston", why="a new chief")
    world.week()
    world.change(send_now_only=True)
    confirm(world, "bo")
    decide(world, "release", "evanston")
    controls.retry(KEY, "cli", "")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_a_second_email_within_seven_days_has_what_was_seen(world: World) -> None:
    world.confirmed()
    send_now(world)
    world.run_queue()
    world.clock.advance(days=1)
    confirm(world, "bo")
    seen_at = world.clock.now
    confirm(world, "cy")
    controls = Decisions(world.stack)
    controls.deliver(CAMPAIGN, "2026-11-25", "cli", "the office asked for it", seen_at=seen_at, again=True)
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1), ("2026-11-25", "evanston", 1)], 1)


def test_a_moment_in_the_future_is_now(world: World) -> None:
    world.confirmed()
    send_now(world, seen_at="9999-12-31T23:59:59+00:00")
    confirm(world, "bo")
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_a_moment_in_another_time_zone_is_the_same(world: World) -> None:
    world.confirmed()
    text = (world.clock.now.replace(tzinfo=None) - timedelta(hours=6)).isoformat() + "-06:00"
    confirm(world, "bo")
    send_now(world, seen_at=text)
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_a_letter_that_was_due_at_the_very_moment_of_the_page_goes(world: World) -> None:
    world.confirmed()
    world.clock.advance(microseconds=1)
    world.confirmed(email="bo@signers.example")
    seen_at = world.clock.now
    world.clock.advance(microseconds=1)
    world.confirmed(email="cy@signers.example")
    Decisions(world.stack).deliver(CAMPAIGN, PERIOD, "cli", "", seen_at=seen_at)
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 2)], 1)


@pytest.mark.parametrize(
    "seen_at",
    [
        *("", "now", "2026-11-24", "2026-11-24T18:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
        *("2026-11-24T18:00:00+00:00~", "1" * 5000),
    ],
)
def test_a_malformed_moment_is_refused(world: World, editor: Browser, seen_at: str) -> None:
    world.confirmed()
    page = editor.press("/deliveries/next", {"seen_at": seen_at})
    assert page.status == 400
    assert "load the page again" in page.body
    assert editor.press("/deliveries/next").status == 400
    assert world.run_queue() == []


def test_the_command_sends_what_it_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.confirmed()

    def ask(*_: Any, **_options: Any) -> bool:
        confirm(world, "bo")
        return True

    monkeypatch.setattr("typer.confirm", ask)
    command_line(world, monkeypatch)
    output = str(CliRunner().invoke(app, ["deliver", CAMPAIGN], catch_exceptions=False).stdout)
    assert "evanston: 1 letter to" in output
    assert "This campaign's letters go only when somebody presses Send now" in output
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 1)


def test_a_paused_campaign_sends_nothing_until_it_is_resumed(world: World) -> None:
    world.confirmed()
    send_now(world)
    decide(world, "pause")
    world.run_queue()
    assert sent(world) == []
    decide(world, "resume")
    send_now(world)
    world.run_queue()
    assert sent(world) == [(PERIOD, "evanston", 1)]


# The weekly email, and what pages say


def test_a_weekly_email_says_how_many_letters_wait(world: World) -> None:
    world.confirmed()
    confirm(world, "bo")
    confirm(world, "cy", postal_code=WILMETTE)
    for day in range(-1, 8):
        world.clock.now = MONDAY + timedelta(days=day)
        world.hour()
        world.hour()
    first, second = world.mails("waiting")
    assert [mail.tags["period"] for mail in (first, second)] == ["2026-11-30", "2026-12-07"]
    assert first.mail["Subject"] == "3 letters wait for “Send now”: End Demand Illinois"
    assert "They are for 2 recipients." in first.text
    assert f"/organizer/dashboard/{CAMPAIGN}" in first.text
    assert "Ada" not in first.text


def test_no_email_comes_if_nothing_can_be_sent(world: World) -> None:
    world.clock.now = MONDAY
    world.hour()
    world.confirmed()
    decide(world, "hold", "evanston", why="a new chief")
    world.clock.advance(days=7)
    world.hour()
    decide(world, "release", "evanston")
    decide(world, "pause")
    world.clock.advance(days=7)
    world.hour()
    assert world.mails("waiting") == []


def test_an_outage_at_the_weekly_hour_loses_no_email(world: World) -> None:
    world.clock.now = MONDAY - timedelta(days=1)
    world.hour()
    world.confirmed()
    world.clock.now = MONDAY + timedelta(days=2)
    world.hour()
    [mail] = world.mails("waiting")
    assert mail.tags["period"] == "2026-11-30"


@pytest.mark.parametrize("refusal", ["throttled", "AccessDeniedException", "MessageRejected"])
def test_an_email_that_could_not_be_sent_is_sent_by_the_next_run(world: World, refusal: str) -> None:
    world.confirmed()
    world.clock.now = MONDAY
    if refusal == "throttled":
        world.throttles = 100
    else:
        world.refusal = refusal
    with pytest.raises(NotDoneError):
        world.hour()
    world.throttles, world.refusal = 0, ""
    for _ in range(3):
        world.clock.advance(hours=1)
        world.hour()
    assert len(world.mails("waiting")) == 1


def test_a_read_that_fails_at_the_weekly_hour_loses_no_email(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # The plan reads first, then the email.
    read, fails = Deliveries.deliveries, iter([False, True])

    def failing(self: Deliveries, campaign: str, target: str, *, whole: bool = True) -> Iterator[Delivery]:
        if target == "evanston" and next(fails, False):
            raise TimeoutError
        return read(self, campaign, target, whole=whole)

    world.confirmed()
    world.clock.now = MONDAY
    monkeypatch.setattr(Deliveries, "deliveries", failing)
    with pytest.raises(NotDoneError):
        world.hour()
    world.clock.advance(hours=1)
    world.hour()
    assert len(world.mails("waiting")) == 1


def test_the_email_and_the_pages_are_in_the_campaigns_language(world: World) -> None:
    world.change(language="es")
    world.confirmed()
    world.clock.now = MONDAY
    world.hour()
    [mail] = world.mails("waiting")
    assert mail.mail["Subject"].startswith("1 carta espera a que alguien pulse “Enviar ahora”")


def test_letters_are_never_overdue_before_somebody_sends_them(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.confirmed()
    world.clock.advance(days=30)
    capsys.readouterr()
    world.reconcile()
    assert "LettersOverdue" not in metrics_in(capsys.readouterr().out)
    assert Overview(world.stack, CAMPAIGN).overdue == frozenset()


def test_a_delivery_that_has_begun_can_be_overdue(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.confirmed()
    send_now(world)
    world.watch = NO_FILE
    world.run_queue()
    world.clock.advance(days=2)
    capsys.readouterr()
    world.reconcile()
    assert metrics_in(capsys.readouterr().out)["LettersOverdue"] == [1]


def test_the_overview_begins_with_the_letters_that_wait(world: World, editor: Browser) -> None:
    assert "wait for “Send now”" not in editor.words()
    world.confirmed()
    confirm(world, "bo")
    words = editor.words()
    assert "2 letters wait for “Send now”" in words
    assert words.count("What goes if you press the button") == 1
    assert "Letters that come after you opened this page wait for the next time." in words
    assert "No problems" not in words
    assert "Next delivery When somebody presses “Send now”" in " ".join(words.split())
    assert hidden(editor.see())["seen_at"] == world.clock.now.isoformat()
    viewer = someone(world, "viewer")
    assert "2 letters wait for “Send now”" in viewer.words()
    assert "seen_at" not in hidden(viewer.see())
    assert read(world, "/deliveries/next")["next_delivery"] is None


def test_signers_read_that_the_organizer_starts_the_delivery(world: World) -> None:
    world.clock.advance(minutes=2)
    assert "with the next delivery, which the organizer starts" in world.sign().words
    mail = world.signed(email="bo@signers.example")
    assert "with the next delivery, which the organizer starts" in " ".join(mail.text.split())
    page = world.press(mail.link("confirm"))
    assert "with the next delivery, which the organizer starts" in page.words
    assert read(world, "")["next_delivery"] is None
