"""Consent to news: what is kept of it, and how a signer ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.support.pages import Page
from tests.support.world import FORM, files_of_campaign, publish_files
from undersigned.base.languages import long_date

if TYPE_CHECKING:
    from tests.support.world import World

SITE = "https://enddemand.example"


def box(world: World, language: str) -> str:
    page = Page(world.get(f"{FORM}?lang={language}").body)
    [label] = [label.text for label in page.all("label") if "news" in label.text or "noticias" in label.text]
    return label.strip()


def own_page(world: World, **answers: object) -> str:
    """Sign and confirm, and return the path of the signer's own page."""
    return world.own_page(world.confirmed(**answers).to)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_words_language_moment_and_source_of_the_box_are_kept(world: World, language: str) -> None:
    publish_files(world, {"campaign.toml": 'sources = ["flyer"]\n' + files_of_campaign()["campaign.toml"]})
    world.clock.advance(minutes=1)
    signed_at = world.clock.now

    world.post(f"{FORM}/signatures?lang={language}", world.typed(updates="yes", source="flyer"))
    world.run_stream()
    world.clock.advance(hours=1)
    world.press(world.sent[-1].link("confirm"))

    row = world.signature()
    assert row.words.consent == box(world, language)
    assert (row.language, row.agreed_at, row.source) == (language, signed_at, "flyer")


def test_without_a_tick_there_is_no_consent(world: World) -> None:
    path = own_page(world)

    assert (world.signature().agreed_at, world.signature().words.consent) == (None, "")
    assert "Stop the news" not in world.get(path).body
    world.post(f"{path}/no-news")
    assert world.signature().news_ended_at is None


def test_a_form_that_waits_is_no_consent(world: World) -> None:
    world.sign(updates="yes")
    world.run_stream()

    assert [form.agreed_at for form in world.forms()] == [None]


def test_of_a_websites_own_form_the_website_is_kept_because_its_words_are_not_known(world: World) -> None:
    world.post(f"{FORM}/signatures", world.typed(updates="yes"), headers={"origin": SITE})
    world.run_stream()
    world.press(world.sent[-1].link("confirm"))

    assert world.signature().words.consent == SITE


def test_a_signer_ends_the_news_on_their_page_and_the_letter_stays(world: World) -> None:
    path = own_page(world, updates="yes")
    assert "Stop the news" in world.get(path).body
    world.week()
    before, ended = world.signature(), world.clock.now
    day = long_date(ended.astimezone(ZoneInfo("America/Chicago")), "en")

    page = world.post(f"{path}/no-news")
    world.clock.advance(days=1)
    again = world.post(f"{path}/no-news")

    for answer in (page, again):
        assert f"You said on {day} that you want no more news about this campaign." in answer.body
        assert "Yes, stop the news" not in answer.body
    row = world.signature()
    assert (row.wants_news, row.news_ended_at) == (False, ended)
    assert (row.words, row.status, row.bundle) == (before.words, "confirmed", before.bundle)


def test_another_form_changes_no_consent_of_a_confirmed_letter(world: World) -> None:
    path = own_page(world, updates="yes")
    world.post(f"{path}/no-news")
    world.clock.advance(minutes=1)

    world.sign(updates="yes", note="Again")
    world.run_stream()

    assert "You’ve already signed" in world.sent[-1].text
    assert not world.signature().wants_news


@pytest.mark.parametrize("ticks", [True, False])
def test_who_ended_the_news_and_signs_anew_is_asked_anew(world: World, *, ticks: bool) -> None:
    path = own_page(world, updates="yes")
    world.post(f"{path}/no-news")
    ended = world.signature().news_ended_at
    world.post(f"{path}/withdraw")
    world.clock.advance(minutes=1)
    signed_at = world.clock.now

    own_page(world, **({"updates": "yes"} if ticks else {}))

    row = world.signature()
    assert (row.status, row.news_ended_at) == ("confirmed", ended)
    assert row.agreed_at == (signed_at if ticks else None)


def test_a_reload_of_the_page_changes_nothing(world: World) -> None:
    path = own_page(world, updates="yes")

    assert world.get(f"{path}/no-news").status == 303
    assert world.signature().wants_news


def test_erasing_empties_the_consent(world: World) -> None:
    path = own_page(world, updates="yes")
    world.post(f"{path}/no-news")

    world.erase(world.signer())

    row = world.signature()
    assert (row.words.consent, row.words.updates, row.news_ended_at) == ("", False, None)
    assert world.post(f"{path}/no-news").status == 200
    assert world.signature().news_ended_at is None
