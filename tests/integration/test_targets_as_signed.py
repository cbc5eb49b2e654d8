"""Test that a letter shows its target as it was signed, whatever becomes of the target until it is sent."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.faults.invariants import words_of
from tests.world import CAMPAIGN, client_of
from undersigned.aws.campaigns import target_key
from undersigned.aws.deliveries import packet_key
from undersigned.aws.dynamodb import from_item, to_item
from undersigned.aws.signatures import signature_key
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.signatures import signer_id

if TYPE_CHECKING:
    from tests.world import Sent, World
    from undersigned.aws.dynamodb import Key

KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
OLD, NEW = "Avery Sample", "Robin Newcomer"


def new_chief(world: World, **changes: Any) -> None:
    """Give Evanston another chief, as `undersigned campaign push` does."""
    campaigns = world.wiring.campaigns
    campaigns.put_target(CAMPAIGN, replace(campaigns.target(CAMPAIGN, "evanston"), name=NEW, **changes))
    # A warm function keeps the targets for a minute.
    world.clock.advance(minutes=2)


def sign(world: World) -> Sent:
    assert world.sign().status == 303
    world.run_stream()
    return world.sent[-1]


def edit(world: World, key: Key, **changes: Any) -> None:
    """Write an item as another version of the code left it. None removes an attribute."""
    client, table = client_of("dynamodb"), world.wiring.settings.table_name
    item = client.get_item(TableName=table, Key=to_item(key._asdict()))["Item"]
    client.put_item(TableName=table, Item=to_item(from_item(item) | changes))


def letter_in_packet(world: World) -> str:
    """Return the words of the letter's page, without the cover."""
    [mail] = world.deliveries
    [pdf] = mail.pdfs
    return words_of(pdf).partition("reply goes to")[2]


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


def letters_in_mail(world: World) -> list[str]:
    """Return the letters that the email quotes, as text."""
    [mail] = world.deliveries
    text = mail.text.partition("WHO SIGNED")[0]
    return re.split(r"THE LETTER.*\n", text)[1:]


def test_the_email_quotes_the_letter_that_was_signed(world: World) -> None:
    world.confirmed()
    new_chief(world)
    world.week()
    [letter] = letters_in_mail(world)
    assert (OLD in letter, NEW in letter) == (True, False)


def test_the_email_quotes_a_letter_to_each_chief(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example")
    new_chief(world)
    world.confirmed(email="cy@signers.example")
    world.week()
    assert [(OLD in letter, NEW in letter) for letter in letters_in_mail(world)] == [(True, False), (False, True)]


def test_the_email_quotes_a_letter_once_if_all_show_todays_target(world: World) -> None:
    """Version 0.2 wrote no version into Ada's row."""
    world.confirmed()
    edit(world, signature_key(CAMPAIGN, signer_id(world.wiring.secret(), "ada@signers.example")), addressed=None)
    world.confirmed(email="bo@signers.example")
    world.week()
    assert len(letters_in_mail(world)) == 1


def test_the_email_of_a_packet_that_version_0_2_made_quotes_todays_target(world: World) -> None:
    world.confirmed()
    world.refusal = "AccessDeniedException"
    world.week()
    [packet] = world.wiring.deliveries.packets(KEY)
    edit(world, packet_key(KEY, packet), addressed=None)
    world.refusal = ""
    new_chief(world)
    world.week()
    [letter] = letters_in_mail(world)
    assert (OLD in letter, NEW in letter) == (False, True)


def test_a_letter_signed_after_the_change_shows_the_new_target(world: World) -> None:
    new_chief(world)
    world.confirmed()
    world.week()
    letter = letter_in_packet(world)
    assert (OLD in letter, NEW in letter) == (False, True)


def test_an_email_that_waited_shows_the_target_that_was_signed(world: World) -> None:
    assert world.sign().status == 303
    new_chief(world)
    world.run_stream()
    assert f"You signed a letter to Police Chief {OLD}" in world.sent[-1].text.replace("\n", " ")


def test_the_signers_own_page_shows_the_target_that_was_signed(world: World) -> None:
    mail = world.confirmed()
    link = world.post(mail.link("confirm"), as_json=True).json["links"]["letter"]
    new_chief(world, department="Evanston Department of Safety")
    page = world.get(link).body
    assert (OLD in page, NEW in page, "Department of Safety" in page) == (True, False, False)


def test_another_email_address_changes_no_version(world: World) -> None:
    campaigns = world.wiring.campaigns
    before = campaigns.target(CAMPAIGN, "evanston")
    campaigns.put_target(CAMPAIGN, replace(before, email="new@evanston.example", postal_codes=("60201",)))
    assert campaigns.target(CAMPAIGN, "evanston").shown.version == before.shown.version


def test_a_target_that_changes_back_has_its_first_version(world: World) -> None:
    campaigns = world.wiring.campaigns
    before = campaigns.target(CAMPAIGN, "evanston")
    new_chief(world)
    campaigns.put_target(CAMPAIGN, before)
    assert campaigns.target_version(CAMPAIGN, before.shown.version) == before.shown


def test_a_target_that_version_0_2_pushed_is_kept_when_it_changes(world: World) -> None:
    """Version 0.2 wrote no version of it, and the letter was signed on this one."""
    campaigns = world.wiring.campaigns
    shown = campaigns.target(CAMPAIGN, "evanston").shown
    client_of("dynamodb").delete_item(
        TableName=world.wiring.settings.table_name,
        Key=to_item({"pk": f"CAMPAIGN#{CAMPAIGN}", "sk": f"ADDRESSED#{shown.version}"}),
    )
    world.confirmed()
    new_chief(world)
    world.week()
    assert OLD in letter_in_packet(world)


def test_a_letter_that_version_0_2_signed_shows_the_target_as_it_is(world: World) -> None:
    world.confirmed()
    edit(world, signature_key(CAMPAIGN, signer_id(world.wiring.secret(), "ada@signers.example")), addressed=None)
    new_chief(world)
    world.week()
    assert NEW in letter_in_packet(world)


def test_a_change_by_version_0_2_stops_no_letter(world: World) -> None:
    """It writes targets without a version, and counts no change. The letter shows the target as it is."""
    campaigns = world.wiring.campaigns
    shown = campaigns.target(CAMPAIGN, "evanston").shown
    for sk in (f"ADDRESSED#{shown.version}", "STEERING"):
        client_of("dynamodb").delete_item(
            TableName=world.wiring.settings.table_name, Key=to_item({"pk": f"CAMPAIGN#{CAMPAIGN}", "sk": sk})
        )
    mail = sign(world)
    edit(world, target_key(CAMPAIGN, "evanston"), name=NEW)
    world.clock.advance(minutes=2)
    assert NEW in world.press(mail.link("confirm")).body
    world.run_stream()
    world.week()
    assert NEW in letter_in_packet(world)
