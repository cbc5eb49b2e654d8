"""Deliveries: their list, and the page of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.campaigns.cursors import cursor_of
from undersigned.delivering.emails.mail_reasons import in_words
from undersigned.delivering.pages.states import state_of_delivery
from undersigned.delivering.rules.deliveries import delivery_position
from undersigned.delivering.rules.packets import packet_spans, reference_number
from undersigned.delivering.rules.plans import week_taken
from undersigned.organizing.pages.attention import IF_NOT_RECEIVED, decisions, has_failed, of_delivery
from undersigned.organizing.pages.recipients import recipient_name, row_of
from undersigned.people.dashboard_frame import render_framed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.base.page import Page
    from undersigned.campaigns.rules.campaigns import HeldBy, Target
    from undersigned.delivering.rules.deliveries import Delivery, DeliveryKey
    from undersigned.delivering.rules.mail_events import MailEventKind
    from undersigned.organizing.deliveries import DeliveryRecord
    from undersigned.organizing.overviews import TargetState
    from undersigned.people.viewer import Viewer

_EVENTS: Mapping[MailEventKind, Message] = {
    "send": Message("Our email service accepted it"),
    "delivery": Message("The office’s mail server accepted it"),
    "bounce": Message("It bounced"),
    "complaint": Message("Someone there marked it as spam"),
    "reject": Message("Our email service refused it"),
    "delivery_delay": Message("The office’s mail server is delaying it"),
}


def deliveries_page(viewer: Viewer, found: Sequence[tuple[Delivery, Target]], last: DeliveryKey | None) -> Page:
    """Render deliveries, newest first; `last` is the last of this page if there may be more."""
    return render_framed(
        "organizing/pages/deliveries.html",
        viewer.language,
        viewer,
        "deliveries",
        rows=[
            (
                made,
                recipient_name(viewer, made.key.target),
                state_of_delivery(viewer, made, target),
                made.received_at(target) or made.last.settled_at,
            )
            for made, target in found
        ],
        next_cursor=cursor_of(delivery_position(last)),
    )


@dataclass(frozen=True, slots=True)
class Paper:
    """A delivery by hand or post that can be printed. `seen` is what its buttons send, `today` the day in ISO 8601.

    The file `is_gone` after 31 days. `erased` has the reference numbers of letters that were erased since it was ready.
    """

    seen: Mapping[str, str]
    today: str
    is_gone: bool
    erased: tuple[str, ...]


def _paper(viewer: Viewer, record: DeliveryRecord) -> Paper | None:
    made, key = record.delivery, record.delivery.key
    if not made.may_be_on_paper:
        return None
    erased = made.erased - made.last.left_out
    return Paper(
        {"period": key.period, "target": key.target, "revision": made.revision},
        viewer.local(viewer.now).date().isoformat(),
        is_gone=made.has_ended_links(viewer.now),
        erased=tuple(
            reference_number(key.period, number)
            for number, signer in enumerate(record.signers, start=1)
            if signer in erased
        ),
    )


def delivery_page(viewer: Viewer, record: DeliveryRecord, state: TargetState) -> Page:
    """Render a delivery with its packets and the events of its email."""
    made = record.delivery
    acts, blocked = decisions(made, record.question, state), week_taken(made, state.deliveries)
    return render_framed(
        "organizing/pages/delivery.html",
        viewer.language,
        viewer,
        "deliveries",
        made=made,
        row=row_of(viewer, state),
        state=state_of_delivery(viewer, made, record.target),
        why_not_sent=_reason(viewer, made, state.target),
        packet_count=len(packet_spans(len(record.signers), made.packet_size)),
        packets=[(packet, record.erased_from(packet)) for packet in record.packets],
        events=[
            (event, viewer.say(_EVENTS[event.kind]), in_words(event.reason, viewer.language)) for event in record.events
        ],
        point=of_delivery(state, made, record.question, viewer.language) if record.question else None,
        acts=acts,
        paper=_paper(viewer, record),
        received_at=made.received_at(record.target),
        if_not_received=(
            viewer.say(IF_NOT_RECEIVED)
            if made.state in {"sent", "closed_unsent", "held"} and not record.question
            else ""
        ),
        too_soon_after=blocked.last if blocked and made.way == "email" and has_failed(made, state) else None,
    )


_HELD: Mapping[HeldBy, Message] = {
    "organizer": Message("The reason: “%(why)s”."),
    "office": Message("This office stopped the emails."),
    "complaint": Message("Someone at this office marked an earlier email as spam."),
    "bounce": Message("The address %(email)s takes no email."),
}


def _reason(viewer: Viewer, made: Delivery, target: Target) -> str | None:
    """Return why a delivery is not sent, in the page's language, except the words of another mail server."""
    held = target.held_by()
    if held is None or made.state != "held" or made.reason != target.why_held():
        return in_words(made.reason, viewer.language)
    return viewer.say(replace(_HELD[held], values={"why": target.hold, "email": target.email}))
