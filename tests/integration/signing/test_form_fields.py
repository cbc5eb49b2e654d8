"""The form's fields, as campaign.toml sets them: from the folder to the letter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.world import ADA, CAMPAIGN, FORM, files_of_campaign, publish_files
from undersigned.signing.rows.signatures import Signatures
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.mistakes import MistakesError

if TYPE_CHECKING:
    from tests.support.world import World


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


NO_ADDRESS = 'street_address = "no"\ntown = "no"\nstate = "no"'
TO_ALL = "id,title,name,department,locality,email,postal_codes\noak,Chief,Avery Sample,Police,Oakton,a@oak.example,\n"


def with_settings(lines: str) -> dict[str, str]:
    kept = re.sub(r"(?m)^(street_address|town|state) = .*\n", "", files_of_campaign()["campaign.toml"])
    return {"campaign.toml": kept.replace("[organizer]", f"{lines}\n\n[organizer]", 1)}


def test_a_letter_without_an_address_has_three_typed_fields(world: World) -> None:
    publish_files(world, with_settings(NO_ADDRESS) | {"targets.csv": TO_ALL})

    page = world.get(FORM).body
    assert re.findall(r'<input id="(\w+)" name="\1"', page)[:-1] == ["name", "email", "signature"]  # and the trap
    assert [name for name in fields(world) if name not in {"target", "note"}] == ["name", "email", "signature"]
    assert "The letter has your name. We’ll email you first." in page
    privacy = world.get(f"{FORM}/privacy").body
    assert "with your name but without your email address. The files in the email list who signed." in privacy
    assert "only your postal code" not in privacy
    for gone in ("your town", "postal code", "(address)", "(town)", ", IL"):
        assert gone not in page
    world.post(f"{FORM}/signatures", {"name": "Robin Three", "email": "robin@signers.example"})
    world.run_stream()
    link = world.sent[-1].link("confirm")
    shown = world.get(link).body
    assert "<p>Robin Three</p>" in shown
    assert "publish it, with your name, under" in shown
    world.post(link)
    world.run_stream()
    [row] = Signatures(world.stack.table).listed_signatures(CAMPAIGN)
    words = row.words
    assert (words.name, words.signature) == ("Robin Three", "Robin Three")
    assert {words.address_line, words.locality, words.region, words.postal_code} == {""}
    assert row.target == "oak"
    world.week()
    assert "1 Robin Three 3 " in world.deliveries[-1].printed


def test_what_a_form_does_not_ask_for_is_not_kept_nor_another_form(world: World) -> None:
    publish_files(world, with_settings(NO_ADDRESS) | {"targets.csv": TO_ALL})

    token = world.get(FORM, as_json=True).json["form"]
    short = {"name": "Robin Three", "email": "robin@signers.example", "form": token}
    world.post(f"{FORM}/signatures", short)
    world.post(f"{FORM}/signatures", short | {"locality": "Evanston", "postal_code": "60201", "region": "IL"})
    world.run_stream()
    assert len([mail for mail in world.sent if mail.to == "robin@signers.example"]) == 1


def test_a_form_from_before_there_were_several_recipients_asks_for_the_postal_code(world: World) -> None:
    publish_files(world, with_settings(NO_ADDRESS))

    answer = world.post(f"{FORM}/signatures", {"name": "Robin Three", "email": "robin@signers.example"})
    assert answer.status == 422
    assert "Enter your postal code" in answer.body
    shown = world.confirmed(name="Robin Three", postal_code="60201")
    assert shown is not None
    letter = world.get(world.sent[-1].link("confirm")).body
    assert "<p>Robin Three</p>" in letter  # a postal code alone is no address


def test_a_form_for_a_recipient_who_is_gone_asks_who_gets_the_letter(world: World) -> None:
    publish_files(world, {"targets.csv": TO_ALL})

    gone = world.sign(target="evanston")
    assert gone.status == 422
    assert "Choose who gets your letter: Oakton" in gone.body
    assert re.search(r'type="radio" name="target" value="oak"', gone.body)
    assert world.sign(target="oak").status == 200


@pytest.mark.parametrize(
    ("lines", "typed", "address"),
    [
        ('street_address = "no"\ntown = "no"', {"region": "WI"}, "WI 60201"),
        ('street_address = "no"\ntown = "no"', {"region": ""}, "IL 60201"),
        ('street_address = "no"\ntown = "optional"\nstate = "no"', {"locality": ""}, ""),
        ('street_address = "no"\ntown = "optional"\nstate = "no"', {}, "Evanston 60201"),
        ('town = "no"\nstate = "no"', {}, "1 Sample Street<br>\n60201"),
        ('street_address = "optional"\ntown = "optional"', {"address_line": "", "locality": ""}, "IL 60201"),
    ],
)
def test_an_address_has_no_empty_line_and_no_lone_comma(
    world: World, lines: str, typed: dict[str, str], address: str
) -> None:
    publish_files(world, with_settings(lines))

    world.confirmed(**{"address_line": "1 Sample Street"} | typed)
    shown = world.get(world.sent[-1].link("confirm")).body
    assert f"<p>{ADA['name']}{f'<br>{chr(10)}{address}' if address else ''}</p>" in shown


def test_a_state_can_be_required(world: World) -> None:
    publish_files(world, with_settings('state = "required"'))

    assert fields(world)["region"] is True
    assert "Enter your state" in world.sign(region="").body


@pytest.mark.parametrize(
    ("lines", "field"),
    [('town = "optional"', "locality"), ('state = "no"', "region"), ('town = "required"', "postal_code")],
)
def test_a_letter_with_a_field_that_may_be_empty_is_a_mistake(lines: str, field: str) -> None:
    files = files_of_campaign() | with_settings(lines) | {"targets.csv": TO_ALL}
    files |= {name: f"{text}\nFrom {{{{ signer.{field} }}}}.\n" for name, text in files.items() if "letter" in name}

    with pytest.raises(MistakesError, match=rf"{{{{ signer\.{field} }}}} is empty in letters of signers who"):
        compile_campaign(files)


@pytest.mark.parametrize("setting", ["optional", "no"])
def test_a_letter_that_needs_a_street_address_is_a_mistake_without_one(setting: str) -> None:
    files = files_of_campaign() | with_setting("street_address", f'"{setting}"')
    files |= {
        name: f"{text}\n{{{{ signer.address_line }}}}\n{{{{ signer.locality }}}} {{{{ signer.postal_code }}}}\n"
        for name, text in files.items()
        if name.startswith("letter")
    }

    with pytest.raises(MistakesError, match=r"letter\.md: {{ signer\.address_line }} is empty in letters of signers"):
        compile_campaign(files)
