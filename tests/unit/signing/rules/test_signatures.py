from __future__ import annotations

import re
import unicodedata
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.signatures import TREES as TREES_WITHOUT_A_QUESTION
from tests.support.signatures import adas_form, adas_signature
from undersigned.base.errors import FormError
from undersigned.campaigns.rules.campaigns import Roster, Target
from undersigned.campaigns.rules.postal_codes import lists
from undersigned.signing.rows.signatures import read_signature
from undersigned.signing.rules.choosing import choose_target
from undersigned.signing.rules.form_fields import FORM_FIELDS, WORDS, Words
from undersigned.signing.rules.posted_forms import CheckedForm, checked_form, details_so_far, read_unfinished
from undersigned.signing.rules.signatures import signer_id


def target(name: str, *codes: str) -> Target:
    return Target(name.lower(), "Mayor", f"{name} Sample", "City Hall", name, f"mayor@{name.lower()}.example", codes)


OAKTON = target("Oakton", "60201", "60202")
ELMTON = target("Elmton", "60202")
ROSTER = Roster.of((OAKTON, ELMTON))
TREES = replace(TREES_WITHOUT_A_QUESTION, question=("Why trees?",))
FORM: dict[str, object] = {
    "name": "Robin Resident",
    "email": "robin@mail.example",
    "address_line": "5 Made Up Lane",
    "locality": "Oakton",
    "postal_code": "60201",
    "signature": "R. R.",
}
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def read(**changes: object) -> CheckedForm:
    return checked_form(FORM | changes, TREES, ROSTER)


def errors_of(form: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(FormError) as caught:
        checked_form(form, TREES, ROSTER)
    return [(error.field, str(error.message)) for error in caught.value.errors]


def test_a_complete_form_is_read() -> None:
    assert read() == CheckedForm(
        name="Robin Resident",
        email="robin@mail.example",
        address_line="5 Made Up Lane",
        locality="Oakton",
        region="IL",
        postal_code="60201",
        signature="R. R.",
        note="",
        updates=False,
        letter_language="en",
        target=OAKTON,
    )


def test_the_errors_of_an_empty_form_are_listed_in_the_forms_order() -> None:
    assert errors_of({}) == [
        ("postal_code", "Enter your postal code"),
        ("name", "Enter your full name"),
        ("email", "Enter your email address"),
        ("address_line", "Enter your street address"),
        ("locality", "Enter your town or city"),
    ]


@pytest.mark.parametrize("signature", ["", " ", None])
def test_the_signature_is_the_name_if_no_other_was_typed(signature: str | None) -> None:
    assert read(signature=signature).signature == FORM["name"]


def test_errors_found_later_are_in_the_forms_order_too() -> None:
    form = FORM | {"signature": "x" * 101, "postal_code": "99999", "email": "robin", "name": "x" * 101}

    assert [field for field, _ in errors_of(form)] == ["postal_code", "name", "email", "signature"]


@pytest.mark.asvs("15.3.5")
@pytest.mark.parametrize("value", [7, 1.5, True, ["Robin"], {"a": "b"}, b"Robin"])
@pytest.mark.parametrize("field", [field.name for field in FORM_FIELDS if field.name != "question"])
def test_a_value_that_is_not_text_is_refused(field: str, value: object) -> None:
    assert [(name, message.partition(" must ")[2]) for name, message in errors_of(FORM | {field: value})] == [
        (field, "be text")
    ]


@pytest.mark.parametrize("value", [[], {}, ["on"], None, "off", "", 0, 2, "yes please"])
def test_without_a_ticked_box_there_are_no_updates(value: object) -> None:
    assert not read(updates=value).updates


@pytest.mark.parametrize("value", [True, "on", "true", "1", "yes"])
def test_a_ticked_box_asks_for_updates(value: object) -> None:
    assert read(updates=value).updates


@pytest.mark.parametrize(
    "field", [field for field in FORM_FIELDS if field.name not in {"email", "postal_code", "target", "question"}]
)
def test_a_text_must_not_exceed_its_limit(field: Any) -> None:
    read(**{field.name: "x" * field.limit})

    (error,) = errors_of(FORM | {field.name: "x" * (field.limit + 1)})
    assert error == (field.name, f"Use {field.limit} characters or fewer. You have used {field.limit + 1}.")

    (error,) = errors_of(FORM | {field.name: "x" * 9 * field.limit})
    assert error[1].endswith(f" You have used {9 * field.limit}.")


@pytest.mark.parametrize(
    "character",
    [
        "\0",
        "\x07",
        "\x1b",
        "\x7f",
        "\x85",
        "\ud800",
        "\ue000",
        "\uffff",
        "\u2028",
        "\u2029",
        "\u202e",
        "\u2066",
    ],
)
@pytest.mark.parametrize("field", ["name", "locality", "signature"])
def test_a_character_that_cannot_be_printed_is_refused(field: str, character: str) -> None:
    ((name, message),) = errors_of(FORM | {field: f"Ro{character}bin"})

    assert name == field
    assert message.endswith("has a character that we can’t print. Type it again instead of pasting it.")


@pytest.mark.parametrize("field", ["name", "address_line", "email", "signature"])
def test_only_a_note_may_have_line_breaks(field: str) -> None:
    assert errors_of(FORM | {field: "Ro\nbin"})[0][0] == field


def test_a_note_has_one_kind_of_line_break() -> None:
    assert read(note=" one\r\ntwo\rthree\u2028four\n ").note == "one\ntwo\nthree\nfour"


@pytest.mark.parametrize("character", ["\0", "\x85", "\ud800", "\u202e"])
def test_a_note_with_other_control_characters_is_refused(character: str) -> None:
    assert errors_of(FORM | {"note": f"one{character}two"})[0][0] == "note"


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "\t",
        "\u00a0",
        "\u200b",
        "\u2060\u200d",
        "\ufeff",
        "\u00ad",
        "\u0301" * 9,
        "\u20dd",
        "\u3164",
        "\uffa0",
        "\u2800",
    ],
)
def test_an_invisible_name_is_missing(text: str) -> None:
    assert errors_of(FORM | {"name": text}) == [("name", "Enter your full name")]


def test_an_invisible_note_is_no_note() -> None:
    assert read(note="\u200b\n\u0301").note == ""


def test_characters_and_their_accents_are_joined() -> None:
    assert read(name="Zoe\u0308 Mu\u0308ller").name == "Zo\u00eb M\u00fcller"


def test_the_length_is_counted_after_accents_are_joined() -> None:
    assert len(read(name="e\u0301" * 100).name) == 100


@pytest.mark.parametrize("name", ["李小龍", "नेहा शर्मा", "Siân O’Brien-Łuk", "אבי כהן", "👩‍👩‍👧", "عائشة\u200c"])
def test_names_in_every_script_are_accepted(name: str) -> None:
    assert read(name=name).name == unicodedata.normalize("NFC", name)


def test_the_signers_state_may_differ_from_the_campaigns() -> None:
    assert read(region="WI").region == "WI"


POSTED = (
    st.text(st.sampled_from("ab9@.-~ \n\t\0é\u0301\u2028\u202e\ud800\u200b李"), max_size=8) | st.integers() | st.none()
)


@given(st.dictionaries(st.sampled_from([*FORM, "region", "target", "note", "updates"]), POSTED))
def test_any_post_is_read_or_refused(changes: dict[str, object]) -> None:
    try:
        form = checked_form(FORM | changes, TREES, ROSTER)
    except FormError as error:
        assert error.errors  # noqa: PT017
    else:
        assert form.name.strip() == form.name != ""


def chosen_target(roster: Roster, postal_code: str, choice: str) -> Target:
    return choose_target(TREES, roster, postal_code, choice)


def test_a_postal_code_of_one_town_needs_no_choice() -> None:
    assert chosen_target(ROSTER, "60201", "") == OAKTON


def test_a_postal_code_is_found_in_any_spelling() -> None:
    assert chosen_target(ROSTER, " 60201-1234", "") == OAKTON


def test_two_recipients_of_a_postal_code_need_a_choice() -> None:
    says = (
        "target: 60202 has more than one recipient. Choose who gets your letter: Oakton: City Hall / Elmton: City Hall"
    )
    with pytest.raises(FormError, match=re.escape(says)):
        chosen_target(ROSTER, "60202", "")


@pytest.mark.parametrize("chosen", [OAKTON, ELMTON])
def test_the_signer_chooses_between_two_towns(chosen: Target) -> None:
    assert chosen_target(ROSTER, "60202", chosen.id) == chosen


@pytest.mark.asvs("2.2.3")
@pytest.mark.parametrize("choice", ["elmton", "nowhere"])
def test_a_town_that_does_not_have_the_postal_code_cannot_be_chosen(choice: str) -> None:
    says = (
        "target: This recipient doesn’t get letters from 60201. Choose Oakton: City Hall, or correct the postal code."
    )
    with pytest.raises(FormError, match=re.escape(says)):
        chosen_target(ROSTER, "60201", choice)


def test_members_of_one_council_are_told_apart_by_their_names() -> None:
    roster = Roster.of((OAKTON, replace(OAKTON, id="oakton-2", name="Ola Sample")))

    with pytest.raises(FormError, match="Choose who gets your letter: Oakton Sample / Ola Sample"):
        chosen_target(roster, "60201", "")


def test_a_postal_code_of_no_town_is_refused() -> None:
    with pytest.raises(FormError, match="postal_code: This letter doesn’t cover 99999"):
        chosen_target(ROSTER, "99999", "")


def test_a_postal_code_of_no_town_names_the_towns_that_have_one_and_the_organizer() -> None:
    with pytest.raises(
        FormError,
        match=r"doesn’t cover 99999\. It covers Oakton and Elmton\. If you live somewhere else, write to Tree Friends "
        r"\(sample\): letters@trees\.example",
    ):
        chosen_target(ROSTER, "99999", "")


def test_of_many_towns_the_first_ones_are_named() -> None:
    roster = Roster.of(tuple(target(f"Town{number}", str(60000 + number)) for number in range(500)))

    with pytest.raises(FormError, match=r"It covers Town0, .*, Town11 and 488 more towns\.") as caught:
        chosen_target(roster, "70299", "")

    assert len(str(caught.value)) < 400


def test_a_target_without_postal_codes_is_everyones() -> None:
    mayor = target("Oakton")
    roster = Roster.of((mayor,))

    assert chosen_target(roster, "99999", "") == mayor
    assert roster.only == mayor
    assert roster.serving("") == (mayor,)


def test_a_signer_chooses_between_their_own_target_and_everyones() -> None:
    governor = target("Springfield")
    roster = Roster.of((governor, OAKTON))

    assert roster.serving("60201") == (OAKTON, governor)
    assert chosen_target(roster, "60201", "springfield") == governor
    assert chosen_target(roster, "99999", "") == governor
    assert roster.serving("") == ()
    with pytest.raises(
        FormError, match=r"60201 has more than one recipient\..*: Oakton: City Hall / Springfield: City Hall"
    ):
        chosen_target(roster, "60201", "")


def test_the_fallback_serves_only_the_codes_that_no_other_target_lists() -> None:
    governor = target("Springfield", "62701", "*")
    roster = Roster.of((governor, OAKTON))

    assert roster.serving("60201") == (OAKTON,)
    assert roster.serving("62701") == (governor,)
    assert roster.serving("K1A 0B1") == (governor,)


@pytest.mark.parametrize(
    ("listed", "inside", "outside"),
    [
        ("602*", ("60201", "602", "60299-1234", "6021"), ("60301", "60", "160201")),
        ("K1A*", ("k1a 0b1", "K1A0B2"), ("K1B 0B1",)),
        ("60201", ("60201", "60201-1234"), ("6020", "602011")),
    ],
)
def test_a_prefix_stands_for_its_codes(listed: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    roster = Roster.of((target("Oakton", listed),))

    assert [code for code in inside if not roster.serving(code)] == []
    assert [code for code in outside if roster.serving(code)] == []
    assert all(lists((listed,), code) for code in inside)
    assert not any(lists((listed,), code) for code in outside)


def test_the_most_exact_of_several_patterns_comes_first() -> None:
    county, city = target("County", "602*"), target("City", "60201")

    assert Roster.of((county, city)).serving("60201") == (city, county)


def test_a_retired_target_gets_no_new_letters() -> None:
    roster = Roster.of((OAKTON, replace(ELMTON, retired=True)))

    assert chosen_target(roster, "60202", "") == OAKTON
    with pytest.raises(FormError):
        chosen_target(roster, "60202", "elmton")


@pytest.mark.parametrize("email", ["ROBIN@mail.example", " robin@MAIL.example ", "robin+letters@mail.example"])
def test_a_signer_has_one_id_for_every_spelling_of_the_address(email: str) -> None:
    assert signer_id("secret", email) == signer_id("secret", "robin@mail.example")


def test_ids_differ_by_person_and_by_stack() -> None:
    ids = {
        signer_id("secret", "robin@mail.example"),
        signer_id("secret", "robin@other.example"),
        signer_id("another", "robin@mail.example"),
    }

    assert len(ids) == 3


def test_an_id_does_not_reveal_the_address() -> None:
    assert len(bytes.fromhex(signer_id("secret", "robin@mail.example"))) == 16


def test_a_signature_has_the_details_of_its_forms_preview() -> None:
    form = FORM | {"note": "Hurry"}
    signed = adas_signature(**{name: getattr(read(**form), name) for name in ("region", *form)})
    unfinished = read_unfinished(form, TREES, ROSTER)
    assert signed.words.printed(signed.signed_on) == details_so_far(unfinished, TREES, signed.signed_on, "en")


def test_a_sealed_letter_has_its_deliverys_period() -> None:
    assert adas_signature().period is None
    assert adas_signature(bundle="2026-11-30#0002").period == "2026-11-30"


def test_only_a_confirmed_letter_in_no_bundle_waits() -> None:
    assert adas_signature(status="confirmed").waits
    assert not adas_signature(status="confirmed", bundle="2026-11-30#0002").waits
    assert not adas_form().waits
    assert not adas_signature(status="withdrawn").waits


@pytest.mark.parametrize(("expires_at", "expired"), [(NOON, True), (NOON + timedelta(seconds=1), False)])
def test_a_form_expires(expires_at: datetime, expired: bool) -> None:  # noqa: FBT001
    assert adas_form(expires_at=expires_at).has_expired(NOON) is expired


@pytest.mark.parametrize("on_hold", [False, True])
def test_a_letters_place_is_in_the_keys_of_the_index(on_hold: bool) -> None:  # noqa: FBT001
    letter = adas_signature(waits_since=NOON, on_hold=on_hold)
    assert read_signature(letter.item()) == letter
    assert read_signature(adas_signature().item()) == adas_signature()


def test_a_letter_has_the_words_of_the_forms_fields() -> None:
    assert {each.name for each in fields(Words)} == {*WORDS, "drawing", "updates", "consent"}
