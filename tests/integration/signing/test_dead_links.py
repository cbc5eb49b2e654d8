"""Pages for signers say what is true, and lead on: after a form, and from a link that leads to no letter any more."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.packets import links_of_office
from tests.support.world import ADA, CAMPAIGN
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from tests.support.world import Answer, World

FORM = f'href="/campaigns/{CAMPAIGN}'
SIGN_AGAIN = re.compile(r"sign again|firme de nuevo|firmar de nuevo|vuelva a firmar", re.IGNORECASE)
FILL_IN_AGAIN = re.compile(r"fill in the form again|(ll|rell)ene de nuevo el formulario", re.IGNORECASE)


def close(world: World) -> None:
    world.change_and_wait(closes=date(2000, 1, 1))


def mailed(world: World, **changes: object) -> str:
    """Sign, and return the path of the email's link."""
    world.clock.advance(hours=1)
    world.sign(**changes)
    world.run_stream()
    return world.sent[-1].link("confirm")


def own_of(world: World, link: str) -> str:
    return str(world.get(link, as_json=True).json["links"]["letter"])


def expired(world: World) -> str:
    link = mailed(world)
    world.clock.advance(days=15)
    mailed(world, note="Other words.")
    return link


def not_confirmed(world: World) -> str:
    link = mailed(world)
    world.clock.advance(days=15)
    return link


def too_old(world: World) -> str:
    link = mailed(world)
    world.press(link)
    world.clock.advance(days=401)
    return link


def checked(answer: Answer) -> Answer:
    """Check that a page names the campaign and its organizer."""
    assert answer.status == 410
    assert "mailto:" in answer.body
    return answer


@pytest.mark.parametrize("before", [expired, not_confirmed, too_old], ids=lambda before: before.__name__)
def test_a_dead_link_leads_to_the_form_while_people_can_sign(world: World, before: object) -> None:
    link = before(world)  # type: ignore[operator]
    if before is too_old:
        campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
        Campaigns(world.stack.table).put_campaign(replace(campaign, closes=world.clock.now.date() + timedelta(days=9)))
        world.clock.advance(minutes=2)
    title = Campaigns(world.stack.table).campaign(CAMPAIGN).title
    page = checked(world.get(link)).body
    assert FORM in page
    assert title in page
    assert SIGN_AGAIN.search(page)
    close(world)
    for language in ("en", "es"):
        page = checked(world.get(f"{link}?lang={language}")).body
        assert not SIGN_AGAIN.search(page)
        assert FORM not in page.replace(f"{FORM}/privacy", "")
    assert title in checked(world.get(link)).body
    assert not SIGN_AGAIN.search(world.get(link, as_json=True).json["detail"])


def test_a_damaged_link_names_no_campaign(world: World) -> None:
    page = world.get(f"{mailed(world)}x")
    assert page.status == 404
    assert FORM not in page.body


@pytest.mark.parametrize("end", [".", ")", ").", ",", ";", ":", ">", "]"])
def test_a_link_works_with_the_punctuation_that_was_copied_with_it(world: World, end: str) -> None:
    link = mailed(world)
    assert world.get(f"{link}{end}").status == 200
    assert world.press(f"{link}{end}").status == 200
    assert world.row().status == "confirmed"
    own = own_of(world, link)
    assert world.get(f"{own}{end}").status == 200
    world.week()
    assert world.get(f"{links_of_office(world)[0]}{end}").status == 200
    moved = world.get(f"/campaigns/{CAMPAIGN}{end}?lang=es")
    assert (moved.status, moved.headers["location"]) == (303, f"/campaigns/{CAMPAIGN}?lang=es")
    assert world.get(f"/campaigns/nothing{end}").status == 404


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_with_the_button_offers_the_form_only_while_people_can_sign(world: World, language: str) -> None:
    link = f"{mailed(world, updates='yes')}?lang={language}"
    assert len(FILL_IN_AGAIN.findall(world.get(link).body)) == 2
    close(world)
    page = world.get(link)
    assert page.status == 200
    assert f'action="{link.partition("?")[0]}"' in page.body
    assert not FILL_IN_AGAIN.search(page.body)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_after_the_form_does_not_say_that_an_email_went(world: World, language: str) -> None:
    """The email may be stopped, wait for a budget, or be the fourth on a day to one person; no page may tell which."""
    said = {
        "en": "Look for our email, and open the link in it to confirm. It may take a few minutes.",
        "es": "Busque nuestro correo y abra el enlace que contiene para confirmar. Puede tardar unos minutos.",
    }[language]
    later = {"en": "At times the email takes hours.", "es": "A veces el correo tarda horas."}[language]
    for page in (
        world.get(f"/campaigns/{CAMPAIGN}?lang={language}"),
        world.get(f"/campaigns/{CAMPAIGN}/signed?lang={language}"),
    ):
        words = " ".join(re.sub(r"<[^>]*>", " ", page.body).split())
        assert said in words
        assert later in words
        assert not re.search(r"We’ve emailed|Le hemos enviado|Le enviamos un correo", words)
    values = {**ADA, "form": world.form()}
    answer = world.post(f"/campaigns/{CAMPAIGN}/signatures?lang={language}", values, as_json=True)
    assert answer.json == {"status": "pending", "detail": said}
