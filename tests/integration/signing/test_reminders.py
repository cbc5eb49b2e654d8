"""Test the reminder: who gets one, and who gets none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.faults.refusals import Refusing
from tests.support.world import ADA, FORM
from tests.support.world import world as make_world
from undersigned.signing.rows.forms import Forms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import Sent, World

REMINDER = "Reminder: confirm your letter to "
SIGNERS = 1_000


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a stack without moto: these tests run many nights."""
    with make_world(monkeypatch, fast=True) as made:
        yield made


def address(number: int) -> str:
    return f"signer{number}@gmail.com"


def nights(world: World, count: int) -> None:
    """Run so many nightly reconciliations, a day apart, and what is postponed in the hours after each."""
    for _ in range(count):
        world.clock.advance(hours=1)
        world.reconcile()
        for _ in range(23):
            world.run_postponed()
            world.run_stream()
            world.clock.advance(hours=1)


def mark(world: World) -> None:
    """Let the nightly pass ask for the reminder of each form, two days after signing, and send none."""
    world.clock.advance(hours=49)
    world.reconcile()
    assert all(form.is_reminder and form.postponed_until for form in world.forms())


def form_of(sent: Sent) -> str:
    """Return the form that the link of an email confirms."""
    return sent.link("confirm").rpartition("~")[2].partition(".")[0]


def arrived(world: World) -> list[Sent]:
    """Return the emails that SES sent: none to the addresses on its suppression list."""
    return [sent for sent in world.sent if not sent.is_suppressed]


def reminders(world: World) -> list[Sent]:
    return [sent for sent in world.sent if str(sent.mail["Subject"]).startswith(REMINDER)]


def test_who_has_not_confirmed_gets_one_reminder_two_days_after_the_email(world: World) -> None:
    first, signed_at = world.signed(), world.clock.now
    nights(world, 1)
    assert world.sent == [first]
    while not reminders(world):
        nights(world, 1)
    assert timedelta(days=2) <= world.clock.now - signed_at < timedelta(days=4)
    nights(world, 14)
    [reminder] = reminders(world)
    assert world.sent == [first, reminder]
    assert (reminder.to, form_of(reminder)) == (first.to, form_of(first))


def test_a_reminder_leaves_at_the_hour_of_the_first_email(world: World) -> None:
    world.signed()
    world.clock.advance(hours=25)
    world.reconcile()
    world.clock.advance(hours=22.9)
    world.run_postponed()
    assert not reminders(world)
    world.clock.advance(hours=0.1)
    world.run_postponed()
    assert len(reminders(world)) == 1


def test_a_reminder_confirms_the_words_of_its_form_and_quotes_none_of_them(world: World) -> None:
    world.signed(name="Adelaide Unquoted", note="Unquoted words")
    mark(world)
    world.run_postponed()
    [reminder] = reminders(world)
    assert "Unquoted" not in reminder.text + reminder.html
    assert world.press(reminder.link("confirm")).status == 200
    letter = world.row()
    assert (letter.status, letter.words.name, letter.words.note) == ("confirmed", "Adelaide Unquoted", "Unquoted words")


def test_a_form_lives_no_longer_for_its_reminder(world: World) -> None:
    world.signed()
    [form] = world.forms()
    mark(world)
    world.run_postponed()
    [reminded] = world.forms()
    assert (reminded.expires_at, reminded.postponed_until) == (form.expires_at, None)


@pytest.mark.slow
def test_a_thousand_people_whose_email_is_lost_can_confirm_and_get_one_more_each(world: World) -> None:
    for number in range(SIGNERS):
        values = {**ADA, "form": world.form(), "email": address(number)}
        source = f"198.{18 + number // 100}.{number % 100}.7"
        assert world.post(f"{FORM}/signatures", values, source=source).status == 200
    world.run_stream()
    lost = list(world.sent)
    assert len(lost) == SIGNERS
    nights(world, 3)
    again = world.sent[len(lost) :]
    assert sorted(sent.to for sent in again) == sorted(sent.to for sent in lost)
    for sent in again:
        assert world.press(sent.link("confirm")).status == 200
    world.run_stream()
    assert world.counts()["TOTAL"] == SIGNERS
    nights(world, 2)
    assert len(world.sent) == 2 * SIGNERS


def confirm(world: World, first: Sent) -> None:
    assert world.press(first.link("confirm")).status == 200


def withdraw(world: World, first: Sent) -> None:
    confirm(world, first)
    assert world.press(f"{world.own_page()}/withdraw").status == 200


def disown(world: World, first: Sent) -> None:
    assert world.press(first.link("disown")).status == 200


def erase(world: World, _first: Sent) -> None:
    world.erase(world.signer())


def switch_off(world: World, _first: Sent) -> None:
    world.change_and_wait(remind_signers=False)


def quarantine(world: World, _first: Sent) -> None:
    [form] = world.forms()
    Forms(world.stack.table).put_in_quarantine(form, "trap")


def complain(world: World, first: Sent) -> None:
    world.feedback("complaint", first)


def bounce(world: World, first: Sent) -> None:
    world.feedback("bounce", first)


def sign_anew(world: World, _first: Sent) -> None:
    world.signed(note="Newer words")


SETTLED = pytest.mark.parametrize(
    "settle", [confirm, withdraw, disown, erase, switch_off, quarantine, complain, bounce, sign_anew]
)


@SETTLED
def test_nothing_is_sent_for_a_form_that_was_settled_before_the_night(
    world: World, settle: Callable[[World, Sent], None]
) -> None:
    first = world.signed()
    settle(world, first)
    sent = len(arrived(world))
    world.clock.advance(hours=49)
    world.reconcile()
    if settle is sign_anew:
        # The newest form gets it.
        [newest] = [form for form in world.forms() if form.words.note == "Newer words"]
        world.run_postponed()
        assert [form_of(each) for each in reminders(world)] == [newest.form]
        return
    world.run_postponed()
    assert len(arrived(world)) == sent


@SETTLED
def test_nothing_is_sent_for_a_form_that_was_settled_after_the_night(
    world: World, settle: Callable[[World, Sent], None]
) -> None:
    first = world.signed()
    mark(world)
    settle(world, first)
    sent = len(arrived(world))
    world.run_postponed()
    world.run_stream()
    assert len(arrived(world)) == sent
    nights(world, 4)
    assert len(arrived(world)) == sent + int(settle is sign_anew)


def test_an_address_gets_one_reminder_for_all_its_forms_while_they_live(world: World) -> None:
    world.signed()
    nights(world, 10)
    world.signed(note="Newer words")
    nights(world, 5)
    assert len(reminders(world)) == 1


def test_a_form_that_a_bot_sent_last_takes_no_reminder_from_a_persons(world: World) -> None:
    first = world.signed()
    world.clock.advance(hours=1)
    world.signed(form="", note="Newer words")
    world.clock.advance(hours=49)
    world.reconcile()
    world.run_postponed()
    assert [form_of(each) for each in reminders(world)] == [form_of(first)]


def test_two_nightly_passes_at_once_ask_for_one_reminder(world: World) -> None:
    world.signed()
    world.clock.advance(hours=49)
    world.begin_reconciling()
    world.begin_reconciling()
    while world.run_reconciliations():
        pass
    world.queue_postponed()
    world.clock.advance(days=1)
    world.queue_postponed()
    world.run_waiting_mails()
    assert len(reminders(world)) == 1


def test_more_reminders_of_a_network_wait_for_the_next_day(world: World) -> None:
    for number in range(3):
        world.signed(email=address(number))
    mark(world)
    world.variables["MAIL_BUDGETS"] = "10 100 2 100"
    world.restart("send_confirmations")
    world.run_postponed()
    assert len(reminders(world)) == 2
    for number in (4, 5):
        # They take no room from those who sign.
        assert world.signed(email=address(number)).to == address(number)
    world.clock.advance(days=1)
    world.run_postponed()
    assert len(reminders(world)) == 3


def test_reminders_leave_after_the_emails_of_people_who_just_signed(world: World) -> None:
    for number in range(3):
        world.signed(email=address(number))
    mark(world)
    world.variables["MAIL_BUDGETS"] = "10 2 100 100"
    world.restart("send_confirmations")
    for number in range(4, 8):
        assert world.sign(email=address(number)).status == 200
    world.run_stream()
    sent = len(world.sent)
    for _ in range(3):
        world.clock.advance(hours=1)
        world.run_postponed()
    assert [each.to for each in world.sent[sent:]][:2] == [address(6), address(7)]
    assert len(reminders(world)) == 3


def test_a_released_form_gets_its_email_after_it_was_marked_for_a_reminder(world: World) -> None:
    world.signed()
    mark(world)
    world.run_postponed()
    [form] = world.forms()
    forms = Forms(world.stack.table)
    forms.put_in_quarantine(form, "trap")
    forms.release(form, "ffffffff-00000000")
    assert not world.forms()[0].is_reminder


def test_an_email_that_left_late_is_not_followed_at_once_by_its_reminder(world: World) -> None:
    assert world.sign().status == 200
    world.watch = Refusing({"sesv2:SendEmail": "AccountSuspendedException"})
    world.run_stream()
    world.clock.advance(days=3)
    world.watch = None
    world.run_waiting_mails()
    assert len(world.sent) == 1
    left_at = world.clock.now
    while not reminders(world):
        world.clock.advance(hours=1)
        world.reconcile()
        world.run_postponed()
    assert world.clock.now - left_at >= timedelta(days=1)
