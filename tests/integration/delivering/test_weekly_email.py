"""Test the operator's weekly email: one line, which comes the way of the alarms."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.world import ADA, CAMPAIGN
from undersigned.delivering.hours import NotDoneError
from undersigned.signing.rows.mail_budgets import MailBudgets

if TYPE_CHECKING:
    from tests.support.world import World


def told(world: World) -> list[tuple[str, str]]:
    assert world.memory
    return world.memory.told


def week_of_three_letters(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    world.week()
    world.confirmed(email="cy@signers.example")
    world.clock.advance(days=1)


def test_it_is_one_line(world: World) -> None:
    week_of_three_letters(world)
    world.feedback("delivery", world.deliveries[0])
    world.report()
    [(subject, text)] = told(world)

    assert subject == "Undersigned: the week to 2026-11-24"
    assert text == (
        "Letters of the week to 2026-11-24: 3 confirmed, 2 sent, 1 waiting. Recipients that need a person: 0.\n"
    )


def test_it_says_what_to_do_while_the_daily_quota_is_short(world: World) -> None:
    MailBudgets(world.stack.table).note_short_of_quota(world.clock.now)
    world.report()
    [(_, text)] = told(world)

    assert "so confirmation emails wait: ask for more under Account dashboard, Request a limit increase.\n" in text
    assert len(text.splitlines()) == 1


def figures(world: World) -> list[int]:
    """Return the figures of the last email: letters confirmed, sent and waiting, and decisions."""
    return [int(found) for found in re.findall(r"[ :] ?(\d+)(?= [csw]|\.)", told(world)[-1][1])]


def test_a_bounce_is_a_decision(world: World) -> None:
    week_of_three_letters(world)
    world.feedback("bounce", world.deliveries[0])
    world.report()

    assert figures(world) == [3, 1, 2, 1]


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

        assert figures(world)[1:] == ([1, 0, 0] if week == 0 else [0, 0, 0])


def test_an_old_email_without_an_outcome_is_a_decision_and_not_sent_again(world: World) -> None:
    week_of_three_letters(world)
    world.feedback("send", world.deliveries[0])
    world.clock.advance(days=7)
    world.report()

    assert figures(world)[1:] == [0, 1, 2]


def test_it_comes_in_a_week_without_letters(world: World) -> None:
    world.report()

    assert len(told(world)) == 1


def test_it_does_not_come_for_a_report_that_somebody_asked_for(world: World) -> None:
    week_of_three_letters(world)
    world.report(CAMPAIGN)

    assert told(world) == []


def test_it_does_not_come_while_a_report_is_missing(world: World) -> None:
    week_of_three_letters(world)
    world.refusal = "SendingPausedException"
    with pytest.raises(NotDoneError):
        world.report()
    assert told(world) == []

    world.refusal = ""
    world.report()
    assert len(told(world)) == 1


def test_it_names_nobody(world: World) -> None:
    week_of_three_letters(world)
    world.report()

    assert not [value for value in map(str, ADA.values()) if value in str(told(world)) and len(value) > 2]
