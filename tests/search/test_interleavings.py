"""Handlers that run at the same time on AWS, in every order that matters: each pair, and random weeks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, get_args

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from pypdf import PdfReader

from tests.search.interleavings import MailEvent, Play, Race, Refusals, staged, typeset_plainly, with_history
from tests.search.stored import delivery_item, target_item
from tests.support import figures, seeds
from tests.support import world as worlds
from tests.support.cast import path_of
from tests.support.scale import scale
from tests.support.world import CAMPAIGN, CONTEXT, PERIOD
from undersigned.delivering.printing import packets
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.rules.reconciliations import FindingKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.search.interleavings import Actor, Fate, Order
    from undersigned.delivering.rules.deliveries import Delivery

    type Begin = Callable[[], tuple[Actor, Actor]]

pytestmark = pytest.mark.slow

DIFFERENCES = set(get_args(FindingKind)) - {"a delivery waits for a decision"}
"""Findings that a reconciliation must not report in a race, because they are false."""

FIRST = path_of(PERIOD, "evanston")
"""The first delivery."""

tried: dict[str, int] = {}


@pytest.fixture(scope="module", autouse=True)
def _figures() -> Iterator[None]:
    yield
    print(f"\ninterleavings tried: {sum(tried.values())}")  # noqa: T201  (`pytest -s` shows it)
    if scale.is_long:
        figures.keep(__file__, {"Interleavings tried": sum(tried.values())})


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Yield a stack on a stage, with plain packets."""
    monkeypatch.setattr(packets, "typeset", typeset_plainly)
    with worlds.world(monkeypatch, bundle_size=2, fast=True) as world, staged(monkeypatch) as stage:
        yield Play(world, stage)


# Preparation


def confirmed(play: Play, *people: str) -> None:
    for person in people:
        play.finish(play.sign(person, f"{person} Specimen"))
        play.finish(play.confirm(person))


def counted(play: Play, *people: str) -> None:
    confirmed(play, *people)
    play.count()


def planned(play: Play, *people: str) -> None:
    counted(play, *people)
    play.finish(play.plan())


def sent(play: Play, fate: Fate = "delivered") -> None:
    """Send Ada's and Ben's letters. SES's events about the email are still to come."""
    planned(play, "Ada", "Ben")
    play.fate = fate
    play.finish(play.deliver(play.messages[-1]))
    play.fate = "delivered"


def next_event(play: Play, case: str) -> MailEvent:
    [found] = [event for event in play.mail_events if event.case == case]
    play.mail_events.remove(found)
    return found


def bounced(play: Play) -> None:
    sent(play, "bounced")
    for event in list(play.mail_events):
        play.mail_events.remove(event)
        play.finish(play.report(event))


def deliver_until_ses_accepts(play: Play, fate: Fate) -> Actor:
    play.fate = fate
    delivering = play.deliver(play.messages[-1])
    while not play.world.deliveries:
        play.step(delivering)
    play.collect()
    play.fate = "delivered"
    return delivering


def deliver_until_it_opens(play: Play, period: str) -> Actor:
    """Deliver until the next call opens the period's delivery, after its days were read."""
    delivering = play.deliver(play.messages[0])
    opened = delivery_item(DeliveryKey(CAMPAIGN, "evanston", period))
    while delivering.at is not None and opened not in delivering.at.written:
        play.step(delivering)
    return delivering


def deliver_until_it_sends(play: Play) -> Actor:
    """Deliver until the next call begins the email: the letters are sealed and typeset."""
    delivering = play.deliver(play.messages[-1])
    while delivering.at is not None and target_item(CAMPAIGN, "evanston") not in delivering.at.written:
        play.step(delivering)
    return delivering


# Races: each prepares the stack and returns a function that starts its two actors


def two_planners(play: Play) -> Begin:
    counted(play, "Ada", "Ben")
    return lambda: (play.plan(), play.plan())


def a_planner_and_a_delivery(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.plan(), play.deliver(play.messages[-1]))


def two_deliveries_of_one_message(play: Play) -> Begin:
    planned(play, "Ada", "Ben", "Cyd")
    return lambda: (play.deliver(play.messages[-1]), play.deliver(play.messages[-1]))


def deliveries_of_two_periods(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    play.world.clock.advance(days=7)
    play.finish(play.plan())
    return lambda: (play.deliver(play.messages[0]), play.deliver(play.messages[-1]))


def deliveries_of_two_days_of_a_week(play: Play) -> Begin:
    counted(play, "Ada", "Ben", "Cyd")
    play.enqueue("2026-11-23")
    play.enqueue("2026-11-24")
    return lambda: (deliver_until_it_opens(play, "2026-11-23"), play.deliver(play.messages[1]))


def two_deliveries_of_a_released_one(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    play.finish(play.hold())
    play.finish(play.deliver(play.messages[-1]))
    play.finish(play.release())
    return lambda: (play.deliver(play.messages[-1]), play.deliver(play.messages[-1]))


def planners_of_two_days_of_a_week(play: Play) -> Begin:
    counted(play, "Ada", "Ben", "Cyd")
    return lambda: (play.plan(days_ago=1), play.plan())


def a_withdrawal_and_the_sealing(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.withdraw("Ada"), play.deliver(play.messages[-1]))


def a_confirmation_and_the_sealing(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    play.finish(play.withdraw("Ada"))
    play.world.clock.advance(seconds=1)
    play.finish(play.sign("Ada", "Ada Again"))
    return lambda: (play.confirm("Ada"), play.deliver(play.messages[-1]))


def expired(play: Play) -> None:
    play.finish(play.sign("Ada", "Ada Specimen"))
    play.count()
    play.world.clock.advance(days=14)


def a_confirmation_and_the_expiry(play: Play) -> Begin:
    expired(play)
    return lambda: (play.confirm("Ada"), play.expire("Ada"))


def signing_again_and_the_expiry(play: Play) -> Begin:
    expired(play)
    return lambda: (play.sign("Ada", "Ada Again"), play.expire("Ada"))


def two_forms_of_one_person(play: Play) -> Begin:
    return lambda: (play.sign("Ada", "Ada Specimen"), play.sign("Ada", "Ada Again"))


def signing_again_and_the_confirmation(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Specimen"))
    return lambda: (play.sign("Ada", "Ada Again"), play.confirm("Ada"))


def links_of_two_forms(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Specimen"))
    first = play.link("Ada")
    play.world.clock.advance(seconds=1)
    play.finish(play.sign("Ada", "Ada Again"))
    assert play.link("Ada") != first
    return lambda: (play.confirm("Ada", first), play.confirm("Ada"))


def signing_again_and_the_confirmation_of_earlier_words(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Specimen"))
    first = play.link("Ada")
    play.finish(play.sign("Ada", "Ada Again"))
    return lambda: (play.sign("Ada", "Ada Once More"), play.confirm("Ada", first))


def the_same_form_again_and_its_confirmation(play: Play) -> Begin:
    """A browser whose answer was lost sends the form again."""
    play.finish(play.sign("Ada", "Ada Specimen"))
    return lambda: (play.sign("Ada", "Ada Specimen"), play.confirm("Ada"))


def a_withdrawal_and_the_link_of_another_form(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Again"))
    other = play.link("Ada")
    play.world.clock.advance(seconds=1)
    counted(play, "Ada")
    play.world.clock.advance(seconds=1)
    return lambda: (play.withdraw("Ada"), play.confirm("Ada", other))


def an_erasure_and_the_confirmation(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Specimen"))
    play.world.clock.advance(seconds=1)
    return lambda: (play.erase("Ada"), play.confirm("Ada"))


def an_erasure_and_another_form(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Specimen"))
    return lambda: (play.erase("Ada"), play.sign("Ada", "Ada Again"))


def signing_again_and_the_withdrawal(play: Play) -> Begin:
    counted(play, "Ada")
    return lambda: (play.sign("Ada", "Ada Again"), play.withdraw("Ada"))


def two_confirmations(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Specimen"))
    return lambda: (play.confirm("Ada"), play.confirm("Ada"))


def a_tally_and_the_confirmation(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Specimen"))
    return lambda: (play.tally(play.take_backlog()), play.confirm("Ada"))


def a_tally_and_the_withdrawal(play: Play) -> Begin:
    confirmed(play, "Ada")
    return lambda: (play.tally(play.take_backlog()), play.withdraw("Ada"))


def a_tally_and_the_sealing(play: Play) -> Begin:
    confirmed(play, "Ada", "Ben")
    play.finish(play.plan())
    return lambda: (play.tally(play.take_backlog()), play.deliver(play.messages[-1]))


def two_tallies_of_the_same_records(play: Play) -> Begin:
    confirmed(play, "Ada")
    play.finish(play.withdraw("Ada"))
    play.world.clock.advance(seconds=1)
    play.finish(play.sign("Ada", "Ada Again"))
    return lambda: (play.tally(play.backlog), play.tally(play.take_backlog()))


def an_erasure_and_the_sealing(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.erase("Ada"), play.deliver(play.messages[-1]))


def an_erasure_and_the_second_attempt(play: Play) -> Begin:
    bounced(play)
    play.finish(play.retry(FIRST))
    return lambda: (play.erase("Ada"), play.deliver(play.messages[-1]))


def an_erasure_and_the_bounce(play: Play) -> Begin:
    sent(play, "bounced")
    bounce = next_event(play, "bounce")
    return lambda: (play.erase("Ada"), play.report(bounce))


def an_erasure_and_the_retry(play: Play) -> Begin:
    bounced(play)
    return lambda: (play.erase("Ada"), play.retry(FIRST))


def a_bounce_and_the_retry(play: Play) -> Begin:
    sent(play, "bounced")
    bounce = next_event(play, "bounce")
    return lambda: (play.report(bounce), play.retry(FIRST))


def a_repeated_bounce_and_the_second_attempt(play: Play) -> Begin:
    sent(play, "bounced")
    bounce = next_event(play, "bounce")
    play.finish(play.report(bounce))
    play.finish(play.retry(FIRST))
    return lambda: (play.report(bounce), play.deliver(play.messages[-1]))


def the_send_event_and_the_answer_of_ses(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (deliver_until_ses_accepts(play, "delivered"), play.report(next_event(play, "send")))


def the_bounce_and_the_answer_of_ses(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (deliver_until_ses_accepts(play, "bounced"), play.report(next_event(play, "bounce")))


def a_delivery_event_and_a_complaint(play: Play) -> Begin:
    sent(play, "complained")
    delivery, complaint = next_event(play, "delivery"), next_event(play, "complaint")
    return lambda: (play.report(delivery), play.report(complaint))


def a_pause_and_the_delivery(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.pause(), play.deliver(play.messages[-1]))


def a_hold_and_the_delivery(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.hold(), play.deliver(play.messages[-1]))


def a_stop_and_the_delivery(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.stop(), play.deliver(play.messages[-1]))


def a_lifted_stop_and_the_next_one(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    play.finish(play.stop())
    play.world.clock.advance(seconds=1)
    return lambda: (play.lift_stop(), play.stop())


def two_who_send_now(play: Play) -> Begin:
    play.only_send_now()
    counted(play, "Ada", "Ben")
    return lambda: (play.send_now(), play.send_now())


def sending_now_and_the_hourly_run(play: Play) -> Begin:
    """A delivery has begun, and waits for its next attempt."""
    play.only_send_now()
    counted(play, "Ada", "Ben")
    play.enqueue(until=play.world.clock.now)
    play.finish(play.hold())
    play.finish(play.deliver(play.messages[-1]))
    play.finish(play.release())
    return lambda: (play.send_now(), play.plan())


def deliveries_of_two_pages(play: Play) -> Begin:
    """A letter was confirmed between the moments at which two people read what waits. The first delivery counts."""
    play.only_send_now()
    counted(play, "Ada", "Ben")
    play.enqueue(until=play.world.clock.now)
    play.world.clock.advance(minutes=1)
    counted(play, "Cy")
    play.enqueue(until=play.world.clock.now)
    return lambda: (play.deliver(play.messages[-2]), play.deliver(play.messages[-1]))


def a_confirmation_after_the_page_and_the_sealing(play: Play) -> Begin:
    """A letter is confirmed while those are sealed that somebody sent. It must wait for the next delivery."""
    play.only_send_now()
    counted(play, "Ada", "Ben")
    play.finish(play.send_now())
    play.world.clock.advance(minutes=1)
    play.finish(play.sign("Cy", "Cy"))
    play.count()
    return lambda: (play.confirm("Cy"), play.deliver(play.messages[-1]))


def two_deliveries_around_a_confirmation(play: Play) -> Begin:
    """A letter is confirmed after a delivery has sealed what waited. It must wait for the next one."""
    planned(play, "Ada", "Ben")

    def begin() -> tuple[Actor, Actor]:
        first = deliver_until_it_sends(play)
        confirmed(play, "Cyd")
        return first, deliver_until_it_sends(play)

    return begin


def a_reconciliation_and_a_signature(play: Play) -> Begin:
    """Nobody has read the first form for a day, so its email is asked for again."""
    counted(play, "Ben")
    play.finish(play.sign("Ada", "Ada Specimen"))
    play.world.clock.advance(hours=26)
    return lambda: (play.reconcile(), play.sign("Ada", "Ada Again"))


def a_reconciliation_and_the_confirmation(play: Play) -> Begin:
    counted(play, "Ben")
    play.finish(play.sign("Ada", "Ada Specimen"))
    play.world.clock.advance(hours=26)
    return lambda: (play.reconcile(), play.confirm("Ada"))


def a_reconciliation_and_the_withdrawal(play: Play) -> Begin:
    counted(play, "Ada", "Ben")
    return lambda: (play.reconcile(), play.withdraw("Ada"))


def a_reconciliation_and_the_sealing(play: Play) -> Begin:
    planned(play, "Ada", "Ben", "Cyd")
    return lambda: (play.reconcile(), play.deliver(play.messages[-1]))


def a_reconciliation_and_the_tally(play: Play) -> Begin:
    """The tally reads late what the reconciliation counts, too."""
    confirmed(play, "Ada", "Ben")
    play.finish(play.withdraw("Ada"))
    play.world.clock.advance(hours=2)
    return lambda: (play.reconcile(), play.tally(play.take_backlog()))


def two_reconciliations(play: Play) -> Begin:
    confirmed(play, "Ada")
    play.world.clock.advance(hours=26)
    return lambda: (play.reconcile(), play.reconcile())


def reminded(play: Play) -> None:
    """Let Ada's form be due for its reminder."""
    play.finish(play.sign("Ada", "Ada Specimen"))
    play.world.handlers["send_confirmations"]({"Records": play.take_backlog()}, CONTEXT)
    play.world.run_waiting_mails()
    assert len(play.world.sent) == 1
    play.world.clock.advance(hours=49)


def two_nightly_passes_that_remind(play: Play) -> Begin:
    reminded(play)
    return lambda: (play.reconcile(), play.reconcile())


def a_nightly_pass_that_reminds_and_the_confirmation(play: Play) -> Begin:
    reminded(play)
    return lambda: (play.reconcile(), play.confirm("Ada"))


def a_nightly_pass_that_reminds_and_an_erasure(play: Play) -> Begin:
    reminded(play)
    return lambda: (play.reconcile(), play.erase("Ada"))


def a_reminder_and_the_confirmation(play: Play) -> Begin:
    reminded(play)
    play.world.reconcile()
    assert [form.is_reminder for form in play.world.forms()] == [True]
    return lambda: (play.remind(), play.confirm("Ada"))


def a_reminder_and_an_erasure(play: Play) -> Begin:
    reminded(play)
    play.world.reconcile()
    assert [form.is_reminder for form in play.world.forms()] == [True]
    return lambda: (play.remind(), play.erase("Ada"))


def to_be_told(play: Play) -> None:
    """Let Ada and Ben be told of an answer to their letters, which were delivered."""
    sent(play)
    for event in list(play.mail_events):
        play.mail_events.remove(event)
        play.finish(play.report(event))
    play.finish(play.answer("The first text."))
    play.finish(play.let_tell())


def two_runs_that_tell(play: Play) -> Begin:
    to_be_told(play)
    return lambda: (play.tell(), play.tell())


def telling_and_an_erasure(play: Play) -> Begin:
    to_be_told(play)
    return lambda: (play.tell(), play.erase("Ada"))


def telling_and_the_end_of_news(play: Play) -> Begin:
    to_be_told(play)
    return lambda: (play.tell(), play.end_news("Ada"))


def telling_and_a_correction(play: Play) -> Begin:
    to_be_told(play)
    return lambda: (play.tell(), play.answer("Corrected."))


def telling_and_asking_again(play: Play) -> Begin:
    """The answer is deleted and recorded anew, of the same day. Somebody asks for that one, too."""
    to_be_told(play)
    play.finish(play.answer(""))
    play.finish(play.answer("Recorded anew."))
    return lambda: (play.tell(), play.let_tell())


def ready(play: Play) -> Delivery:
    """Make Ada's and Ben's letters ready to print."""
    play.finish(play.set_address(""))
    planned(play, "Ada", "Ben")
    play.finish(play.deliver(play.messages[-1]))
    [delivery] = play.deliveries()
    return delivery


def two_deliveries_by_hand(play: Play) -> Begin:
    play.finish(play.set_address(""))
    planned(play, "Ada", "Ben", "Cyd")
    message = play.messages[-1]
    return lambda: (play.deliver(message), play.deliver(message))


def two_records_that_letters_were_handed_over(play: Play) -> Begin:
    made = ready(play)
    return lambda: (play.bring(made), play.bring(made))


def the_address_goes_during_the_delivery(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.set_address(""), play.deliver(play.messages[-1]))


def an_address_comes_during_the_delivery_by_hand(play: Play) -> Begin:
    play.finish(play.set_address(""))
    planned(play, "Ada", "Ben")
    return lambda: (play.set_address("new@evanston.example"), play.deliver(play.messages[-1]))


def an_erasure_and_the_record(play: Play) -> Begin:
    made = ready(play)
    return lambda: (play.erase("Ada"), play.bring(made))


def an_erasure_and_the_packets_to_print(play: Play) -> Begin:
    play.finish(play.set_address(""))
    planned(play, "Ada", "Ben")
    return lambda: (play.erase("Ada"), deliver_until_it_sends(play))


def a_repeated_bounce_and_the_way_by_hand(play: Play) -> Begin:
    sent(play, "soft bounced")
    play.finish(play.report(next_event(play, "out_of_office")))
    play.finish(play.set_address(""))
    event = MailEvent(play.world.deliveries[0], "bounce")
    return lambda: (play.report(event), play.retry(FIRST))


TWINS = [
    two_deliveries_by_hand,
    two_records_that_letters_were_handed_over,
    two_planners,
    two_deliveries_of_one_message,
    two_deliveries_of_a_released_one,
    two_confirmations,
    two_tallies_of_the_same_records,
    two_who_send_now,
    two_reconciliations,
    two_nightly_passes_that_remind,
    two_runs_that_tell,
]

RACES = [
    *TWINS,
    a_planner_and_a_delivery,
    deliveries_of_two_periods,
    deliveries_of_two_days_of_a_week,
    planners_of_two_days_of_a_week,
    a_withdrawal_and_the_sealing,
    a_confirmation_and_the_sealing,
    a_confirmation_and_the_expiry,
    signing_again_and_the_expiry,
    two_forms_of_one_person,
    signing_again_and_the_confirmation,
    signing_again_and_the_confirmation_of_earlier_words,
    the_same_form_again_and_its_confirmation,
    a_withdrawal_and_the_link_of_another_form,
    an_erasure_and_the_confirmation,
    an_erasure_and_another_form,
    links_of_two_forms,
    signing_again_and_the_withdrawal,
    a_tally_and_the_confirmation,
    a_tally_and_the_withdrawal,
    a_tally_and_the_sealing,
    an_erasure_and_the_sealing,
    an_erasure_and_the_second_attempt,
    an_erasure_and_the_bounce,
    an_erasure_and_the_retry,
    a_bounce_and_the_retry,
    a_repeated_bounce_and_the_second_attempt,
    the_send_event_and_the_answer_of_ses,
    the_bounce_and_the_answer_of_ses,
    a_delivery_event_and_a_complaint,
    a_pause_and_the_delivery,
    a_hold_and_the_delivery,
    a_stop_and_the_delivery,
    a_lifted_stop_and_the_next_one,
    sending_now_and_the_hourly_run,
    deliveries_of_two_pages,
    a_confirmation_after_the_page_and_the_sealing,
    two_deliveries_around_a_confirmation,
    a_reconciliation_and_a_signature,
    a_reconciliation_and_the_confirmation,
    a_reconciliation_and_the_withdrawal,
    a_reconciliation_and_the_sealing,
    a_reconciliation_and_the_tally,
    a_nightly_pass_that_reminds_and_the_confirmation,
    a_nightly_pass_that_reminds_and_an_erasure,
    a_reminder_and_the_confirmation,
    a_reminder_and_an_erasure,
    telling_and_an_erasure,
    telling_and_the_end_of_news,
    telling_and_a_correction,
    telling_and_asking_again,
    the_address_goes_during_the_delivery,
    an_address_comes_during_the_delivery_by_hand,
    an_erasure_and_the_record,
    an_erasure_and_the_packets_to_print,
    a_repeated_bounce_and_the_way_by_hand,
]


@pytest.mark.asvs("2.3.4")
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_two_at_the_same_time_lose_and_double_nothing_in_any_order(
    play: Play, race: Callable[[Play], Begin], caplog: pytest.LogCaptureFixture
) -> None:
    running = Race(play, race(play), twins=race in TWINS)
    running.run(preemptions=scale.preemptions, most=scale.schedules)
    tried[race.__name__] = running.tried
    assert running.tried >= (1 if race in TWINS else 2)
    assert not [record.getMessage() for record in caplog.records if record.getMessage() in DIFFERENCES]


# Calls that DynamoDB refuses because a transaction holds the item


def confirming(play: Play) -> Callable[[], Actor]:
    play.finish(play.sign("Ada", "Ada Specimen"))
    return lambda: play.confirm("Ada")


def withdrawing(play: Play) -> Callable[[], Actor]:
    counted(play, "Ada")
    return lambda: play.withdraw("Ada")


def tallying(play: Play) -> Callable[[], Actor]:
    confirmed(play, "Ada", "Ben")
    return lambda: play.tally(play.take_backlog())


def delivering(play: Play) -> Callable[[], Actor]:
    planned(play, "Ada", "Ben", "Cyd")
    return lambda: play.deliver(play.messages[-1])


def recording_a_bounce(play: Play) -> Callable[[], Actor]:
    sent(play, "bounced")
    bounce = next_event(play, "bounce")
    return lambda: play.report(bounce)


def erasing(play: Play) -> Callable[[], Actor]:
    bounced(play)
    return lambda: play.erase("Ada")


@pytest.mark.parametrize(
    "work",
    [confirming, withdrawing, tallying, delivering, recording_a_bounce, erasing],
    ids=lambda work: work.__name__,
)
def test_a_conflict_with_another_transaction_loses_and_doubles_nothing(
    play: Play, work: Callable[[Play], Callable[[], Actor]]
) -> None:
    refusals = Refusals(play, work(play))
    refusals.run()
    tried[f"refused {work.__name__}"] = refusals.tried
    assert refusals.tried >= 1


# Random weeks


PEOPLE = ("Ada", "Ben", "Cyd")
MOST_ACTORS = 3
_GO: list[Order] = ["go"] * 7
ORDERS: list[Order] = [*_GO, "crash", "crash after", "conflict"]


class Weeks(RuleBasedStateMachine):
    """Random steps of people, schedules, SES and crashes. The invariants must hold in the end."""

    play: Play
    restore: Callable[[], None]

    def __init__(self) -> None:
        super().__init__()
        self.restore()
        self.people: dict[str, int] = dict.fromkeys(PEOPLE, 0)
        self.gone: set[str] = set()

    @property
    def actors(self) -> list[Actor]:
        return self.play.stage.actors

    def started(self, actor: Actor) -> None:
        if actor.is_done:
            self.play.ended(actor)

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule(person=st.sampled_from(PEOPLE))
    def sign(self, person: str) -> None:
        # Signing again after an erasure isn't a race.
        if person not in self.gone:
            self.people[person] += 1
            self.started(self.play.sign(person, f"{person} No{self.people[person]:03d}"))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule(person=st.sampled_from(PEOPLE), what=st.sampled_from(["confirm", "confirm", "withdraw", "expire", "erase"]))
    def act(self, person: str, what: str) -> None:
        if what == "erase":
            self.gone.add(person)
        self.started(getattr(self.play, what)(person))

    @rule(person=st.sampled_from(PEOPLE))
    def sign_and_confirm(self, person: str) -> None:
        if person not in self.gone:
            self.people[person] += 1
            self.play.finish(self.play.sign(person, f"{person} No{self.people[person]:03d}"))
            self.play.finish(self.play.confirm(person))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule(what=st.sampled_from(["plan", "plan", "pause", "resume", "hold", "release"]))
    def control(self, what: str) -> None:
        self.started(getattr(self.play, what)())

    @precondition(lambda self: len(self.actors) < MOST_ACTORS and self.play.deliveries())
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        delivery = data.draw(st.sampled_from(self.play.deliveries()))
        self.started(self.play.retry(path_of(delivery.key.period, delivery.key.target)))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS and self.play.messages)
    @rule(data=st.data(), fate=st.sampled_from(["delivered", "bounced", "soft bounced", "complained", "silent"]))
    def deliver(self, data: st.DataObject, fate: Fate) -> None:
        # SQS may deliver a message again that was handled.
        self.play.fate = fate
        self.started(self.play.deliver(data.draw(st.sampled_from(self.play.messages[-3:]))))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS and self.play.backlog)
    @rule(data=st.data(), repeats=st.booleans())
    def tally(self, data: st.DataObject, *, repeats: bool) -> None:
        taken = self.play.take_backlog()
        records = data.draw(st.permutations(taken)) if len(taken) < 6 else taken
        if repeats:
            self.play.backlog += taken
        self.started(self.play.tally(records))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS and self.play.mail_events)
    @rule(data=st.data(), repeats=st.booleans())
    def report(self, data: st.DataObject, *, repeats: bool) -> None:
        event = data.draw(st.sampled_from(self.play.mail_events))
        if not repeats:
            self.play.mail_events.remove(event)
        self.started(self.play.report(event))

    @precondition(lambda self: self.actors)
    @rule(
        data=st.data(),
        steps=st.integers(1, 6),
        order=st.sampled_from(ORDERS),
    )
    def step(self, data: st.DataObject, steps: int, order: Order) -> None:
        actor = data.draw(st.sampled_from(self.actors))
        for _ in range(steps - 1):
            if not actor.is_done:
                self.play.step(actor)
        if not actor.is_done:
            self.play.step(actor, order)

    @precondition(lambda self: self.actors)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        self.play.finish(data.draw(st.sampled_from(self.actors)))

    @rule(minutes=st.integers(61, 14 * 24 * 60))
    def time_passes(self, minutes: int) -> None:
        # No function runs for an hour, and no Send event takes an hour (decision 4).
        for actor in list(self.actors):
            self.play.finish(actor)
        for event in [event for event in self.play.mail_events if event.case == "send"]:
            self.play.mail_events.remove(event)
            self.play.finish(self.play.report(event))
        self.play.world.clock.advance(minutes=minutes)

    def teardown(self) -> None:
        with with_history(self.play):
            self.play.settle()
            self.play.check()
        tried["weeks"] = tried.get("weeks", 0) + 1


def test_random_weeks_lose_and_double_nothing(play: Play) -> None:
    class WeeksOnThisStage(Weeks):
        restore = staticmethod(play.save())

    WeeksOnThisStage.play = play
    run_state_machine_as_test(
        WeeksOnThisStage,
        settings=settings(
            max_examples=scale.weeks,
            stateful_step_count=40,
            deadline=None,
            derandomize=seeds.IS_FIXED or not scale.is_long,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


# The stage itself


def test_a_restored_stack_has_processes_that_remember_nothing(play: Play) -> None:
    """Otherwise what an actor does depends on the examples before it, and a failure can't be repeated."""
    restore = play.save()
    made = []
    for _ in range(2):
        restore()
        actor = play.finish(play.sign("Ada", "Ada Specimen"))
        made.append(list(map(str, actor.made)))
    assert made[0] == made[1]


def test_a_race_with_real_packets_loses_and_doubles_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with worlds.world(monkeypatch, bundle_size=2, fast=True) as world, staged(monkeypatch) as stage:
        play = Play(world, stage, letters_in=names_in_pdfs)
        begin = a_withdrawal_and_the_sealing(play)
        running = Race(play, begin, twins=False)
        running.run(preemptions=0)
        tried["on real packets"] = running.tried
        assert play.world.deliveries


def names_in_pdfs(sent: Any) -> list[str]:
    text = " ".join(page.extract_text() for pdf in sent.pdfs for page in PdfReader(io.BytesIO(pdf)).pages)
    # In the letter's head, the address line is below the name. In these tests, it is the name again.
    return [words for words in ("Ada Specimen", "Ben Specimen", "Cyd Specimen") if f"{words}\n{words}" in text]
