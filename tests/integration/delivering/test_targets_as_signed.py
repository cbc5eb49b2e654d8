"""Test that a letter shows its target as it was signed, whatever becomes of the target until it is sent."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader

from tests.search.invariants import words_of
from tests.support.world import CAMPAIGN
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from tests.support.world import Sent, World

OLD, NEW = "Avery Sample", "Robin Newcomer"


def new_chief(world: World, **changes: Any) -> None:
    """Give Evanston another chief, as `undersigned campaign push` does."""
    campaigns = Campaigns(world.stack.table)
    campaigns.put_target(CAMPAIGN, replace(campaigns.target(CAMPAIGN, "evanston"), name=NEW, **changes))
    # A warm function keeps the targets for a minute.
    world.clock.advance(minutes=2)


def sign(world: World) -> Sent:
    assert world.sign().status == 200
    world.run_stream()
    return world.sent[-1]


def letter_in_packet(world: World) -> str:
    """Return the words of the letter's page, without cover and index."""
    [mail] = world.deliveries
    [pdf] = mail.pdfs
    return " ".join(PdfReader(io.BytesIO(pdf)).pages[-1].extract_text().split())


def test_the_page_that_confirms_shows_the_target_that_was_signed(world: World) -> None:
    mail = sign(world)
    new_chief(world)
    page = world.get(mail.link("confirm")).body
    assert (OLD in page, NEW in page) == (True, False)


def test_the_packet_has_the_letter_that_was_signed_and_a_cover_for_todays_target(world: World) -> None:
    world.confirmed()
    new_chief(world)
    world.week()
    [mail] = world.deliveries
    assert f"To Police Chief {NEW}" in mail.text
    letter = letter_in_packet(world)
    assert (OLD in letter, NEW in letter) == (True, False)
    assert NEW in words_of(mail.pdfs[0])


def test_a_packet_has_a_letter_to_each_chief(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example")
    new_chief(world)
    world.confirmed(email="cy@signers.example")
    world.week()
    [mail] = world.deliveries
    assert mail.printed.count(f"Dear Police Chief {OLD}") == 2
    assert mail.printed.count(f"Dear Police Chief {NEW}") == 1


def test_a_letter_signed_after_the_change_shows_the_new_target(world: World) -> None:
    new_chief(world)
    world.confirmed()
    world.week()
    letter = letter_in_packet(world)
    assert (OLD in letter, NEW in letter) == (False, True)


def test_an_email_that_waited_shows_the_target_that_was_signed(world: World) -> None:
    assert world.sign().status == 200
    new_chief(world)
    world.run_stream()
    assert f"You signed a letter to Police Chief {OLD}" in world.sent[-1].text.replace("\n", " ")


def test_the_signers_own_page_shows_the_target_that_was_signed(world: World) -> None:
    mail = world.confirmed()
    link = world.post(mail.link("confirm"), as_json=True).json["links"]["letter"]
    new_chief(world, department="Evanston Department of Safety")
    page = world.get(link).body
    assert (OLD in page, NEW in page, "Department of Safety" in page) == (True, False, False)


def test_a_corrected_email_address_is_for_waiting_letters_too(world: World) -> None:
    world.confirmed()
    new_chief(world, email="corrected@evanston-police.example")
    world.week()
    [mail] = world.deliveries
    assert mail.to == "corrected@evanston-police.example"
    assert OLD in letter_in_packet(world)


def test_a_letter_whose_target_was_retired_shows_who_was_addressed(world: World) -> None:
    world.confirmed()
    new_chief(world, retired=True)
    world.week()
    assert OLD in letter_in_packet(world)


def test_a_letter_in_another_language_keeps_the_title_in_it(world: World) -> None:
    world.sign(letter_language="es")
    world.run_stream()
    new_chief(world, titles={"es": "Otro título"})
    page = world.get(world.sent[-1].link("confirm")).body
    assert ("Jefe de Policía" in page, "Otro título" in page) == (True, False)


def test_the_same_form_sent_again_to_another_chief_is_another_form(world: World) -> None:
    form = world.form()
    for _ in range(2):
        world.sign(form=form)
        new_chief(world)
    assert [sent.addressee.name for sent in world.forms()] == [NEW, OLD]
