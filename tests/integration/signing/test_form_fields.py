"""The form's fields, as campaign.toml sets them: from the folder to the letter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.world import ADA, CAMPAIGN, FORM, files_of_campaign, publish_files
from undersigned.signing.rows.signatures import Signatures
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.mistakes import MistakesError

if TYPE_CHECKING:
    from tests.world import World


def with_setting(name: str, value: str) -> dict[str, str]:
    settings, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", files_of_campaign()["campaign.toml"])
    assert found == 1
    return {"campaign.toml": settings}


def fields(world: World) -> dict[str, bool]:
    form = world.get(FORM, as_json=True).json
    return {field["name"]: field["required"] for field in form["fields"]}


def test_a_form_without_a_street_address_keeps_none(world: World) -> None:
    publish_files(world, with_setting("street_address", '"no"'))

    page = world.get(FORM).body
    assert 'name="address_line"' not in page
    assert "(address)" not in page
    assert "The letter has your name and your town." in page
    assert "gets your letter with your name and your town" in page
    assert "name and address" not in page + world.get(f"{FORM}/privacy").body
    assert "address_line" not in fields(world)
    world.confirmed(address_line="1 Nobody Asked Street")
    [row] = Signatures(world.stack.table).listed_signatures(CAMPAIGN)
    assert row.words.address_line == ""
    shown = world.get(world.sent[-1].link("confirm")).body
    assert f"{ADA['name']}<br>\nEvanston, IL 60201" in shown
    world.sign(email="bo@signers.example")
    world.run_stream()
    assert "publish it, with your name and your town" in world.get(world.sent[-1].link("confirm")).body
    world.week()
    assert "(address)" not in world.deliveries[-1].text


def test_a_street_address_can_be_optional(world: World) -> None:
    publish_files(world, with_setting("street_address", '"optional"'))

    assert "Street address (optional)" in world.get(FORM).body
    assert fields(world)["address_line"] is False
    world.confirmed(address_line="")
    shown = world.get(world.sent[-1].link("confirm")).body
    assert f"{ADA['name']}<br>\nEvanston, IL 60201" in shown


def test_a_street_address_is_required_unless_the_campaign_says_otherwise(world: World) -> None:
    assert fields(world)["address_line"] is True
    assert "Enter your street address" in world.sign(address_line="").body


def test_signers_own_words_can_be_turned_off(world: World) -> None:
    assert "note" in fields(world)
    publish_files(world, with_setting("own_words", "false"))

    assert 'id="note"' not in world.get(FORM).body
    assert "note" not in fields(world)
    world.confirmed(note="My own words")
    [row] = Signatures(world.stack.table).listed_signatures(CAMPAIGN)
    assert row.words.note == ""


@pytest.mark.parametrize("setting", ["optional", "no"])
def test_a_letter_that_needs_a_street_address_is_a_mistake_without_one(setting: str) -> None:
    files = files_of_campaign() | with_setting("street_address", f'"{setting}"')
    files |= {
        name: f"{text}\n{{{{ signer.address_line }}}}\n{{{{ signer.locality }}}} {{{{ signer.postal_code }}}}\n"
        for name, text in files.items()
        if name.startswith("letter")
    }

    with pytest.raises(MistakesError, match=r"letter\.md: {{ signer\.address_line }} is empty in letters without"):
        compile_campaign(files)
