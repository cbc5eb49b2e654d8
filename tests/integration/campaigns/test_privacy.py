"""Test what signers read about their data: before the form's button, in the notice, on later pages and in emails."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Literal

import pytest

from tests.support.organizers import someone
from tests.support.world import ADA, CAMPAIGN, FORM
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned_cli.local.template import environment_of, names

if TYPE_CHECKING:
    from tests.support.world import World

NOTICE = f"{FORM}/privacy"
OWN = "https://enddemand.example/privacy"


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]).split())


def with_own_notice(world: World) -> None:
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    Campaigns(world.stack.table).put_campaign(replace(campaign, privacy_url=OWN))
    world.clock.advance(minutes=2)  # functions keep a campaign for a minute


def overview(world: World) -> str:
    """Return the dashboard's first page."""
    return someone(world, "viewer").see().body


@pytest.mark.parametrize(
    ("language", "facts"),
    [
        (
            "en",
            (
                "with your name and address, and may have to publish it under public-records law.",
                "We keep your letter until the organizer erases it, or for 14 days if you don’t confirm it",
                "Until it is in a delivery, you can withdraw it with the link in our emails.",
            ),
        ),
        (
            "es",
            (
                "con su nombre y su dirección, y las leyes de registros públicos pueden obligarla a publicarla.",
                "Conservamos su carta hasta que la organización la borre, o 14 días si usted no la confirma",
            ),
        ),
    ],
)
@pytest.mark.parametrize("path", ["", "/embed"])
def test_the_form_says_before_its_button_what_happens_to_the_letter(
    world: World, path: str, language: str, facts: tuple[str, ...]
) -> None:
    before, _, _ = world.get(f"{FORM}{path}?lang={language}").body.partition('<button id="send">')

    for fact in facts:
        assert fact in words_of(before)
    assert f'href="{NOTICE}?lang={language}"' in before


def test_an_organizers_own_notice_takes_the_place_of_the_built_in_one(world: World) -> None:
    with_own_notice(world)
    mail = world.confirmed()
    pages = [
        world.get(FORM).body,
        world.get(f"{FORM}/embed").body,
        world.get(f"{FORM}/signed").body,
        world.get(mail.link("confirm")).body,
    ]

    assert [page.count(f'href="{OWN}"') > 0 for page in pages] == [True] * 4
    assert not [page for page in pages if NOTICE in page]
    assert OWN in mail.text
    assert f'href="{OWN}"' in mail.html
    assert world.get(FORM, headers={"accept": "application/json"}).json["privacy_url"] == OWN


def test_the_built_in_notice_names_the_organizers_own(world: World) -> None:
    with_own_notice(world)

    assert f'<a href="{OWN}">a privacy notice of its own</a>' in world.get(NOTICE).body


@pytest.mark.parametrize("language", ["en", "es"])
def test_emails_and_a_signers_own_pages_link_to_the_notice_in_their_language(world: World, language: str) -> None:
    world.post(f"{FORM}/signatures?lang={language}", {**ADA, "form": world.form()})
    world.run_stream()
    mail = world.sent[-1]
    to_confirm, letter = world.get(mail.link("confirm")), world.press(mail.link("confirm"))

    assert f"https://letters.example{NOTICE}?lang={language}" in mail.text
    assert f'href="https://letters.example{NOTICE}?lang={language}"' in mail.html
    for page in (to_confirm, letter):
        assert f'href="{NOTICE}?lang={language}"' in page.body


def test_the_page_that_confirms_says_that_the_office_may_publish_the_letter(world: World) -> None:
    # People who signed on an organization's own form see our words here first.
    world.sign()
    world.run_stream()
    before, _, _ = world.get(world.sent[-1].link("confirm")).body.partition("<button>")

    assert "The office may have to publish it, with your name and address, under public-records law." in before


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_notice_is_the_same_for_everybody_and_runs_no_script(world: World, language: str) -> None:
    answer = world.get(f"{NOTICE}?lang={language}")

    assert answer.status == 200
    assert f'<html lang="{language}">' in answer.body
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert not re.search("<script|<form|<input|set-cookie", answer.body + str(answer.headers))
    assert world.get(f"{NOTICE}?lang={language}").body == answer.body


def test_the_notice_has_the_stacks_own_figures(world: World) -> None:
    days = environment_of("PublicApi", names())["PACKET_DAYS"]
    words = words_of(world.get(NOTICE).body)

    assert "A letter that you don’t confirm 14 days" in words
    assert "A letter that you confirmed until the organizer erases it" in words
    assert "A letter that you withdrew 30 days" in words
    assert "How many emails we sent you 16 days" in words
    assert f"The PDFs of letters that we make for the recipient {days} days" in words
    assert "Files of letters that the organizer makes 7 days" in words
    assert "What was deleted, in backups of the database 35 more days" in words


def test_the_pages_say_until_when_personal_data_is_kept(world: World) -> None:
    world.change(closes=date(2026, 12, 31), keep_for_days=60)

    limit = "until March 1, 2027 or until 30 days after it arrived, whichever is later"
    assert limit in words_of(world.get(NOTICE).body)
    assert f"We keep your letter {limit}" in words_of(world.get(FORM).body)
    world.put_key("us_read", "counts")
    key = {"authorization": "Bearer us_read"}
    assert "is deleted after Mar 1, 2027" in words_of(overview(world))
    assert world.get(f"/organizer{FORM}", headers=key).json["kept_until"] == "2027-03-01"


@pytest.mark.parametrize(
    ("street_address", "own_words", "fields"),
    [
        (
            "required",
            True,
            "email address, street address, town or city, state, signature, your own words.",
        ),
        ("no", False, "email address, town or city, state, signature."),
    ],
)
def test_the_notice_lists_what_the_campaigns_form_asks_for(
    world: World, street_address: Literal["required", "no"], fields: str, *, own_words: bool
) -> None:
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    changed = replace(campaign, street_address=street_address, own_words=own_words)
    Campaigns(world.stack.table).put_campaign(changed)

    assert f"What you type into the form: postal code, full name, {fields}" in words_of(world.get(NOTICE).body)


def test_the_notice_names_the_organizers_telephone_if_there_is_one(world: World) -> None:
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    assert f"You can also call {campaign.organizer.telephone}." in words_of(world.get(NOTICE).body)

    Campaigns(world.stack.table).put_campaign(replace(campaign, organizer=replace(campaign.organizer, telephone=None)))
    world.clock.advance(minutes=2)

    assert "You can also call" not in words_of(world.get(NOTICE).body)


def test_an_unknown_campaign_has_no_notice(world: World) -> None:
    assert world.get("/campaigns/nowhere/privacy").status == 404


def test_programs_get_the_address_of_the_notice_with_the_form(world: World) -> None:
    form = world.get(f"{FORM}?lang=es", headers={"accept": "application/json", "host": "letters.example"}).json

    assert form["privacy_url"] == f"https://letters.example{NOTICE}?lang=es"


def test_organizers_see_which_notice_their_signers_read(world: World) -> None:
    world.put_key("us_read", "counts")
    key = {"authorization": "Bearer us_read"}

    assert world.get(f"/organizer{FORM}", headers=key).json["privacy_url"] is None
    assert f'href="{NOTICE}?lang=en"' in overview(world)
    with_own_notice(world)
    assert f'href="{OWN}"' in overview(world)
    assert world.get(f"/organizer{FORM}", headers=key).json["privacy_url"] == OWN
