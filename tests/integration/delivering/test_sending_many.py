"""Test very many recipients whose letters go only with *Send now*: the button, the weekly email and the report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.many_targets import MONDAY, Counting, publish_towns, queued_for
from tests.support.organizers import someone
from tests.support.sending import hidden, send_now
from tests.support.waiting_rows import waiting_row
from tests.support.world import CAMPAIGN, client_of, world
from undersigned.base.table import to_item
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import SHARDS
from undersigned.delivering.rows.deliveries import Deliveries

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from tests.support.world import World
    from undersigned.delivering.rules.deliveries import Delivery

TOWNS = 230
BY_LETTERS = {number: 2 if number == 3 else 1 for number in range(TOWNS)}


def put_letter(world: World, number: int, signer: str) -> None:
    """Let a letter wait for a town."""
    row = waiting_row(CAMPAIGN, f"town-{number}", signer)
    client_of("dynamodb").put_item(TableName=world.stack.settings.table_name, Item=to_item(row))


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world with 230 towns for which letters wait, and twenty without."""
    with world(monkeypatch, fast=True) as made:
        publish_towns(made, TOWNS + 20)
        settings = Campaigns(made.stack.table).campaign(CAMPAIGN)
        Campaigns(made.stack.table).put_campaign(replace(settings, send_now_only=True))
        for number, letters in BY_LETTERS.items():
            for letter in range(letters):
                put_letter(made, number, f"{number * 10 + letter:032x}")
        made.clock.now = MONDAY
        yield made


def counted(world: World, do: Any) -> Counter[str]:
    """Return the calls by operation."""
    world.watch = watch = Counting()
    do()
    world.watch = None
    return watch.calls


def test_the_weekly_email_asks_once_for_each_recipient(many: World) -> None:
    calls = counted(many, many.hour)
    [mail] = many.mails("waiting")
    assert mail.mail["Subject"].startswith("231 letters wait for “Send now”")
    assert "They are for 230 recipients." in mail.text
    # The plan reads the deliveries of each recipient, too.
    assert calls["dynamodb:Query"] < 2.2 * (TOWNS + 20 + 3 * SHARDS)


@pytest.mark.parametrize(("at_once", "step"), [("1", 1_000), ("4", 1_000), ("4", 3), ("1", 3)])
def test_the_button_asks_once_for_each_recipient(many: World, at_once: str, step: int) -> None:
    many.variables |= {"PLANS_AT_ONCE": at_once}
    many.restart("organizer_api")
    many.limit(tray_step=step)
    many.watch = watch = Counting()
    send_now(many)
    many.watch = None
    assert watch.most == int(at_once)
    if step > TOWNS:
        assert watch.calls["dynamodb:Query"] < 1.1 * (2 * TOWNS + 20 + 6 * SHARDS), "the overview, and its button"
    assert watch.calls["sqs:SendMessageBatch"] == TOWNS / 10
    assert sorted(queued_for(many)) == sorted(f"town-{number}" for number in range(TOWNS))


def test_a_read_that_fails_once_keeps_no_recipient_out(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read, failures = Deliveries.deliveries, iter(["town-7"])
    editor = someone(many, "editor")
    page = editor.see()

    def failing(self: Deliveries, campaign: str, target: str, *, whole: bool = True) -> Iterator[Delivery]:
        if target == "town-7" and next(failures, None):
            raise OSError
        return read(self, campaign, target, whole=whole)

    monkeypatch.setattr(Deliveries, "deliveries", failing)
    assert editor.post("/deliveries/next", hidden(page) | {"token": editor.post_token}).status == 303
    assert sorted(queued_for(many)) == sorted(f"town-{number}" for number in range(TOWNS))


def test_the_report_asks_once_for_each_recipient(many: World) -> None:
    calls = counted(many, lambda: many.report(CAMPAIGN))
    [mail] = many.mails("report")
    assert "Letters for the next delivery 231" in " ".join(mail.text.split())
    assert calls["dynamodb:Query"] < 1.1 * (TOWNS + 20 + 3 * SHARDS)


def test_the_report_is_the_same_however_it_asks(many: World) -> None:
    many.report(CAMPAIGN)
    [usual] = [mail.text for mail in many.mails("report")]
    many.clock.advance(days=7)
    many.variables |= {"PLANS_AT_ONCE": "4"}
    many.restart("run_jobs")
    many.watch = watch = Counting()
    many.report(CAMPAIGN)
    assert watch.most == 4
    mails = [mail.text for mail in many.mails("report")]
    assert len(mails) == 2
    assert rows_of(mails[1]) == rows_of(usual) != []


def rows_of(text: str) -> list[str]:
    """Return the lines of a report that name a recipient."""
    return [line for line in text.splitlines() if "Town " in line]
