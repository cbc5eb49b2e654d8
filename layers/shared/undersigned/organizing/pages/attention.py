"""The points that need an organizer's attention: each names the cause and the next step, with its button.

They stand in tables: when a point is shown, and the point, with placeholders. A table shows the first that applies.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from undersigned.base.languages import Message, number
from undersigned.delivering.rules.plans import week_taken
from undersigned.organizing.overviews import MOST_POSTPONED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from undersigned.campaigns.rules.campaigns import HeldBy, Target
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.states import Question
    from undersigned.organizing.overviews import Overview, TargetState

IF_NOT_RECEIVED = Message("If it doesn’t have them after all, the person who runs the system can send them again.")
"""What organizers read about letters that an office said it has."""

type Weight = Literal["serious", "to do", "to know"]


@dataclass(frozen=True, slots=True)
class Step:
    """A next step: its label, and its path below the campaign's dashboard."""

    label: Message
    path: str


@dataclass(frozen=True, slots=True)
class Act:
    """A form with the buttons of actions, and the values that it sends.

    Most people don't need a `quiet` one. A `folded` one opens from these words.
    """

    actions: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    quiet: bool = False
    folded: Message | None = None

    def about(self, values: Mapping[str, object]) -> Act:
        """Return it with the values of its placeholders."""
        return replace(self, values={name: value % values for name, value in self.values.items()})


@dataclass(frozen=True, slots=True)
class Point:
    """Something that needs attention: a title, the cause, and the way out.

    `acts` do it at once, and `link` leads to its page; both are only for people who may do it. `sees` leads everyone to
    more, and `places` to each of the things that it is about. `facts` are sentences in a list.
    """

    weight: Weight
    title: Message
    text: Message
    acts: tuple[Act, ...] = ()
    sees: Step | None = None
    link: Step | None = None
    facts: tuple[Message, ...] = ()
    places: tuple[Step, ...] = ()

    def about(self, values: Mapping[str, object], count: int = 0) -> Point:
        """Return it with the values of its placeholders, and the number of things that it counts."""
        return replace(
            self,
            title=replace(self.title, values=values, count=count),
            text=replace(self.text, values=values, count=count),
            acts=tuple(act.about(values) for act in self.acts),
            sees=self.sees and replace(self.sees, path=self.sees.path % values),
        )


_RELEASE = Act(("release",), {"target": "%(target)s"}, quiet=True)
_DELIVER = Act(("deliver",), {"target": "%(target)s"})
_CORRECT = Act(("correct address",), {"target": "%(target)s", "email": "%(email)s"})
_BY_HAND = Act(("remove address",), {"target": "%(target)s"}, quiet=True)
_REPLACE = Act(
    ("correct address",), {"target": "%(target)s", "email": ""}, quiet=True, folded=Message("Save another address")
)

_RECIPIENT = Step(Message("Open the recipient"), "/targets/%(target)s")
_DELIVERY = Step(Message("Open the delivery"), "/deliveries/%(period)s/%(target)s")

type _Table = Mapping[Callable[[Overview], object], Point]

_HELD_BACK: Mapping[HeldBy, Point] = {
    "organizer": Point(
        "to know",
        Message("%(whom)s: letters on hold"),
        Message(
            "%(reason)s %(waits)s Nothing is lost. Once you send to this recipient again, they go out with the "
            "next delivery."
        ),
        (_RELEASE,),
        _RECIPIENT,
    ),
    "office": Point(
        "serious",
        Message("%(whom)s: the office stopped these emails"),
        Message(
            "%(reason)s %(how_soon)s %(waits)s No letter goes to %(email)s. Call the office, and ask how they want "
            "to get letters. Nothing is lost: you can bring the letters by hand, or save another address. If they "
            "want these emails again, say so on the recipient’s page."
        ),
        (_BY_HAND, _REPLACE),
        _RECIPIENT,
    ),
    "complaint": Point(
        "serious",
        Message("%(whom)s: someone there marked the email as spam"),
        Message(
            "%(waits)s Nothing is sent to this recipient for now. Call the office, and ask how they want to get "
            "letters."
        ),
        (_RELEASE, _BY_HAND),
        _RECIPIENT,
    ),
    "bounce": Point(
        "serious",
        Message("%(whom)s: email bounces"),
        Message(
            "The address %(email)s takes no email. %(waits)s Nothing is lost: we keep the letters. Save an address "
            "that takes email, and they go out with the next delivery."
        ),
        (_CORRECT, _BY_HAND),
        _RECIPIENT,
    ),
}

_OVERDUE = Point(
    "serious",
    Message("%(whom)s: letters are overdue"),
    Message(
        "They should have gone out more than a day ago. %(waits)s Nothing is lost. Send them now. If letters are "
        "overdue again, tell the person who runs the system."
    ),
    (_DELIVER,),
    _RECIPIENT,
)

_IN_QUESTION: Mapping[Question, Point] = {
    "bounced": Point(
        "serious",
        Message("%(whom)s: the email of %(day)s bounced"),
        Message.counted(
            "The email to %(email)s with %(letters)s letter bounced. Nothing is lost. %(waits)s %(way_out)s",
            "The email to %(email)s with %(letters)s letters bounced. Nothing is lost. %(waits)s %(way_out)s",
            1,
            {},
        ),
        sees=_DELIVERY,
    ),
    "in doubt": Point(
        "serious",
        Message("%(whom)s: we don’t know whether the email of %(day)s left"),
        Message(
            "Our email service did not answer when we handed the email over. %(waits)s Ask the office whether it has "
            "the email, then decide. We don’t send it twice by ourselves."
        ),
        sees=_DELIVERY,
    ),
    "no outcome": Point(
        "serious",
        Message("%(whom)s: nobody has said whether the email of %(day)s arrived"),
        Message(
            "The mail server has not answered for three days. %(waits)s Ask the office whether it has the email, then "
            "decide. We don’t send it twice by ourselves."
        ),
        sees=_DELIVERY,
    ),
}

_TO_PRINT = Point(
    "to do",
    Message("Letters of %(day)s: ready to print"),
    Message("Open each one, print the letters, and hand them over or mail them. Then press “Handed over” there."),
)

_UNANSWERED = Point(
    "to know",
    Message.counted(
        "No answer after 30 days: %(number)s recipient", "No answer after 30 days: %(number)s recipients", 1, {}
    ),
    Message(
        "Offices answer by email to your reply address. If one did, record its answer on the recipient’s page: the "
        "people who signed read it there. If not, a call to the office can help."
    ),
)

_EXPORTS = Step(Message("Download letters"), "/exports")

_OF_CAMPAIGN: tuple[_Table, ...] = (
    {
        lambda found: found.sending.stopped: Point(
            "serious",
            Message("Confirmation emails are stopped"),
            Message(
                "The person who runs the system stopped them, so nobody can confirm a letter. %(waits)s Ask that "
                "person to start them again. The emails then go by themselves; nobody has to sign again."
            ),
        ),
        lambda found: found.sending.is_braked("clean"): Point(
            "serious",
            Message("Confirmation emails wait: too many bounced"),
            Message(
                "Too many bounced or were marked as spam within a day, so none go out for now. %(waits)s Tell the "
                "person who runs the system. The emails go on by themselves; nobody has to sign again."
            ),
        ),
        lambda found: found.sending.short_of_quota: Point(
            "serious",
            Message("Confirmation emails wait: the system has sent nearly all that it may in a day"),
            Message(
                "The rest of AWS’s daily limit is kept for deliveries. %(waits)s Tell the person who runs the system "
                "to ask AWS for a higher limit. The emails go by themselves, within a day; nobody has to sign again."
            ),
        ),
        lambda found: found.postponed["clean"]: Point(
            "to know",
            Message("Confirmation emails that wait: %(clean)s"),
            Message(
                "They were stopped for a while, or a limit was reached: for all emails in an hour, or for one network "
                "or email domain in a day. They go by themselves; nobody has to sign again."
            ),
        ),
    },
    {
        lambda found: found.postponed["suspicious"] and not found.sending.stopped: Point(
            "to do",
            Message("Confirmation emails of letters in quarantine that wait: %(suspicious)s"),
            Message(
                "Their forms look like a bot’s. A few such emails go out each hour, so that bots can’t fill strangers’ "
                "mailboxes in your name. If a person wrote one, open it and say so: its email goes at once."
            ),
            link=Step(Message("See these letters"), "/signatures?status=quarantined"),
        )
    },
    {
        lambda found: found.on_hold: Point(
            "to know",
            Message.counted("%(count)s letter is on hold", "%(count)s letters are on hold", 1, {}),
            Message("Letters on hold stay out of every delivery until somebody includes or erases them."),
            link=Step(Message("Check letters"), "/screening"),
        )
    },
    {
        lambda found: found.closed_on and found.campaign.kept_until: Point(
            "to know",
            Message("Signing closed on %(day)s"),
            Message(
                "%(left)s What letters say about people is deleted after %(until)s. Before that, download what you may "
                "keep."
            ),
            link=_EXPORTS,
        ),
        lambda found: found.closed_on: Point(
            "to know",
            Message("Signing closed on %(day)s"),
            Message(
                "%(left)s Personal data stays until you erase it. Thank the people who wanted news, and download what "
                "you may keep."
            ),
            link=_EXPORTS,
        ),
        lambda found: found.campaign.opens and found.today < found.campaign.opens: Point(
            "to know",
            Message("Signing opens on %(day)s"),
            Message("Until then, the form says so, and nobody can sign."),
        ),
    },
)

_PAUSED = Point(
    "serious",
    Message("Campaign paused"),
    Message("Nothing is sent until someone resumes the campaign. People can still sign."),
    (Act(("resume",)),),
)


def _first(table: _Table, found: Overview, values: Mapping[str, object]) -> tuple[Point, ...]:
    """Return the first point of a table that applies, if any does."""
    return tuple(point.about(values, found.on_hold) for applies, point in table.items() if applies(found))[:1]


def _held_back(target: Target, waiting: int | None, language: str) -> tuple[Point, ...]:
    """Return the point about a recipient whose letters are held, if they are."""
    held = target.held_by()
    return (_HELD_BACK[held].about(_about(target, waiting, language)),) if held else ()


def points(found: Overview, language: str) -> tuple[Point, ...]:
    """Return the points that need attention, those that stop deliveries first.

    Letters that wait for *Send now* are no point: the page shows them with their plan.
    """
    states, of_campaign = found.targets.items, _about_campaign(found, language)
    shown = (
        *([_PAUSED] if found.controls.paused else ()),
        *(point for state in states for point in of_target(state, language)),
        *to_print(states, language),
        *(
            _OVERDUE.about(_about(state.target, state.waiting, language))
            for state in states
            if state.target.id in found.overdue
        ),
        *(point for target in found.elsewhere for point in _held_back(target, None, language)),
        *_unanswered([state for state in states if state.is_unanswered(found.campaign, found.today)], language),
        *(point for table in _OF_CAMPAIGN for point in _first(table, found, of_campaign)),
    )
    return tuple(sorted(shown, key=lambda point: get_args(Weight.__value__).index(point.weight)))


def of_target(state: TargetState, language: str) -> Iterator[Point]:
    """Yield the points about one recipient."""
    target = state.target
    if target.is_held or not any(question == "bounced" for _, question in state.questions):
        yield from _held_back(target, state.waiting, language)
    for delivery, question in state.questions:
        yield of_delivery(state, delivery, question, language)


def of_delivery(state: TargetState, delivery: Delivery, question: Question, language: str) -> Point:
    """Return the point about a delivery that waits for a person's decision."""
    values = _about(state.target, state.waiting or None, language) | {
        "day": delivery.day,
        "period": delivery.key.period,
        "letters": number(delivery.letters, language),
        "email": delivery.email or state.target.email,
        "way_out": _way_out(delivery, state.target),
    }
    point = _IN_QUESTION[question].about(values, delivery.letters)
    return replace(point, acts=decisions(delivery, question, state))


def _way_out(delivery: Delivery, target: Target) -> Message:
    """Return what to do about a delivery that bounced."""
    if delivery.received_at(target):
        return Message(
            "But the office said that it has these letters, so press “Close unsent”. %(if_not)s",
            {"if_not": IF_NOT_RECEIVED},
        )
    if was_corrected(delivery, target):
        return Message("The address is now %(new)s. Send the email again.", {"new": target.email})
    if target.by_hand:
        return Message("Press “Send again”. Then print the letters, and hand them over or mail them.")
    return Message(
        "Correct the address, then send the email again. If no address works, press “Send letters by hand or post” "
        "first."
    )


def to_print(states: Iterable[TargetState], language: str) -> Iterator[Point]:
    """Yield one point for all recipients whose letters of a day are ready to print."""
    by_day: dict[date, list[Step]] = {}
    for state in states:
        for made in state.deliveries:
            if made.is_ready_to_print:
                by_day.setdefault(made.day, []).append(_print_letters(state.target, made, language))
    for day, places in sorted(by_day.items()):
        yield replace(_TO_PRINT.about({"day": day}), places=tuple(places))


def _print_letters(target: Target, made: Delivery, language: str) -> Step:
    values = {"whom": _whom(target, language), "letters": number(made.letters_left, language)}
    label = Message.counted("%(whom)s: %(letters)s letter", "%(whom)s: %(letters)s letters", made.letters_left, values)
    return Step(label, f"/deliveries/{made.key.period}/{target.id}")


def _unanswered(states: Sequence[TargetState], language: str) -> Iterator[Point]:
    if states:
        values = {"number": number(len(states), language), "target": states[0].target.id}
        point = replace(_UNANSWERED, sees=_RECIPIENT if len(states) == 1 else None).about(values, len(states))
        yield replace(point, facts=tuple(_first_letters(state, language) for state in states))


def _first_letters(state: TargetState, language: str) -> Message:
    first = min(since for made in state.deliveries if (since := made.answerable_since))
    values = {"whom": _whom(state.target, language), "day": first}
    return Message("%(whom)s: the first letters went on %(day)s.", values)


def _whom(target: Target, language: str) -> str:
    return f"{target.addressed(language)}, {target.locality}"


def _about(target: Target, waiting: int | None, language: str) -> dict[str, object]:
    """Return the values of points about a recipient. `waiting` is None if its letters are not counted, or not told."""
    stop, why = target.stopped, target.hold or (target.stopped.reason if target.stopped else "")
    return {
        "target": target.id,
        "whom": _whom(target, language),
        "email": target.email,
        "reason": Message("The reason: “%(why)s”.", {"why": why}) if why else "",
        "how_soon": " ".join(said.in_language(language) for said in stop.how_soon(language)) if stop else "",
        "waits": "" if waiting is None else _waits(waiting, language),
    }


def _waits(waiting: int, language: str) -> Message:
    if not waiting:
        return Message("No letters are waiting now. New letters will wait.")
    return Message.counted(
        "%(number)s letter is waiting.",
        "%(number)s letters are waiting.",
        waiting,
        {"number": number(waiting, language)},
    )


def _about_campaign(found: Overview, language: str) -> dict[str, object]:
    """Return the values of points about a campaign."""
    waiting = sum(found.postponed.values())
    return {
        "clean": _up_to(found.postponed["clean"], language),
        "suspicious": _up_to(found.postponed["suspicious"], language),
        "waits": Message("Emails that wait: %(number)s.", {"number": _up_to(waiting, language)}) if waiting else "",
        "count": number(found.on_hold, language),
        "day": found.closed_on or found.campaign.opens,
        "until": found.campaign.kept_until,
        "left": "" if found.is_part or not found.counts_letters else _what_is_left(found.targets.items, language),
    }


def _up_to(count: int, language: str) -> str:
    return number(count, language) + ("+" if count >= MOST_POSTPONED else "")


def _what_is_left(states: tuple[TargetState, ...], language: str) -> Message:
    if waiting := sum(state.waiting for state in states):
        return _waits(waiting, language)
    deliveries = [made for state in states for made in state.deliveries]
    if any(state.questions for state in states) or any(
        made.is_unfinished or made.is_ready_to_print for made in deliveries
    ):
        return Message("Some deliveries are not finished yet.")
    return Message("The campaign is over, and no confirmed letter is waiting.")


def decisions(delivery: Delivery, question: Question | None, state: TargetState) -> tuple[Act, ...]:
    """Return the decisions that a person can make about a delivery, the usual one first."""
    key, target = delivery.key, state.target
    seen = {"period": key.period, "target": key.target, "revision": delivery.revision}
    by_hand, address = _BY_HAND.about(seen), _CORRECT.about(seen | {"email": target.email})
    may = delivery.may(question)
    if "settle as sent" in may:
        if_not: tuple[str, ...] = () if target.is_held else ("settle as not sent",)
        settle = Act(("settle as sent", *if_not), seen, quiet=True)
        return (settle, by_hand) if target.is_held and not target.hold else (settle,)
    close = Act(("close unsent",), seen, quiet=True, folded=Message("Stop trying to send these letters"))
    if delivery.received_at(target):
        return (close, replace(address, quiet=True)) if question else ()
    is_corrected = was_corrected(delivery, target)
    can_retry = has_failed(delivery, state) and (target.by_hand or not week_taken(delivery, state.deliveries))
    retry = (Act(("retry",), seen),) if can_retry else ()
    if question != "bounced":
        return retry
    if target.by_hand:
        return *retry, replace(address, quiet=True), close
    if not can_retry:
        return replace(address, quiet=is_corrected), by_hand, close
    # In one form: the email goes to the address that somebody typed beside the button.
    usual: tuple[str, ...] = ("retry", "correct address")
    return Act(usual if is_corrected else usual[::-1], seen | {"email": target.email}), by_hand, close


def has_failed(delivery: Delivery, state: TargetState) -> bool:
    """Say whether a delivery did not arrive, and its letters could go the same way again."""
    target = state.target
    is_over = delivery.cleared_at is not None or delivery.received_at(target) is not None
    return delivery.state in {"held", "bounced", "closed_unsent"} and not is_over and not target.is_held


def was_corrected(delivery: Delivery, target: Target) -> bool:
    """Say whether a recipient's address has changed since a delivery."""
    return bool(target.email) and delivery.email not in {None, target.email}
