"""Recipients: their table, the page of each, and the preview of their next email."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from undersigned.base.languages import Message, short_moment
from undersigned.delivering.pages.states import state_of_delivery, state_of_line
from undersigned.organizing.pages.attention import of_target, to_print
from undersigned.people.dashboard_frame import render_framed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from undersigned.base.page import Page
    from undersigned.campaigns.rules.campaigns import HeldBy, Target
    from undersigned.delivering.packing import DeliveryPreview
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.delivering.rules.plans import PlanLine
    from undersigned.organizing.overviews import Overview, TargetState
    from undersigned.people.viewer import Viewer

COLUMNS = ("recipient", "waiting", "sent", "last", "state")
"""The columns by which the table of targets can be sorted."""

_DELIVERIES_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Row:
    """A target in the table. `state` says whether its email works, `needs_you` whether the organizer should act."""

    target: Target
    name: str
    waiting: int
    sent: int
    last: Delivery | None
    last_state: str
    state: str
    needs_you: bool

    def sorts_by(self, column: str) -> tuple[object, ...]:
        """Return the row's sort key for a column."""
        values: dict[str, object] = {
            "recipient": self.target.label.casefold(),
            "waiting": self.waiting,
            "sent": self.sent,
            "last": self.last.key.period if self.last else "",
            "state": (not self.needs_you, self.state),
        }
        return values[column], self.target.label.casefold()


def row_of(viewer: Viewer, state: TargetState) -> Row:
    """Return a target's row in the table."""
    target, last = state.target, state.last_delivery
    bounced = any(question == "bounced" for _, question in state.questions)
    return Row(
        target,
        target.addressed(viewer.language),
        state.waiting,
        state.sent,
        last,
        state_of_delivery(viewer, last, target) if last else "",
        viewer.say(
            _state_of_target(
                target,
                bounced=bounced,
                in_question=bool(state.questions),
                unanswered=state.is_unanswered(viewer.campaign, viewer.local(viewer.now).date()),
            )
        ),
        needs_you=target.held_by() is not None or bool(state.questions),
    )


_HELD: Mapping[HeldBy, Message] = {
    "organizer": Message.in_context("status of a recipient", "On hold: %(why)s"),
    "office": Message.in_context("status of a recipient", "On hold: the office stopped the emails"),
    "complaint": Message.in_context("status of a recipient", "On hold: someone there marked the email as spam"),
    "bounce": Message.in_context("status of a recipient", "Email bounced"),
}


def _state_of_target(target: Target, *, bounced: bool, in_question: bool, unanswered: bool) -> Message:
    if held := target.held_by() or ("bounce" if bounced else None):
        return replace(_HELD[held], values={"why": target.hold})
    if in_question:
        return Message.in_context("status of a recipient", "Nobody knows whether the email arrived")
    if target.retired:
        return Message.in_context("status of a recipient", "Gets no new letters")
    if unanswered:
        return Message.in_context("status of a recipient", "No answer after 30 days")
    if target.by_hand:
        return Message.in_context("status of a recipient", "By hand or post")
    return Message.in_context("status of a recipient", "OK")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: the address that sorts by it, and its current `aria-sort`."""

    column: str
    label: str
    address: str
    sorted: str | None


def headings(viewer: Viewer, sort: str, *, descending: bool) -> list[Heading]:
    """Return the table's headings, for the column by which it is sorted."""
    labels = {
        "recipient": Message("Recipient"),
        "waiting": Message("Letters waiting"),
        "sent": Message("Letters sent"),
        "last": Message("Last delivery"),
        "state": Message("Status"),
    }
    headings = []
    for column in COLUMNS:
        current = ("descending" if descending else "ascending") if column == sort else None
        # Numbers start with the highest, and days with the newest.
        usual = "descending" if column in {"waiting", "sent", "last"} else "ascending"
        order = usual if current is None else "ascending" if current == "descending" else "descending"
        address = f"?{urlencode({'sort': column, 'order': order})}#recipients"
        headings.append(Heading(column, viewer.say(labels[column]), address, current))
    return headings


def plan_rows(viewer: Viewer, lines: Iterable[PlanLine]) -> list[tuple[PlanLine, str, str]]:
    """Return the lines of a plan, each with its target's name and what happens to the letters in words."""
    return [
        (line, line.target.addressed(viewer.language), viewer.say(state_of_line(line, viewer.language)))
        for line in lines
    ]


def target_page(
    viewer: Viewer,
    found: Overview,
    state: TargetState,
    *,
    typed: Mapping[str, object] | None = None,
    error: Message | None = None,
) -> Page:
    """Render a target with its last deliveries, its answer, and the buttons for its letters.

    After a mistake, the form of an answer shows the `error` and what was `typed`.
    """
    today, answer = viewer.local(viewer.now).date().isoformat(), state.target.answer
    kept = {
        "day": answer.day.isoformat() if answer else today,
        "text": answer.text if answer else "",
        "public": answer and answer.is_public,
    }
    return render_framed(
        "organizing/pages/target.html",
        viewer.language,
        viewer,
        "overview",
        row=row_of(viewer, state),
        attention=(
            *of_target(state, viewer.language),
            *to_print((state,), viewer.language),
        ),
        plan=plan_rows(viewer, found.plan(state)),
        seen_at=viewer.now.isoformat(),
        next_delivery=short_moment(viewer.local(found.next_delivery_to([state.target])), viewer.language),
        history=[
            (delivery, state_of_delivery(viewer, delivery, state.target))
            for delivery in state.deliveries[:_DELIVERIES_SHOWN]
        ],
        answer=answer,
        typed=typed or kept,
        error=viewer.say(error) if error else None,
        today=today,
    )


def preview_page(viewer: Viewer, made: DeliveryPreview, today: date) -> Page:
    """Render the email that a delivery would send to a target now."""
    return render_framed(
        "organizing/pages/preview.html",
        viewer.language,
        viewer,
        "overview",
        made=made,
        name=made.target.addressed(viewer.language),
        today=today,
    )


def recipient_name(viewer: Viewer, target: str) -> str:
    """Return a target's name and locality; its id, if the campaign no longer has it."""
    found = viewer.roster.by_id.get(target)
    return f"{found.addressed(viewer.language)}, {found.locality}" if found else target


def recipient_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """Return the targets that a form offers to choose from."""
    return [(target.id, f"{target.locality}: {target.name}") for target in viewer.roster.by_id.values()]
