"""While a campaign is paused or over, no page and no email promises a delivery on a day."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.support.acting import decide
from tests.support.world import ADA, CAMPAIGN, FORM
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from tests.support.world import World

DAY = re.compile(r"November 30|30 de noviembre|Monday|lunes")
PAUSED = "The organizer has paused the deliveries."


def words(text: str) -> str:
    bare = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(bare).split())


@pytest.fixture
def paused(world: World) -> World:
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    return world


def test_without_a_pause_each_page_and_email_names_the_day(world: World) -> None:
    world.post(f"{FORM}/signatures", {**ADA, "form": world.form()})
    world.run_stream()
    mail = world.sent[-1]
    world.press(mail.link("confirm"))
    pages = [world.get(FORM), world.get(f"{FORM}/signed"), world.get(mail.link("confirm"))]
    for text in (*(page.body for page in pages), mail.text, mail.html):
        assert DAY.search(words(text)), text


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_paused_campaign_promises_no_day(paused: World, language: str) -> None:
    said = {"en": PAUSED, "es": "La organización ha puesto en pausa los envíos."}[language]
    form = paused.get(f"{FORM}?lang={language}")
    assert not DAY.search(words(form.body))
    paused.post(f"{FORM}/signatures?lang={language}", {**ADA, "form": paused.form()})
    paused.run_stream()
    asked = paused.sent[-1]
    confirmed = paused.press(asked.link("confirm"))
    # At once, it would be the same form again, and no email would go.
    paused.clock.advance(hours=1)
    paused.post(f"{FORM}/signatures?lang={language}", {**ADA, "form": paused.form()})
    paused.run_stream()
    already = paused.sent[-1]
    assert already is not asked
    signed = paused.get(f"{FORM}/signed?lang={language}")
    for text in (signed.body, confirmed.body, asked.text, asked.html, already.text, already.html):
        assert not DAY.search(words(text)), text
        assert said in words(text)


def test_a_page_learns_of_a_pause_and_of_its_end_within_a_minute(world: World) -> None:
    for paused in (True, False):
        before = bool(DAY.search(words(world.get(FORM).body)))
        assert before is paused
        Campaigns(world.stack.table).pause(CAMPAIGN, paused=paused)
        world.clock.advance(seconds=60)
    assert DAY.search(words(world.get(FORM).body))


def test_programs_get_no_day_either(paused: World) -> None:
    assert paused.get(FORM, as_json=True).json["next_delivery"] is None
    Campaigns(paused.stack.table).pause(CAMPAIGN, paused=False)
    paused.clock.advance(minutes=1)
    assert paused.get(FORM, as_json=True).json["next_delivery"].startswith("2026-11-30")


@pytest.mark.parametrize("dates", [{"closes": date(2026, 11, 20)}, {"opens": date(2026, 12, 20)}])
def test_a_form_that_nobody_can_sign_names_no_delivery(world: World, dates: dict[str, date]) -> None:
    world.change_and_wait(**({"opens": None, "closes": None} | dates))
    page = world.get(FORM)
    assert not DAY.search(words(page.body).replace("closed on", ""))
    assert "next delivery" not in words(page.body)
    assert world.get(FORM, as_json=True).json["next_delivery"] is None


def test_the_report_of_a_paused_campaign_promises_no_day(world: World) -> None:
    world.confirmed()
    world.week()
    world.confirmed(name="Ben Specimen", email="ben@signers.example")
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    world.clock.advance(days=1)
    world.report()
    report = world.sent[-1]
    assert report.tags["kind"] == "report"
    for text in (report.text, report.html):
        assert "at the earliest" not in words(text)


# Closing is a state


def closed_today(world: World) -> None:
    """Close the campaign on its first day."""
    world.change_and_wait(opens=date(2026, 11, 24), closes=date(2026, 12, 24))
    decide(world, "close", why="the council has decided")
    world.clock.advance(minutes=1)


def test_closing_on_the_first_day_leaves_the_days_alone_and_names_the_day(world: World) -> None:
    closed_today(world)
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    assert (campaign.opens, campaign.closes) == (date(2026, 11, 24), date(2026, 12, 24))
    assert "Signing closed on November 24, 2026." in words(world.get(FORM).body)
    assert world.sign().status == 409
    assert not world.get(FORM, as_json=True).json["open"]


def test_publishing_does_not_open_a_closed_campaign(world: World) -> None:
    closed_today(world)
    world.change_and_wait(goal=77)
    assert world.sign().status == 409


def test_a_closed_campaign_can_be_opened_again(world: World) -> None:
    closed_today(world)
    for _ in range(2):
        decide(world, "reopen", why="the vote is postponed")
    world.clock.advance(minutes=1)
    assert world.sign().status == 200
    log = [(entry.action, entry.why) for entry in Campaigns(world.stack.table).audit(CAMPAIGN)]
    assert log == [("reopen", "the vote is postponed"), ("close", "the council has decided")]


def test_a_letter_that_waits_when_its_campaign_is_closed_still_goes(world: World) -> None:
    world.confirmed()
    decide(world, "close")
    world.week()
    assert len(world.deliveries) == 1


def test_a_closed_campaign_refuses_signatures_and_says_when_it_ended(world: World) -> None:
    world.clock.advance(days=365 * 2)
    answer = world.sign()
    assert answer.status == 409
    assert "Signing closed on December 31, 2027" in answer.body
    assert world.post(f"{FORM}/signatures", ADA, as_json=True).status == 409
    assert world.run_stream() == []
