"""The table of a delivery's states: what it has is what happens, and what it doesn't have changes nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.support.deliveries import delivery_of
from undersigned.delivering.pages.states import DELIVERY_STATES
from undersigned.delivering.rules.deliveries import Attempt, Delivery, DeliveryKey, HandedOver
from undersigned.delivering.rules.mail_events import MailEvent, MailEventKind, after_event
from undersigned.delivering.rules.states import REPORTS, STATES, DeliveryState, Question, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.campaigns.rules.campaigns import Way

DATA_MODEL = Path(__file__).parents[4] / "docs" / "data-model.md"
NINE = datetime(2026, 11, 30, 15, tzinfo=UTC)
KEY = DeliveryKey("trees", "oakton", "2026-11-30")
HEARD: tuple[tuple[DeliveryState | None, bool], ...] = (
    (None, False), ("sent", False), ("bounced", False), ("delivered", False), ("bounced", True), ("complained", False),
)  # fmt: skip
"""SES's last report about the email, and whether it bounced for good."""

BY_WORKERS: dict[DeliveryState, Callable[[Delivery], Delivery]] = {
    "sending": lambda delivery: delivery.begun((), "chief@oakton.example", NINE),
    "open": lambda delivery: delivery.opened_again(),
    "held": lambda delivery: delivery.held(3, "chief@oakton.example", "a complaint"),
    "in_doubt": lambda delivery: delivery.in_doubt(),
    "empty": lambda delivery: delivery.emptied(),
    "sent": lambda delivery: delivery.sent("message-1", NINE),
    "closed_unsent": lambda delivery: delivery.closed_unsent("nobody is there", NINE),
    "delivered": lambda delivery: delivery.handed_over(HandedOver(NINE.date(), "", "ann", NINE)),
}


def delivery(state: DeliveryState, **values: Any) -> Delivery:
    return replace(delivery_of(KEY, state, NINE, attempt=1, letters=3, last=Attempt(since=NINE)), **values)


def event(report: Report) -> MailEvent:
    kind: MailEventKind = "bounce" if report == "passing bounce" else report
    return MailEvent(**asdict(KEY), kind=kind, attempt=1, message_id="message-1", at=NINE, permanent=report == "bounce")


@pytest.mark.parametrize("way", ["email", "by hand"])
@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("state", STATES)
def test_what_ses_reports_leads_where_the_table_says_or_changes_nothing(
    state: DeliveryState, report: Report, way: Way
) -> None:
    for reported, permanent in HEARD:
        before = delivery(state, way=way, last=Attempt(since=NINE, reported=reported, permanent=permanent))
        moved = after_event(before, event(report))
        if moved != before:
            assert moved.state == STATES[state].after[report] == REPORTS[report]
        elif reported is None and way == "email":
            assert report not in STATES[state].after


@pytest.mark.parametrize("to", BY_WORKERS)
@pytest.mark.parametrize("state", STATES)
def test_a_delivery_is_moved_only_to_a_state_to_which_an_event_leads(state: DeliveryState, to: DeliveryState) -> None:
    if to in STATES[state].after.values():
        assert BY_WORKERS[to](delivery(state)).state == to
    else:
        with pytest.raises(ValueError, match=f"nothing leads from {state} to {to}"):
            BY_WORKERS[to](delivery(state))


def test_each_decision_has_a_situation_in_which_a_person_makes_it() -> None:
    for state, row in STATES.items():
        decisions = {decision for some in row.may.values() for decision in some}
        assert decisions == {*row.after} - {
            *REPORTS,
            "begin",
            "ready",
            "take",
            "refuse",
            "doubt",
            "hold",
            "go on",
            "empty",
        }
        asked = {situation for situation in row.may if situation in get_args(Question)}
        assert not asked or state in {"sending", "in_doubt", "sent", "bounced", "held"}


def test_the_table_and_the_words_of_the_dashboard_have_every_state() -> None:
    assert {*STATES} == {*DELIVERY_STATES} == {*get_args(DeliveryState)}
    assert {*REPORTS} <= {event for row in STATES.values() for event in row.after}


def test_the_docs_have_the_table() -> None:
    lines = ["| state | what happens, and the state after it | what a person may do |", "|---|---|---|"]
    for state, row in STATES.items():
        happens = ", ".join(f"{event} → `{then}`" for event, then in row.after.items())
        may = "; ".join(
            f"{situation}: {', '.join(some)}" if situation else ", ".join(some) for situation, some in row.may.items()
        )
        lines.append(f"| `{state}` | {happens} | {may} |")
    assert "\n".join(lines) in DATA_MODEL.read_text("utf-8")
