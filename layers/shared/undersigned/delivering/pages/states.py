"""The status of letters in a plan, and of deliveries, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from undersigned.base.languages import Message, long_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.campaigns.rules.campaigns import HeldBy, Target
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.plans import PlanLine
    from undersigned.delivering.rules.states import DeliveryState
    from undersigned.people.viewer import Viewer

DELIVERY_STATES: Mapping[DeliveryState, Message] = {
    "open": Message.in_context("status of a delivery", "Being sent"),
    "sending": Message.in_context("status of a delivery", "Being sent"),
    "in_doubt": Message.in_context("status of a delivery", "In doubt"),
    "sent": Message.in_context("status of a delivery", "Sent"),
    "delivered": Message.in_context("status of a delivery", "Delivered"),
    "complained": Message.in_context("status of a delivery", "Delivered, marked as spam"),
    "bounced": Message.in_context("status of a delivery", "Bounced"),
    "closed_unsent": Message.in_context("status of a delivery", "Closed unsent"),
    "held": Message.in_context("status of a delivery", "On hold"),
    "empty": Message.in_context("status of a delivery", "Nothing to send"),
}

_BY_HAND: Mapping[DeliveryState, Message] = {
    "open": Message.in_context("status of a delivery", "Being prepared"),
    "sent": Message.in_context("status of a delivery", "Ready to print"),
    "delivered": Message.in_context("status of a delivery", "Handed over"),
}
"""The states of deliveries by hand or post that have other words than those by email."""


_HELD: Mapping[HeldBy, Message] = {
    "organizer": Message.in_context("status of letters", "On hold: %(why)s"),
    "no address": Message.in_context("status of letters", "On hold: no email address"),
    "office": Message.in_context("status of letters", "On hold: the office stopped the emails"),
    "complaint": Message.in_context("status of letters", "On hold: email marked as spam"),
    "bounce": Message.in_context("status of letters", "On hold: email bounced"),
}


_RECEIVED = Message.in_context("status of a delivery", "Received by the office")


def state_of_line(line: PlanLine, language: str) -> Message:
    """Return the status that a plan gives to letters: they are ready, or the reason why they aren't sent."""
    match line.outcome:
        case "bounced":
            return _HELD["bounce"]
        case "held" if line.held_by:
            return replace(_HELD[line.held_by], values={"why": line.target.hold})
        case "too soon" if line.too_soon:
            values = {
                "last": long_date(line.too_soon.last, language),
                "next": long_date(line.too_soon.next_day, language),
            }
            return Message.in_context(
                "status of letters", "Not before %(next)s, because of the delivery of %(last)s", values
            )
        case "in doubt":
            return Message.in_context("status of letters", "In doubt: nobody knows whether the email arrived")
        case "paused":
            return Message.in_context("status of letters", "Campaign paused")
        case _:
            return (
                _BY_HAND["sent"] if line.way == "by hand" else Message.in_context("status of letters", "Ready to send")
            )


def state_of_delivery(viewer: Viewer, delivery: Delivery, target: Target) -> str:
    """Return a delivery's state, or its office's word. An attempt whose hour is over is in doubt, recorded or not."""
    if delivery.state in {"sent", "delivered"} and delivery.received_at(target):
        return viewer.say(_RECEIVED)
    is_in_doubt = delivery.question(viewer.now) == "in doubt"
    by_hand = _BY_HAND.get(delivery.state) if delivery.way == "by hand" else None
    return viewer.say(by_hand or DELIVERY_STATES["in_doubt" if is_in_doubt else delivery.state])
