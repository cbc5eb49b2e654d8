"""What runs at once on AWS, in every order that matters: pairs one by one, and whole weeks at random."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from pypdf import PdfReader

from tests import figures
from tests import world as worlds
from tests.faults.interleavings import Play, Race, Refusals, plainly, staged, told_in_full
from undersigned.rendering import packets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.interleavings import Actor, Fate, Order, Told

    type Begin = Callable[[], tuple[Actor, Actor]]

LONG = int(os.environ.get("UNDERSIGNED_INTERLEAVINGS", "0"))
"""How many examples of whole weeks are tried for `make soak`.

Then pairs are preempted twice, at up to forty places or pairs of places; else once, at up to four.
"""

tried: dict[str, int] = {}


@pytest.fixture(scope="module", autouse=True)
def _figures() -> Iterator[None]:
    yield
    print(f"\ninterleavings tried: {sum(tried.values())}")  # noqa: T201  (pytest shows it when asked to)
    if LONG:
        figures.write("make soak", {"Interleavings tried": sum(tried.values())})


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Give a stack on a stage, with letters typeset in no time."""
    monkeypatch.setattr(packets, "typeset", plainly)
    with worlds.world(monkeypatch, bundle_size=2) as world, staged(monkeypatch) as stage:
        yield Play(world, stage)


# What the races begin with


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
    """Send Ada's and Ben's letters, of whose mail nothing has been told yet."""
    planned(play, "Ada", "Ben")
    play.fate = fate
    play.finish(play.deliver(play.messages[-1]))
    play.fate = "delivered"


def told(play: Play, case: str) -> Told:
    [found] = [one for one in play.told if one.case == case]
    play.told.remove(found)
    return found


def returned(play: Play) -> None:
    sent(play, "bounced")
    for one in list(play.told):
        play.told.remove(one)
        play.finish(play.tell(one))


def until_ses_has_the_mail(play: Play, fate: Fate) -> Actor:
    play.fate = fate
    delivering = play.deliver(play.messages[-1])
    while not play.world.deliveries:
        play.step(delivering)
    play.collect()
    play.fate = "delivered"
    return delivering


# The races: each makes ready what its two actors find, and returns how they begin


def two_planners(play: Play) -> Begin:
    counted(play, "Ada", "Ben")
    return lambda: (play.plan(), play.plan())


def a_planner_and_a_delivery(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.plan(), play.deliver(play.messages[-1]))


def two_deliveries_of_one_message(play: Play) -> Begin:
    planned(play, "Ada", "Ben", "Cyd")
    return lambda: (play.deliver(play.messages[-1]), play.deliver(play.messages[-1]))


def a_delivery_and_the_next_period_s(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    play.world.clock.advance(days=7)
    play.finish(play.plan())
    return lambda: (play.deliver(play.messages[0]), play.deliver(play.messages[-1]))


def a_withdrawal_and_the_sealing(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.withdraw("Ada"), play.deliver(play.messages[-1]))


def a_confirmation_and_the_sealing(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    play.finish(play.withdraw("Ada"))
    play.finish(play.sign("Ada", "Ada Anew"))
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
    return lambda: (play.sign("Ada", "Ada Anew"), play.expire("Ada"))


def a_tally_and_the_expiry(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Specimen"))
    play.world.clock.advance(days=14)
    return lambda: (play.tally(play.take_backlog()), play.expire("Ada"))


def two_forms_of_one_person(play: Play) -> Begin:
    return lambda: (play.sign("Ada", "Ada Specimen"), play.sign("Ada", "Ada Anew"))


def signing_again_and_the_confirmation(play: Play) -> Begin:
    play.finish(play.sign("Ada", "Ada Specimen"))
    return lambda: (play.sign("Ada", "Ada Anew"), play.confirm("Ada"))


def signing_again_and_the_withdrawal(play: Play) -> Begin:
    counted(play, "Ada")
    return lambda: (play.sign("Ada", "Ada Anew"), play.withdraw("Ada"))


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
    play.finish(play.sign("Ada", "Ada Anew"))
    return lambda: (play.tally(play.backlog), play.tally(play.take_backlog()))


def erasing_and_the_sealing(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.erase("Ada"), play.deliver(play.messages[-1]))


def erasing_and_the_delivery_of_what_came_back(play: Play) -> Begin:
    returned(play)
    play.finish(play.retry())
    return lambda: (play.erase("Ada"), play.deliver(play.messages[-1]))


def erasing_and_the_bounce(play: Play) -> Begin:
    sent(play, "bounced")
    bounce = told(play, "bounce")
    return lambda: (play.erase("Ada"), play.tell(bounce))


def erasing_and_the_retry(play: Play) -> Begin:
    returned(play)
    return lambda: (play.erase("Ada"), play.retry())


def a_bounce_and_the_retry(play: Play) -> Begin:
    sent(play, "bounced")
    bounce = told(play, "bounce")
    return lambda: (play.tell(bounce), play.retry())


def a_bounce_told_twice_and_the_delivery_of_what_came_back(play: Play) -> Begin:
    sent(play, "bounced")
    bounce = told(play, "bounce")
    play.finish(play.tell(bounce))
    play.finish(play.retry())
    return lambda: (play.tell(bounce), play.deliver(play.messages[-1]))


def the_send_event_and_the_answer_to_the_sender(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (until_ses_has_the_mail(play, "delivered"), play.tell(told(play, "send")))


def the_bounce_and_the_answer_to_the_sender(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (until_ses_has_the_mail(play, "bounced"), play.tell(told(play, "bounce")))


def a_delivery_and_a_complaint_told_at_once(play: Play) -> Begin:
    sent(play, "complained")
    delivery, complaint = told(play, "delivery"), told(play, "complaint")
    return lambda: (play.tell(delivery), play.tell(complaint))


def a_pause_and_the_delivery(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.pause(), play.deliver(play.messages[-1]))


def a_hold_and_the_delivery(play: Play) -> Begin:
    planned(play, "Ada", "Ben")
    return lambda: (play.hold(), play.deliver(play.messages[-1]))


def two_approvals(play: Play) -> Begin:
    play.needs_approval()
    counted(play, "Ada", "Ben")
    return lambda: (play.approve(), play.approve())


def an_approval_and_the_delivery(play: Play) -> Begin:
    play.needs_approval()
    counted(play, "Ada", "Ben")
    play.enqueue()
    return lambda: (play.approve(), play.deliver(play.messages[-1]))


TWINS = [two_planners, two_deliveries_of_one_message, two_confirmations, two_tallies_of_the_same_records, two_approvals]

RACES = [
    *TWINS,
    a_planner_and_a_delivery,
    a_delivery_and_the_next_period_s,
    a_withdrawal_and_the_sealing,
    a_confirmation_and_the_sealing,
    a_confirmation_and_the_expiry,
    signing_again_and_the_expiry,
    a_tally_and_the_expiry,
    two_forms_of_one_person,
    signing_again_and_the_confirmation,
    signing_again_and_the_withdrawal,
    a_tally_and_the_confirmation,
    a_tally_and_the_withdrawal,
    a_tally_and_the_sealing,
    erasing_and_the_sealing,
    erasing_and_the_delivery_of_what_came_back,
    erasing_and_the_bounce,
    erasing_and_the_retry,
    a_bounce_and_the_retry,
    a_bounce_told_twice_and_the_delivery_of_what_came_back,
    the_send_event_and_the_answer_to_the_sender,
    the_bounce_and_the_answer_to_the_sender,
    a_delivery_and_a_complaint_told_at_once,
    a_pause_and_the_delivery,
    a_hold_and_the_delivery,
    an_approval_and_the_delivery,
]


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_two_at_once_lose_and_double_nothing_in_any_order(play: Play, race: Callable[[Play], Begin]) -> None:
    running = Race(play, race(play), twins=race in TWINS)
    running.run(preemptions=2 if LONG else 1, most=12 if LONG else 3)
    tried[race.__name__] = running.tried
    assert running.tried >= (1 if race in TWINS else 2)


# What DynamoDB refuses because a transaction holds the item


def signing(play: Play) -> Callable[[], Actor]:
    return lambda: play.sign("Ada", "Ada Specimen")


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


def hearing_of_a_bounce(play: Play) -> Callable[[], Actor]:
    sent(play, "bounced")
    bounce = told(play, "bounce")
    return lambda: play.tell(bounce)


def erasing(play: Play) -> Callable[[], Actor]:
    returned(play)
    return lambda: play.erase("Ada")


@pytest.mark.parametrize(
    "work",
    [signing, confirming, withdrawing, tallying, delivering, hearing_of_a_bounce, erasing],
    ids=lambda work: work.__name__,
)
def test_a_transaction_of_somebody_else_stops_nobody_for_good(
    play: Play, work: Callable[[Play], Callable[[], Actor]]
) -> None:
    refusals = Refusals(play, work(play))
    refusals.run()
    tried[f"refused {work.__name__}"] = refusals.tried
    assert refusals.tried >= 1


# Whole weeks


PEOPLE = ("Ada", "Ben", "Cyd")
MOST_ACTORS = 3
_GO: list[Order] = ["go"] * 7
ORDERS: list[Order] = [*_GO, "crash", "crash after", "conflict"]


class Weeks(RuleBasedStateMachine):
    """People, schedules, SES and AWS's crashes, each step drawn; in the end all must be well."""

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

    def begins(self, actor: Actor) -> None:
        if actor.is_done:
            self.play.ended(actor)

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule(person=st.sampled_from(PEOPLE))
    def sign(self, person: str) -> None:
        # Who was erased and signs again is another story, and no race.
        if person not in self.gone:
            self.people[person] += 1
            self.begins(self.play.sign(person, f"{person} No{self.people[person]:03d}"))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule(person=st.sampled_from(PEOPLE), what=st.sampled_from(["confirm", "confirm", "withdraw", "expire", "erase"]))
    def act(self, person: str, what: str) -> None:
        if what == "erase":
            self.gone.add(person)
        self.begins(getattr(self.play, what)(person))

    @rule(person=st.sampled_from(PEOPLE))
    def sign_and_confirm(self, person: str) -> None:
        if person not in self.gone:
            self.people[person] += 1
            self.play.finish(self.play.sign(person, f"{person} No{self.people[person]:03d}"))
            self.play.finish(self.play.confirm(person))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS)
    @rule(what=st.sampled_from(["plan", "plan", "pause", "resume", "hold", "release"]))
    def steer(self, what: str) -> None:
        self.begins(getattr(self.play, what)())

    @precondition(lambda self: len(self.actors) < MOST_ACTORS and self.play.deliveries())
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        delivery = data.draw(st.sampled_from(self.play.deliveries()))
        self.begins(self.play.retry(delivery.key.period))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS and self.play.messages)
    @rule(data=st.data(), fate=st.sampled_from(["delivered", "bounced", "soft bounced", "complained", "silent"]))
    def deliver(self, data: st.DataObject, fate: Fate) -> None:
        # SQS may hand out a message again that was worked through.
        self.play.fate = fate
        self.begins(self.play.deliver(data.draw(st.sampled_from(self.play.messages[-3:]))))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS and self.play.backlog)
    @rule(data=st.data(), keeps=st.booleans())
    def tally(self, data: st.DataObject, *, keeps: bool) -> None:
        taken = self.play.take_backlog()
        records = data.draw(st.permutations(taken)) if len(taken) < 6 else taken
        if keeps:
            self.play.backlog += taken
        self.begins(self.play.tally(records))

    @precondition(lambda self: len(self.actors) < MOST_ACTORS and self.play.told)
    @rule(data=st.data(), keeps=st.booleans())
    def tell(self, data: st.DataObject, *, keeps: bool) -> None:
        found = data.draw(st.sampled_from(self.play.told))
        if not keeps:
            self.play.told.remove(found)
        self.begins(self.play.tell(found))

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
        # No function works for an hour, and no Send event takes one (decision 4).
        for actor in list(self.actors):
            self.play.finish(actor)
        for found in [one for one in self.play.told if one.case == "send"]:
            self.play.told.remove(found)
            self.play.finish(self.play.tell(found))
        self.play.world.clock.advance(minutes=minutes)

    def teardown(self) -> None:
        with told_in_full(self.play):
            self.play.settle()
            self.play.check()
        tried["weeks"] = tried.get("weeks", 0) + 1


def test_weeks_in_which_anything_happens_at_any_step_lose_and_double_nothing(play: Play) -> None:
    class Here(Weeks):
        restore = staticmethod(play.save())

    Here.play = play
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=LONG or 3,
            stateful_step_count=40,
            deadline=None,
            derandomize=not LONG,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


# The stage itself


def test_the_same_race_on_real_packets_shows_the_same_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with worlds.world(monkeypatch, bundle_size=2) as world, staged(monkeypatch) as stage:
        play = Play(world, stage, letters_in=names_in_pdfs)
        begin = a_withdrawal_and_the_sealing(play)
        running = Race(play, begin, twins=False)
        running.run(preemptions=0)
        tried["on real packets"] = running.tried
        assert play.world.deliveries


def names_in_pdfs(sent: Any) -> list[str]:
    text = " ".join(page.extract_text() for pdf in sent.pdfs for page in PdfReader(io.BytesIO(pdf)).pages)
    # The name stands in the letter's head, above its address line, which is the name again in these tests.
    return [words for words in ("Ada Specimen", "Ben Specimen", "Cyd Specimen") if f"{words}\n{words}" in text]
