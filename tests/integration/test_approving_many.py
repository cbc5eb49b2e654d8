"""Test approvals of very many recipients: the email that asks, the page of its link, and its button."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.many_targets import MONDAY, Counting, publish_towns, queued_for
from tests.waiting_rows import waiting_row
from tests.world import CAMPAIGN, client_of, world
from undersigned.aws.counts import SHARDS
from undersigned.aws.deliveries import Deliveries
from undersigned.aws.dynamodb import to_item
from undersigned.domain.delivering.deliveries import Delivery, DeliveryKey

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from tests.world import Sent, World

TOWNS = 230
BY_LETTERS = {number: 2 if number == 3 else 1 for number in range(TOWNS)}
ORGANIZER = "organizer@enddemand.example"


def put_letter(world: World, number: int, signer: str) -> None:
    """Let a letter wait for a town."""
    row = waiting_row(CAMPAIGN, f"town-{number}", signer)
    client_of("dynamodb").put_item(TableName=world.wiring.settings.table_name, Item=to_item(row))


def put_sent(world: World, number: int, period: str) -> None:
    key = DeliveryKey(CAMPAIGN, f"town-{number}", period)
    world.open(Delivery(key, "sent", MONDAY, attempt=1, letters=1))


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world with 230 towns for which letters wait, and twenty without."""
    with world(monkeypatch, fast=True) as made:
        publish_towns(made, TOWNS + 20)
        settings = made.wiring.campaigns.campaign(CAMPAIGN)
        organizer = replace(settings.organizer, email=ORGANIZER)
        made.wiring.campaigns.put_campaign(replace(settings, approval=True, organizer=organizer))
        for number, letters in BY_LETTERS.items():
            for letter in range(letters):
                put_letter(made, number, f"{number * 10 + letter:032x}")
        made.clock.now = MONDAY
        yield made


def asked(world: World) -> Sent:
    """Plan, and return the email that asks for the approval."""
    world.plan()
    [mail] = world.mails("approval")
    return mail


def counted(world: World, do: Any) -> Counter[str]:
    """Return the calls by operation."""
    world.watch = watch = Counting()
    do()
    world.watch = None
    return watch.calls


def test_the_email_makes_few_calls_beside_those_of_its_plan(many: World) -> None:
    calls = counted(many, lambda: asked(many))
    assert calls["dynamodb:Query"] < 1.1 * (TOWNS + 20 + 3 * SHARDS), "the deliveries of each recipient"
    assert calls["dynamodb:BatchGetItem"] == 3, "the oldest letter to each recipient"


def test_the_page_asks_once_for_each_recipient_with_letters(many: World) -> None:
    link = asked(many).link("organizer/approve")
    calls = counted(many, lambda: many.get(link))
    assert TOWNS <= calls["dynamodb:Query"] < 1.1 * (TOWNS + SHARDS)
    assert calls["dynamodb:BatchGetItem"] == 3, "deliveries of the day"
    assert calls["dynamodb:GetItem"] < 10


def test_the_button_asks_once_for_each_recipient(many: World) -> None:
    link = asked(many).link("organizer/approve")
    calls = counted(many, lambda: many.post(link))
    assert calls["dynamodb:Query"] < 1.1 * (TOWNS + 20 + 3 * SHARDS)
    assert calls["sqs:SendMessageBatch"] == TOWNS / 10
    assert sorted(queued_for(many)) == sorted(f"town-{number}" for number in range(TOWNS))


def test_the_page_after_the_deliveries_asks_for_the_trays_of_others_only(many: World) -> None:
    link = asked(many).link("organizer/approve")
    many.post(link)
    for number in range(TOWNS):
        put_sent(many, number, "2026-11-30")
    calls = counted(many, lambda: many.get(link))
    assert calls["dynamodb:Query"] < TOWNS
    assert f"<td>Sent</td><td>{TOWNS}</td><td>{TOWNS}</td>" in many.get(link).body


def test_email_and_page_list_some_recipients_and_count_all(many: World) -> None:
    mail = asked(many)
    assert mail.mail["Subject"].startswith("231 letters are waiting for your approval")
    html = mail.mail.get_body(("html",))
    assert html
    for text in (mail.text, html.get_content()):
        assert text.count("Police Chief Avery Sample, Town") == 200
        assert "These are the first 200 of 230 recipients." in text
    page = many.get(mail.link("organizer/approve")).body
    assert page.count("Police Chief Avery Sample, Town") == 200
    assert "These are the first 200 of 230 recipients." in page
    assert "<td>Ready to send</td><td>230</td><td>231</td>" in page


def test_the_page_counts_what_does_not_go(many: World) -> None:
    controls = many.wiring.delivering.controls
    for number in (220, 221):
        controls.hold(CAMPAIGN, f"town-{number}", "cli", "the chief <retires>")
    page = many.get(asked(many).link("organizer/approve")).body
    assert "<td>Ready to send</td><td>228</td><td>229</td>" in page
    assert "<td>On hold: the chief &lt;retires&gt;</td><td>2</td><td>2</td>" in page


def test_the_page_counts_what_must_wait_for_a_week_to_be_over(many: World) -> None:
    put_sent(many, 9, "2026-11-28")
    page = many.get(asked(many).link("organizer/approve")).body
    assert "<td>Ready to send</td><td>229</td><td>230</td>" in page
    assert "because of the delivery of November 28, 2026</td><td>1</td><td>1</td>" in page


@pytest.mark.parametrize(("at_once", "step"), [("4", 1_000), ("4", 3), ("1", 3)])
def test_page_and_button_do_the_same_however_they_ask(
    many: World, monkeypatch: pytest.MonkeyPatch, at_once: str, step: int
) -> None:
    link = asked(many).link("organizer/approve")
    usual = many.get(link).body
    many.variables |= {"PLANS_AT_ONCE": at_once}
    many.restart("organizer_api")
    monkeypatch.setattr("undersigned.aws.signatures._STEP", step)
    many.watch = watch = Counting()
    assert many.get(link).body == usual
    assert watch.most == int(at_once)
    many.watch = None
    many.post(link)
    assert sorted(queued_for(many)) == sorted(f"town-{number}" for number in range(TOWNS))


def test_a_read_that_fails_once_keeps_no_recipient_out(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    link = asked(many).link("organizer/approve")
    many.get(link)
    read, failures = Deliveries.deliveries, iter(["town-7"])

    def failing(self: Deliveries, campaign: str, target: str, *, whole: bool = True) -> Iterator[Delivery]:
        if target == "town-7" and next(failures, None):
            raise OSError
        return read(self, campaign, target, whole=whole)

    monkeypatch.setattr(Deliveries, "deliveries", failing)
    assert many.post(link).status == 303
    assert sorted(queued_for(many)) == sorted(f"town-{number}" for number in range(TOWNS))


def test_the_email_is_the_same_however_it_asks(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undersigned.aws.signatures._STEP", 3)
    many.variables |= {"PLANS_AT_ONCE": "4"}
    many.restart("run_jobs")
    mail = asked(many)
    assert mail.mail["Subject"].startswith("231 letters are waiting for your approval")
    assert "2 letters  Police Chief Avery Sample, Town 3 Police" in mail.text


def test_the_report_asks_once_for_each_recipient(many: World) -> None:
    calls = counted(many, lambda: many.report(CAMPAIGN))
    [mail] = many.mails("report")
    assert "Letters not sent" in mail.text
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
