"""What organizers decide about deliveries: send now, test, send again, settle, close unsent, hand over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

from undersigned.base.actions import ACTIONS, Action, Done, Field, action
from undersigned.base.days import day_in
from undersigned.base.errors import ChangedError, GivenError, NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.stack import Stack
from undersigned.campaigns.actions import (
    FOR_COLLEAGUES,
    FOR_SIGNERS,
    FOR_THE_LOG,
    HOW_KNOWN,
    check_not_stopped,
    needed,
)
from undersigned.campaigns.activity import record
from undersigned.campaigns.catalog import current_period
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.campaigns.rules.controls import checked_reason, read_seen_at
from undersigned.delivering.limits_of_tests import address_of_test, count_test
from undersigned.delivering.planning import make_plan, queue_up
from undersigned.delivering.queue import delivery_queue
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey, HandedOver
from undersigned.delivering.rules.plans import take_week, week_taken
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.delivering.planning import Plan
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.plans import TooSoon


def _target_id(typed: str) -> str:
    if typed and not ID_PATTERN.fullmatch(typed):
        message = "no recipient has this id"
        raise NotFoundError(message)
    return typed


def _day(typed: str) -> date:
    day = day_in(typed)
    if day is None:
        raise GivenError(
            Message("Give the day on which the office got the letters, such as %(day)s.", {"day": "2026-11-30"})
        )
    return day


_SEEN = Field(str, "The revision of the delivery that somebody saw.")
_MUST_BE_SEEN = replace(_SEEN, is_needed=True)
_FOR_A_SECOND_EMAIL = Field(
    partial(needed, Message("Give a reason for a second email.")),
    "The reason, for the activity log.",
    is_needed=True,
)
_KNOWN = replace(FOR_THE_LOG, label=HOW_KNOWN.label)
_DELIVERY = "/deliveries/<period>/<target>"
_GOES_BY_HAND = Message("These letters go by hand or post. You can print them here in a few minutes.")
_SEND_AGAIN = "Send its email again?"
_SENT_AGAIN = {
    "retried": Message("We’re sending the delivery again. This takes a few minutes."),
    "goes-by-hand": _GOES_BY_HAND,
}


@action(
    "deliver",
    Message("Sent waiting letters"),
    command="deliver",
    page="/deliveries/next",
    button=Message("Send now"),
    done={
        "delivered": Message(
            "The emails go out within minutes, and letters by hand or post are then here to print. Load the page again "
            "to see them."
        ),
        "not-delivered": Message("Nothing was sent. The list says why."),
    },
)
def deliver(  # noqa: PLR0913  (what, who and why)
    stack: Stack,
    campaign: str,
    *,
    target: Annotated[str, Field(_target_id, "Only letters to this recipient.")],
    seen_at: Annotated[datetime, Field(read_seen_at, "When the person read what is waiting.", is_needed=True)],
    why: Annotated[str, FOR_COLLEAGUES],
    by: str,
) -> Done:
    """Send the letters that a page showed, to all recipients or to one."""
    plan = send_now(stack, campaign, by, why, seen_at=seen_at, only=target or None)
    return Done("delivered" if plan.going else "not-delivered", log=None)


ACTIONS["deliver again"] = Action(
    Message("Sent letters within seven days of the last email"), "deliver --again", "/deliveries/next"
)


def send_now(  # noqa: PLR0913  (what, who and why)
    stack: Stack,
    campaign: str,
    by: str,
    why: str,
    *,
    seen_at: datetime,
    only: str | None = None,
    again: bool = False,
) -> Plan:
    """Queue the deliveries of a campaign, or of one target.

    They take the letters that were due at `seen_at`, when the person read what is waiting. `again` sends to targets
    that got an email less than seven days before, for a reason. Nothing is recorded if nothing is sent. Raises
    NotFoundError for an unknown campaign or target, NotNowError if the campaign is paused, or if the reason is missing.
    """
    why = _FOR_A_SECOND_EMAIL.read(why) if again else checked_reason(why)
    campaigns = Campaigns(stack.table)
    settings = campaigns.campaign(campaign)
    if only is not None:
        campaigns.target(campaign, only)
    _check_not_paused(campaigns, campaign)
    period = current_period(stack, settings)
    planned = make_plan(stack, settings, period, only=only, again=again, counts=False)
    if planned.failed:
        # A read that failed a moment ago often works now.
        planned = make_plan(stack, settings, period, only=only, again=again, counts=False)
    if planned.going:
        # First, because an error can keep some out while others are queued.
        about = f"{period} {only}" if only else period
        record(stack, campaign, "deliver again" if again else "deliver", by, about, why)
    queued = queue_up(stack, planned, again=again, until=min(seen_at, stack.clock()))
    queued.check()
    return queued


@action(
    "test",
    Message("Sent a test email"),
    command="deliver --test",
    page="/targets/<target>/test",
    button=Message("Send a test email"),
    done={"test-sent": Message("The test email is on its way to you, and to nobody else.")},
)
def test(  # noqa: PLR0913  (what, who and why)
    stack: Stack,
    campaign: str,
    target: str,
    *,
    to: Annotated[str, Field(str, "The address that gets it instead of the organizer's.")],
    who: Annotated[str, Field(str, "The id of the person who is signed in.")],
    why: Annotated[str, FOR_THE_LOG],
) -> Done:
    """Send somebody the email that a target would get now, as a test.

    `to` is the address of a person who is signed in, because the email has signers' letters, or an address that the
    operator names. A recipient gets a test only as the signed-in person. `who` asks, and has a limit; the operator has
    none.

    Raises NotFoundError for an unknown target; NotNowError if no letters are waiting for it, for an address that gets
    no test, and for too many requests.
    """
    del why
    campaigns = Campaigns(stack.table)
    settings = campaigns.campaign(campaign)
    if campaigns.target(campaign, target).by_hand:
        raise NotNowError(Message("This recipient gets letters by hand or post, so there is no email to send."))
    if not Signatures(stack.table).has_waiting(campaign, target):
        raise NotNowError(Message("No letters are waiting for this recipient, so there is no email to send."))
    address = address_of_test(stack, campaign, to or settings.organizer.email, is_own=bool(who and to))
    count_test(stack, who)
    delivery_queue(stack).put_test(DeliveryKey(campaign, target, current_period(stack, settings)), address)
    return Done("test-sent")


@action(
    "retry",
    Message("Sent or prepared a delivery again"),
    command="retry",
    page=f"{_DELIVERY}/retry",
    asks=_SEND_AGAIN,
    button=Message("Send again"),
    done=_SENT_AGAIN,
)
def retry(  # noqa: PLR0913, PLR0917  (what and why)
    stack: Stack,
    campaign: str,
    period: str,
    target: str,
    revision: Annotated[str, _SEEN],
    why: Annotated[str, FOR_THE_LOG],
) -> Done:
    """Resend a delivery that is not sent, bounced, is closed unsent or held. The target's address then counts as good.

    Without an address, its letters go by hand or post. If the delivery is ready to print, make its packets again,
    because they are kept for 31 days.

    Raises NotFoundError for an unknown delivery, NotNowError if its email was sent or may have been sent, if it is too
    soon for it, or if it is no longer as it was seen.
    """
    del why
    return _retry(stack, DeliveryKey(campaign, target, period), revision)


@action(
    "retry again",
    Message("Sent or prepared a delivery again within seven days of another one"),
    command="retry --again",
    page=f"{_DELIVERY}/retry",
    asks=_SEND_AGAIN,
    done=_SENT_AGAIN,
)
def retry_again(  # noqa: PLR0913, PLR0917  (as above)
    stack: Stack,
    campaign: str,
    period: str,
    target: str,
    revision: Annotated[str, _SEEN],
    why: Annotated[str, _FOR_A_SECOND_EMAIL],
) -> Done:
    """Do the same, even if the office has it, or got another email less than seven days away."""
    del why
    return _retry(stack, DeliveryKey(campaign, target, period), revision, again=True)


def _retry(stack: Stack, key: DeliveryKey, revision: str, *, again: bool = False) -> Done:
    delivery, target = _found(stack, key, revision)
    may = delivery.may(delivery.question(stack.clock()))
    if "settle as sent" in may:
        raise NotNowError(Message("Nobody knows whether the email arrived. Ask the recipient’s office, then decide."))
    if "retry" not in may:
        raise NotNowError(
            Message(
                "The delivery’s state is “%(state)s”. Only a delivery that is not sent, bounced, was closed unsent, "
                "is on hold or is ready to print can be sent again.",
                {"state": delivery.state},
            )
        )
    return _send_again(stack, delivery, target, "retry", again=again)


@action(
    "settle as sent",
    Message("Decided that an email was sent"),
    command="settle --sent",
    page=f"{_DELIVERY}/settle-as-sent",
    asks="Record that its email was sent?",
    button=Message("The office has the email"),
    done={"settled-as-sent": Message("Recorded: the email was sent. We won’t ask about it again.")},
)
def settle_as_sent(  # noqa: PLR0913, PLR0917  (as above)
    stack: Stack,
    campaign: str,
    period: str,
    target: str,
    revision: Annotated[str, _MUST_BE_SEEN],
    why: Annotated[str, _KNOWN],
) -> Done:
    """Decide that an email was sent that is in doubt, or has no outcome.

    Raises NotFoundError for an unknown delivery, NotNowError if there is nothing to decide, or if it is no longer as it
    was seen.
    """
    del why
    delivery, _ = _in_question(stack, DeliveryKey(campaign, target, period), revision)
    _change(stack, delivery.settled_as_sent(stack.clock()), delivery)
    return Done("settled-as-sent", about=_about(delivery))


@action(
    "settle as not sent",
    Message("Decided that an email was not sent, and sent it again"),
    command="settle --not-sent",
    page=f"{_DELIVERY}/settle-as-not-sent",
    asks=_SEND_AGAIN,
    button=Message("It did not arrive: send it again"),
    done=_SENT_AGAIN,
)
def settle_as_not_sent(  # noqa: PLR0913, PLR0917  (as above)
    stack: Stack,
    campaign: str,
    period: str,
    target: str,
    revision: Annotated[str, _MUST_BE_SEEN],
    why: Annotated[str, _KNOWN],
) -> Done:
    """Decide that such an email was not sent, and send it again; without an address, its letters go by hand or post.

    Until that begins, a late event that it arrived still stops it.
    """
    del why
    delivery, known = _in_question(stack, DeliveryKey(campaign, target, period), revision)
    return _send_again(stack, delivery, known, "settle", again=False)


@action(
    "settle as not sent again",
    Message("Decided that an email was not sent, and sent it again within seven days of another one"),
    command="settle --not-sent --again",
    page=f"{_DELIVERY}/settle-as-not-sent",
    asks=_SEND_AGAIN,
    done=_SENT_AGAIN,
)
def settle_as_not_sent_again(  # noqa: PLR0913, PLR0917  (as above)
    stack: Stack,
    campaign: str,
    period: str,
    target: str,
    revision: Annotated[str, _MUST_BE_SEEN],
    why: Annotated[str, _FOR_A_SECOND_EMAIL],
) -> Done:
    """Do the same, even if the office said that it has the letters, or others took its week."""
    del why
    delivery, known = _in_question(stack, DeliveryKey(campaign, target, period), revision)
    return _send_again(stack, delivery, known, "settle", again=True)


def _in_question(stack: Stack, key: DeliveryKey, revision: str) -> tuple[Delivery, Target]:
    delivery, target = _found(stack, key, revision)
    if "settle as sent" not in delivery.may(delivery.question(stack.clock())):
        raise NotNowError(
            Message(
                "The delivery’s state is “%(state)s”. There is nothing to decide: you decide only about a delivery "
                "that is in doubt, or has had no outcome for three days.",
                {"state": delivery.state},
            )
        )
    return delivery, target


@action(
    "close unsent",
    Message("Closed a delivery unsent"),
    command="close-unsent",
    page=f"{_DELIVERY}/close-unsent",
    button=Message("Close unsent"),
    is_final=True,
    asks="Close it unsent?",
    done={"closed-unsent": Message("Recorded: these letters won’t be sent.")},
)
def close_unsent(  # noqa: PLR0913, PLR0917  (as above)
    stack: Stack,
    campaign: str,
    period: str,
    target: str,
    revision: Annotated[str, _MUST_BE_SEEN],
    why: Annotated[str, FOR_SIGNERS],
) -> Done:
    """Stop trying to send a delivery that bounced, or is ready to print.

    Raises NotFoundError for an unknown delivery, NotNowError unless it bounced or is ready to print, or if it is no
    longer as it was seen.
    """
    now, (delivery, _) = stack.clock(), _found(stack, DeliveryKey(campaign, target, period), revision)
    if "close unsent" not in delivery.may(delivery.question(now)):
        raise NotNowError(Message("Only a delivery that bounced, or is ready to print, can be closed unsent."))
    _change(stack, delivery.closed_unsent(why, now), delivery)
    return Done("closed-unsent", about=_about(delivery))


@action(
    "hand over",
    Message("Recorded that letters were handed over"),
    command="hand-over",
    page=f"{_DELIVERY}/handed-over",
    button=Message("Handed over"),
    done={"handed-over": Message("Recorded: the letters were handed over.")},
)
def hand_over(  # noqa: PLR0913  (what, when and who)
    stack: Stack,
    campaign: str,
    period: str,
    target: str,
    *,
    day: Annotated[date, Field(_day, "The day on which the office got them.", is_needed=True)],
    note: Annotated[str, Field(checked_reason, "What the activity log says, such as who took them.")],
    revision: Annotated[str, _MUST_BE_SEEN],
    by: str,
) -> Done:
    """Record that an office got the letters of a delivery by hand. The same record again changes nothing.

    Raises NotFoundError for an unknown delivery, GivenError for a day that can't be, NotNowError if it is not ready to
    print, was handed over before, or is no longer as it was seen.
    """
    now, (delivery, _) = stack.clock(), _found(stack, DeliveryKey(campaign, target, period), "")
    if not delivery.day <= day <= Campaigns(stack.table).campaign(campaign).local(now).date():
        raise GivenError(
            Message("The letters were handed over between %(day)s and today. Give that day.", {"day": delivery.day})
        )
    if known := delivery.handed:
        if (known.day, known.note) == (day, note):
            return Done("handed-over", log=None)
        raise NotNowError(
            Message("%(by)s recorded that the letters were handed over on %(day)s.", {"by": known.by, "day": known.day})
        )
    if revision not in {"", delivery.revision}:
        raise _changed()
    if "hand over" not in delivery.may(delivery.question(now)):
        raise NotNowError(Message("Only letters that are ready to print can be handed over."))
    _change(stack, delivery.handed_over(HandedOver(day, note, by, now)), delivery)
    return Done("handed-over", about=_about(delivery), why=note)


def _found(stack: Stack, key: DeliveryKey, revision: str) -> tuple[Delivery, Target]:
    """Return a delivery and its target. Raises NotFoundError; NotNowError if it is no longer as somebody saw it."""
    target, delivery = Campaigns(stack.table).target(key.campaign, key.target), Deliveries(stack.table).delivery(key)
    if delivery is None:
        message = f"campaign {key.campaign!r} has no delivery {key.period} to {key.target!r}"
        raise NotFoundError(message)
    if revision not in {"", delivery.with_word_of(target).revision}:
        raise _changed()
    return delivery, target


def _send_again(stack: Stack, delivery: Delivery, target: Target, command: str, *, again: bool) -> Done:
    """Send a delivery again, the way of its target. The target's address then counts as good.

    Raises NotNowError if the office said that it has the letters, unless a person sends them `again`.
    """
    campaigns, key = Campaigns(stack.table), delivery.key
    if not again and (said := delivery.received_at(target)):
        values = {"day": campaigns.campaign(key.campaign).local(said).date()}
        raise NotNowError(
            Message(
                "The office said on %(day)s that it has these letters, so ask the office. If they must go again, give "
                "a reason: `undersigned %(command)s` with `--again --why`.",
                {**values, "command": command},
            ),
            plainly=Message("The office said on %(day)s that it has these letters.", values),
        )
    opened = delivery.opened_for(target)
    _open_again(stack, opened, delivery, target, again=again)
    if command == "retry" and opened.way == "email":
        campaigns.set_mail_state(key.campaign, key.target, target.email, "ok")
    delivery_queue(stack).put([key])
    return Done("goes-by-hand" if opened.way == "by hand" else "retried", about=_about(delivery))


def _open_again(stack: Stack, opened: Delivery, delivery: Delivery, target: Target, *, again: bool) -> None:
    """Write a delivery that is opened for its next attempt. Keeps SES's events about the last one: see `after_event`.

    Raises NotNowError if its packets were cleared, the campaign is paused, its target is held, or others took its week
    since it bounced, unless `again`. By hand, a person decides when the office gets it, whatever came that week, and
    whatever the mailbox says.
    """
    if delivery.cleared_at is not None:
        raise NotNowError(
            Message("The time to keep this campaign’s personal data is over, so these letters are deleted.")
        )
    _check_not_paused(Campaigns(stack.table), delivery.key.campaign)
    by_hand = opened.way == "by hand"
    if not by_hand:
        check_not_stopped(target)
    if target.hold or (target.is_held and not by_hand):
        why = target.hold or Message("someone there marked an email as spam")
        raise NotNowError(Message("The letters are on hold: %(why)s. End the hold first.", {"why": why}))
    if delivery.occupies_week:
        if opened != delivery:
            _change(stack, opened, delivery)
        return
    deliveries = Deliveries(stack.table)
    known = deliveries.deliveries(delivery.key.campaign, delivery.key.target)
    if not (again or by_hand) and (blocked := week_taken(delivery, known)):
        raise _week_is_taken(blocked)
    try:
        deliveries.open(opened, take_week(target.free_from, delivery.day), delivery)
    except ChangedError as error:
        raise _changed() from error


def _change(stack: Stack, changed: Delivery, delivery: Delivery) -> None:
    try:
        Deliveries(stack.table).change(changed, delivery)
    except ChangedError as error:
        raise _changed() from error


def _about(delivery: Delivery) -> str:
    return f"{delivery.key.target} {delivery.key.period}"


def _check_not_paused(campaigns: Campaigns, campaign: str) -> None:
    if campaigns.controls(campaign).paused:
        raise NotNowError(Message("The campaign is paused. Resume it first."))


def _changed() -> NotNowError:
    return NotNowError(Message("The delivery has just changed. Look at it again."))


def _week_is_taken(found: TooSoon) -> NotNowError:
    """Return the refusal of a delivery whose day has passed. No later day changes it, so it names none."""
    values = {"day": found.last}
    return NotNowError(
        Message(
            "There is a delivery of %(day)s, and a recipient gets at most one email in seven days. To send this one, "
            "too, give a reason: `undersigned retry` with `--again --why`.",
            values,
        ),
        plainly=Message(
            "There is a delivery of %(day)s, and a recipient gets at most one email in seven days.", values
        ),
    )
