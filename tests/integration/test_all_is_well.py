"""Test the operator's weekly email: it comes the way of the alarms, and says first what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.world import ADA, CAMPAIGN
from undersigned.services.operating.all_is_well import Figures, subject_of
from undersigned.services.operating.organizer_post import NotToldError

if TYPE_CHECKING:
    from tests.world import World


def told(world: World) -> list[tuple[str, str]]:
    assert world.memory
    return world.memory.told


def week_of_three_letters(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    world.week()
    world.confirmed(email="cy@signers.example")
    world.clock.advance(days=1)


def test_it_has_five_figures_and_says_that_there_is_nothing_to_do(world: World) -> None:
    week_of_three_letters(world)
    world.feedback("delivery", world.deliveries[0])
    world.report()
    [(subject, text)] = told(world)

    assert subject == "Undersigned: all is well"
    assert text.startswith("There is nothing to do.\n")
    assert [line for line in text.splitlines() if line[-1:].isdecimal()] == [
        "Letters confirmed in the last 7 days: 3",
        "Letters sent in the 7 days to 2026-11-24: 2",
        "Letters delivered of these: 1",
        "Letters that wait: 1",
        "Deliveries that need a decision: 0",
    ]


def test_it_says_first_which_campaign_needs_a_decision(world: World) -> None:
    week_of_three_letters(world)
    world.feedback("bounce", world.deliveries[0])
    world.report()
    [(subject, text)] = told(world)

    assert subject == "Undersigned: decide about 1 delivery"
    assert text.splitlines()[:2] == [
        "Decide what becomes of these deliveries (docs/runbook.md#decisionsalarm):",
        f"  undersigned deliveries {CAMPAIGN}    (1)",
    ]


def figures(world: World) -> list[int]:
    """Return the five figures of the last email."""
    return [int(line.rpartition(": ")[2]) for line in told(world)[-1][1].splitlines() if line[-1:].isdecimal()]


def test_it_counts_deliveries_on_another_weekday_in_one_week(world: World) -> None:
    world.change(deliver_on="THU", deliver_at=17)
    world.confirmed()
    world.clock.now = datetime(2026, 11, 26, 23, tzinfo=UTC)
    world.hour()
    world.feedback("send", world.deliveries[0])
    world.feedback("delivery", world.deliveries[0])
    for week in (0, 1):
        world.clock.now = datetime(2026, 12, 2, 15, tzinfo=UTC) + timedelta(weeks=week)
        world.report()

        assert figures(world)[1:] == ([1, 1, 0, 0] if week == 0 else [0, 0, 0, 0])


def test_an_old_email_without_an_outcome_is_a_decision_and_not_sent_again(world: World) -> None:
    week_of_three_letters(world)
    world.feedback("send", world.deliveries[0])
    world.clock.advance(days=7)
    world.report()

    assert figures(world)[1:] == [0, 0, 1, 2]


def test_it_comes_in_a_week_without_letters(world: World) -> None:
    world.report()

    assert [subject for subject, _ in told(world)] == ["Undersigned: all is well"]


def test_it_does_not_come_for_a_report_that_somebody_asked_for(world: World) -> None:
    week_of_three_letters(world)
    world.report(CAMPAIGN)

    assert told(world) == []


def test_it_does_not_say_that_all_is_well_while_a_report_is_missing(world: World) -> None:
    week_of_three_letters(world)
    world.refusal = "SendingPausedException"
    with pytest.raises(NotToldError):
        world.report()
    assert told(world) == []

    world.refusal = ""
    world.report()
    assert len(told(world)) == 1


def test_it_names_nobody(world: World) -> None:
    week_of_three_letters(world)
    world.report()

    assert not [value for value in map(str, ADA.values()) if value in str(told(world)) and len(value) > 2]


def test_many_decisions_are_counted_in_the_subject() -> None:
    figures = Figures(confirmed=0, sent=0, delivered=0, not_sent=0, undecided=[("one", 2), ("two", 3)])

    assert subject_of(figures) == "Undersigned: decide about 5 deliveries"
