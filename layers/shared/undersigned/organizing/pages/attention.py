"""The points that need an organizer's attention: each names the cause and the next step, with its button."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal, get_args

from undersigned.base.languages import Message, long_date, number
from undersigned.delivering.rules.plans import week_taken
from undersigned.organizing.overviews import MOST_POSTPONED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.campaigns.rules.stops import Stop
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.states import Question
    from undersigned.organizing.overviews import CampaignState, TargetState
    from undersigned.signing.rules.mail_budgets import Lane

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


@dataclass(frozen=True, slots=True)
class Point:
    """Something that needs attention: a title, the cause, and the way out.

    `acts` do it at once, and `link` leads to its page; both are only for people who may do it. `sees` leads everyone to
    more, and `places` to each of the things that it is about. `facts` are sentences in a list.
    """

    weight: Weight
    title: Message
    text: tuple[Message, ...] = ()
    facts: tuple[Message, ...] = ()
    sees: Step | None = None
    link: Step | None = None
    acts: tuple[Act, ...] = ()
    places: tuple[Step, ...] = ()


def points(  # noqa: PLR0913  (all that can need attention)
    found: CampaignState,
    states: Iterable[TargetState],
    elsewhere: Iterable[Target],
    *,
    overdue: Collection[str] = (),
    is_part: bool,
    today: date,
    language: str,
) -> tuple[Point, ...]:
    """Return the points that need attention, those that stop deliveries first.

    `states` are the recipients of the page. `elsewhere` are recipients of other pages that need a person; with
    `is_part`, there are other pages. `overdue` are the ids of recipients whose letters should have gone out. Letters
    that wait for *Send now* are not among the points: they come with their plan.
    """
    states = tuple(states)
    found_points = (
        *_paused(found),
        *(point for state in states for point in of_target(state, language)),
        *to_print(states, language),
        *(_overdue(state, language) for state in states if state.target.id in overdue),
        *(point for target in elsewhere for point in _held_back(target, None, language)),
        *_unanswered([state for state in states if state.is_unanswered(found.campaign, today)], language),
        *_confirmation_emails(found, language),
        *_on_hold(found, language),
        *_dates(found, None if is_part else states, today, language),
    )
    return tuple(sorted(found_points, key=lambda point: get_args(Weight.__value__).index(point.weight)))


def _paused(found: CampaignState) -> Iterator[Point]:
    if found.controls.paused:
        yield Point(
            "serious",
            Message("Campaign paused"),
            (Message("Nothing is sent until someone resumes the campaign. People can still sign."),),
            acts=(Act(("resume",)),),
        )


def of_target(state: TargetState, language: str) -> Iterator[Point]:
    """Yield the points about one recipient."""
    target = state.target
    bounces_are_asked = any(question == "bounced" for _, question in state.questions)
    if not (bounces_are_asked and not target.is_held):
        yield from _held_back(target, state.waiting, language)
    for delivery, question in state.questions:
        yield of_delivery(state, delivery, question, language)


def _whom(target: Target, language: str) -> dict[str, object]:
    return {"whom": f"{target.addressed(language)}, {target.locality}"}


def _held_back(target: Target, waiting: int | None, language: str) -> Iterator[Point]:
    """Return why a recipient's letters are held back. `waiting` is None if they were not counted."""
    whom, sees = _whom(target, language), Step(Message("Open the recipient"), f"/targets/{target.id}")
    release = (Act(("release",), {"target": target.id}, quiet=True),)
    waits = () if waiting is None else (_waits(waiting, language),)
    if target.hold:
        yield Point(
            "to know",
            Message("%(whom)s: letters on hold", whom),
            (
                Message("The reason: “%(why)s”.", {"why": target.hold}),
                *waits,
                Message("Nothing is lost. Once you send to this recipient again, they go out with the next delivery."),
            ),
            sees=sees,
            acts=release,
        )
    elif target.stopped:
        yield _stopped(target, target.stopped, waits, whom, language)
    elif target.by_hand:
        return
    elif target.complained_at:
        yield Point(
            "serious",
            Message("%(whom)s: someone there marked the email as spam", whom),
            (
                *waits,
                Message(
                    "Nothing is sent to this recipient for now. Call the office, and ask how they want to get letters."
                ),
            ),
            sees=sees,
            acts=(*release, _by_hand(target)),
        )
    elif target.mail_state == "bounced":
        yield Point(
            "serious",
            Message("%(whom)s: email bounces", whom),
            (
                Message("The address %(email)s takes no email.", {"email": target.email}),
                *waits,
                Message(
                    "Nothing is lost: we keep the letters. Save an address that takes email, and they go out with the "
                    "next delivery."
                ),
            ),
            sees=sees,
            acts=(address_of(target), _by_hand(target)),
        )


def _stopped(target: Target, stop: Stop, waits: Iterable[Message], whom: Mapping[str, object], language: str) -> Point:
    values = {"email": target.email, "why": stop.reason}
    reason = (Message("The reason: “%(why)s”.", values),) if stop.reason else ()
    way_out = Message(
        "No letter goes to %(email)s. Call the office, and ask how they want to get letters. Nothing is lost: you can "
        "bring the letters by hand, or save another address. If they want these emails again, say so on the "
        "recipient’s page.",
        values,
    )
    return Point(
        "serious",
        Message("%(whom)s: the office stopped these emails", whom),
        (*reason, *stop.how_soon(language), *waits, way_out),
        sees=Step(Message("Open the recipient"), f"/targets/{target.id}"),
        acts=(
            _by_hand(target),
            Act(
                ("correct address",),
                {"target": target.id, "email": ""},
                quiet=True,
                folded=Message("Save another address"),
            ),
        ),
    )


def _overdue(state: TargetState, language: str) -> Point:
    return Point(
        "serious",
        Message("%(whom)s: letters are overdue", _whom(state.target, language)),
        (
            Message("They should have gone out more than a day ago."),
            _waits(state.waiting, language),
            Message(
                "Nothing is lost. Send them now. If letters are overdue again, tell the person who runs the system."
            ),
        ),
        sees=Step(Message("Open the recipient"), f"/targets/{state.target.id}"),
        acts=(Act(("deliver",), {"target": state.target.id}),),
    )


def _unanswered(states: Sequence[TargetState], language: str) -> Iterator[Point]:
    if states:
        yield Point(
            "to know",
            Message.counted(
                "No answer after 30 days: %(number)s recipient",
                "No answer after 30 days: %(number)s recipients",
                len(states),
                {"number": number(len(states), language)},
            ),
            (
                Message(
                    "Offices answer by email to your reply address. If one did, record its answer on the recipient’s "
                    "page: the people who signed read it there. If not, a call to the office can help."
                ),
            ),
            facts=tuple(_first_letters(state, language) for state in states),
            sees=Step(Message("Open the recipient"), f"/targets/{states[0].target.id}") if len(states) == 1 else None,
        )


def _first_letters(state: TargetState, language: str) -> Message:
    first = min(since for made in state.deliveries if (since := made.answerable_since))
    values = _whom(state.target, language) | {"day": long_date(first, language)}
    return Message("%(whom)s: the first letters went on %(day)s.", values)


def _waits(waiting: int, language: str) -> Message:
    if not waiting:
        return Message("No letter is waiting now; those that people sign from now on will wait.")
    return Message.counted(
        "%(number)s letter is waiting.",
        "%(number)s letters are waiting.",
        waiting,
        {"number": number(waiting, language)},
    )


def to_print(states: Iterable[TargetState], language: str) -> Iterator[Point]:
    """Yield one point for all recipients whose letters of a day are ready to print."""
    by_day: dict[date, list[tuple[Target, Delivery]]] = {}
    for state in states:
        for made in state.deliveries:
            if made.is_ready_to_print:
                by_day.setdefault(made.day, []).append((state.target, made))
    for day, found in sorted(by_day.items()):
        yield Point(
            "to do",
            Message("Letters of %(day)s: ready to print", {"day": long_date(day, language)}),
            (
                Message(
                    "Open each one, print the letters, and hand them over or mail them. Then press “Handed over” there."
                ),
            ),
            places=tuple(
                Step(_letters_to(target, made, language), f"/deliveries/{made.key.period}/{target.id}")
                for target, made in found
            ),
        )


def _letters_to(target: Target, made: Delivery, language: str) -> Message:
    return Message.counted(
        "%(whom)s: %(letters)s letter",
        "%(whom)s: %(letters)s letters",
        made.letters_left,
        {**_whom(target, language), "letters": number(made.letters_left, language)},
    )


def address_of(target: Target, *, quiet: bool = False) -> Act:
    """Return the form that saves a recipient's address."""
    return Act(("correct address",), {"target": target.id, "email": target.email}, quiet)


def _by_hand(target: Target) -> Act:
    """Return the button by which the letters that wait go by hand or post."""
    return Act(("remove address",), {"target": target.id}, quiet=True)


def decisions(delivery: Delivery, question: Question | None, state: TargetState) -> tuple[Act, ...]:
    """Return the decisions that a person can make about a delivery, the usual one first."""
    key, target = delivery.key, state.target
    seen = {"period": key.period, "target": key.target, "revision": delivery.revision}
    may = delivery.may(question)
    if "settle as sent" in may:
        if_not: tuple[str, ...] = () if target.is_held else ("settle as not sent",)
        by_hand = (_by_hand(target),) if target.is_held and not target.hold else ()
        return Act(("settle as sent", *if_not), seen, quiet=True), *by_hand
    close = Act(("close unsent",), seen, quiet=True, folded=Message("The letters are sent no more"))
    if delivery.received_at(target):
        return (close, address_of(target, quiet=True)) if question else ()
    is_corrected = was_corrected(delivery, target)
    can_retry = has_failed(delivery, state) and (target.by_hand or not week_taken(delivery, state.deliveries))
    retry = (Act(("retry",), seen),) if can_retry else ()
    if question != "bounced":
        return retry
    if target.by_hand:
        return *retry, address_of(target, quiet=True), close
    if not can_retry:
        return address_of(target, quiet=is_corrected), _by_hand(target), close
    # In one form: the email goes to the address that somebody typed beside the button.
    usual: tuple[str, ...] = ("retry", "correct address")
    return Act(usual if is_corrected else usual[::-1], seen | {"email": target.email}), _by_hand(target), close


def has_failed(delivery: Delivery, state: TargetState) -> bool:
    """Say whether a delivery did not arrive, and its letters could go the same way again."""
    target = state.target
    is_over = delivery.cleared_at is not None or delivery.received_at(target) is not None
    return delivery.state in {"held", "bounced", "closed_unsent"} and not is_over and not target.is_held


def was_corrected(delivery: Delivery, target: Target) -> bool:
    """Say whether a recipient has another address than the one that a delivery went to."""
    return bool(target.email) and delivery.email not in {None, target.email}


def of_delivery(state: TargetState, delivery: Delivery, question: Question, language: str) -> Point:
    """Return the point about a delivery that waits for a person's decision."""
    target, others = state.target, (_waits(state.waiting, language),) if state.waiting else ()
    values = _whom(target, language) | {
        "day": long_date(date.fromisoformat(delivery.key.period), language),
        "letters": number(delivery.letters, language),
        "email": delivery.email or target.email,
        "new": target.email,
    }
    sees = Step(Message("Open the delivery"), f"/deliveries/{delivery.key.period}/{target.id}")
    acts = decisions(delivery, question, state)
    if question == "bounced":
        title = Message("%(whom)s: the email of %(day)s bounced", values)
        came_back = Message.counted(
            "The email to %(email)s with %(letters)s letter came back. Nothing is lost.",
            "The email to %(email)s with %(letters)s letters came back. Nothing is lost.",
            delivery.letters,
            values,
        )
        corrected = Message("The address is now %(new)s. Send the email again.", values)
        find = Message(
            "Correct the address, then send the email again. If no address works, press “Send letters by hand or post” "
            "first."
        )
        if target.by_hand:
            find = Message("Press “Send again”. Then print the letters, and hand them over or mail them.")
        close = Message("But the office said that it has these letters, so press “Close unsent”.")
        send = corrected if was_corrected(delivery, target) else find
        ways_out = (close, IF_NOT_RECEIVED) if delivery.received_at(target) else (send,)
        return Point("serious", title, (came_back, *others, *ways_out), sees=sees, acts=acts)
    if question == "in doubt":
        title = Message("%(whom)s: we don’t know whether the email of %(day)s left", values)
        cause = Message("Our email service did not answer when we handed the email over.")
    else:
        title = Message("%(whom)s: nobody has said whether the email of %(day)s arrived", values)
        cause = Message("The mail server has not answered for three days.")
    ask = Message("Ask the office whether it has the email, then decide. We don’t send it twice by ourselves.")
    return Point("serious", title, (cause, *others, ask), sees=sees, acts=acts)


def _confirmation_emails(found: CampaignState, language: str) -> Iterator[Point]:
    waiting = {lane: _up_to(count, language) for lane, count in found.postponed.items() if count}
    if found.sending.stopped:
        yield Point(
            "serious",
            Message("Confirmation emails are stopped"),
            (
                Message("The person who runs the system stopped them, so nobody can confirm a letter."),
                *_how_many_wait(found, language),
                Message("Ask that person to start them again. The emails then go by themselves; nobody signs again."),
            ),
        )
        return
    if found.sending.is_braked("clean"):
        yield Point(
            "serious",
            Message("Confirmation emails wait: too many came back"),
            (
                Message("Too many bounced or were marked as spam within a day, so none go out for now."),
                *_how_many_wait(found, language),
                Message("Tell the person who runs the system. The emails go on by themselves; nobody signs again."),
            ),
        )
    elif found.sending.short_of_quota:
        yield Point(
            "serious",
            Message("Confirmation emails wait: the system has sent nearly all that it may in a day"),
            (
                Message("The rest of AWS’s daily limit is kept for deliveries."),
                *_how_many_wait(found, language),
                Message(
                    "Tell the person who runs the system to ask AWS for a higher limit. The emails go by themselves, "
                    "within a day; nobody signs again."
                ),
            ),
        )
    elif "clean" in waiting:
        yield Point(
            "to know",
            Message("Confirmation emails that wait: %(number)s", {"number": waiting["clean"]}),
            (
                Message(
                    "They were stopped for a while, or a limit was reached: an hour’s for all emails, or a day’s for "
                    "one network or one email domain. They go by themselves; nobody has to sign again."
                ),
            ),
        )
    if "suspicious" in waiting:
        yield Point(
            "to do",
            Message(
                "Confirmation emails of letters in quarantine that wait: %(number)s", {"number": waiting["suspicious"]}
            ),
            (
                Message(
                    "Their forms look like a bot’s. A few such emails go out each hour, so that bots can’t fill "
                    "strangers’ mailboxes in your name. If a person wrote one, open it and say so: its email goes "
                    "at once."
                ),
            ),
            link=Step(Message("See these letters"), "/signatures?status=quarantined"),
        )


def _how_many_wait(found: CampaignState, language: str) -> Iterator[Message]:
    lanes: tuple[Lane, ...] = ("clean", "suspicious")
    if count := sum(found.postponed[lane] for lane in lanes):
        yield Message("Emails that wait: %(number)s.", {"number": _up_to(count, language)})


def _up_to(count: int, language: str) -> str:
    return number(count, language) + ("+" if count >= MOST_POSTPONED else "")


def _on_hold(found: CampaignState, language: str) -> Iterator[Point]:
    if found.on_hold:
        values = {"count": number(found.on_hold, language)}
        yield Point(
            "to know",
            Message.counted("%(count)s letter is on hold", "%(count)s letters are on hold", found.on_hold, values),
            (Message("Letters on hold stay out of every delivery until somebody includes or erases them."),),
            link=Step(Message("Check letters"), "/screening"),
        )


def _dates(found: CampaignState, states: tuple[TargetState, ...] | None, today: date, language: str) -> Iterator[Point]:
    campaign = found.campaign
    closed_on = found.controls.closed_on(campaign, today)
    if closed_on is None and campaign.opens and today < campaign.opens:
        yield Point(
            "to know",
            Message("Signing opens on %(day)s", {"day": long_date(campaign.opens, language)}),
            (Message("Until then, the form says so, and nobody can sign."),),
        )
    elif closed_on:
        keeps = campaign.kept_until
        sentences = [] if states is None else [_what_is_left(states, language)]
        if keeps:
            sentences.append(
                Message(
                    "What letters say about people is deleted after %(day)s. Before that, download what you may keep.",
                    {"day": long_date(keeps, language)},
                )
            )
        else:
            sentences.append(
                Message(
                    "Personal data stays until you erase it. Thank the people who wanted news, and download what you "
                    "may keep."
                )
            )
        yield Point(
            "to know",
            Message("Signing closed on %(day)s", {"day": long_date(closed_on, language)}),
            tuple(sentences),
            link=Step(Message("Download letters"), "/exports"),
        )


def _what_is_left(states: tuple[TargetState, ...], language: str) -> Message:
    if waiting := sum(state.waiting for state in states):
        return _waits(waiting, language)
    deliveries = [made for state in states for made in state.deliveries]
    if any(state.questions for state in states) or any(
        made.is_unfinished or made.is_ready_to_print for made in deliveries
    ):
        return Message("Some deliveries are not finished yet.")
    return Message("The campaign is over. No confirmed letter is waiting any more.")
