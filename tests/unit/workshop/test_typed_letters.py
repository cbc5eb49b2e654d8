"""Test the letter as people type it, with placeholders in brackets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.signatures import CHIEF, ROBIN
from undersigned.campaigns.rules.letter_fields import FIELDS
from undersigned.campaigns.rules.letters import read_blocks, render_html
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned.workshop.typed_letters import (
    boxed_letter,
    merged_letter,
    placeholders,
    readable_letter,
    typed_letter,
    unboxed,
)


def finished(letter: str) -> list[str]:
    """Return a letter with and without words of the signer's own."""
    return [render_html(compile_letter(letter), CHIEF, replace(ROBIN, note=note)) for note in ("", "More.")]


def test_merge_fields_are_words_in_brackets_in_the_language_of_the_page() -> None:
    letter = "Dear {{ target.name }},\n\nI live in {{signer.locality}}.\n\n{{ date }}\n"

    assert typed_letter(letter, "en") == "Dear [recipient’s name],\n\nI live in [your town].\n\n[date]\n"
    assert typed_letter(letter, "es") == "Dear [nombre del destinatario],\n\nI live in [su localidad].\n\n[fecha]\n"
    for language in ("en", "es"):
        assert merged_letter(typed_letter(letter, language), language) == letter.replace("{{s", "{{ s").replace(
            "y}", "y }"
        )


@pytest.mark.parametrize(
    "words", ["[your town]", "[Your town]", "[YOUR TOWN]", "[your  town]", "[your\ntown]", "[su localidad]"]
)
def test_a_placeholder_is_known_in_each_language_and_in_capitals(words: str) -> None:
    assert merged_letter(f"See {words}.", "en") == "See {{ signer.locality }}."


def test_the_apostrophe_of_a_keyboard_is_understood() -> None:
    assert merged_letter("Dear [recipient's name],", "en") == "Dear {{ target.name }},"


@pytest.mark.parametrize(
    "text", ["[date](https://a.example)", r"\[date\]", r"\[date]", "[sic]", "https://a.example/[date]"]
)
def test_links_and_brackets_that_are_meant_stay(text: str) -> None:
    assert merged_letter(text, "en") == text
    assert typed_letter(text, "en") == text


def test_no_two_placeholders_have_the_same_words() -> None:
    for language in ("en", "es"):
        assert len({*placeholders(language).values()}) == len(FIELDS)


PARTS = st.sampled_from([
    *placeholders("en"), *(f"[{words}]" for words in placeholders("en").values()), "{{date}}", "\n\n", "\n", " ",
    "words", "\\", "[", "]", "(", ")", "!", "[sic]", "[words](https://a.example)", "https://a.example/", "www.a.b",
    "*", "- ", "> ", "\n\n{{ note }}\n\n", "{", "}",
    "_", "____", "\\_\\_\\_\\_", "__/__/____", "\\_\\_/\\_\\_/\\_\\_\\_\\_", "\\[DATE\\]", "\\[date\\]",
])  # fmt: skip


@given(st.lists(PARTS, max_size=12).map("".join), st.sampled_from(["en", "es"]))
@example("\\{{ date }}", "en")
@example("{{ date }}(x)", "en")
@example("[{{ date }}](https://a.example)", "en")
def test_both_forms_of_a_letter_mean_the_same(letter: str, language: str) -> None:
    typed = typed_letter(letter, language)
    again = merged_letter(typed, language)
    try:
        expected = finished(letter)
    except MistakesError:
        return
    assert finished(again) == expected
    assert typed_letter(again, language) == typed
    assert "{{ " not in typed.replace("\\{{", "")
    assert finished(merged_letter(unboxed(boxed_letter(letter, language)), language)) == expected


@given(
    st.lists(
        st.sampled_from(["words", "Elm 1", "{{ date }}", "1. ", "12 Elm", "- ", "**b**", "x, ", "", "____"]), max_size=9
    )
)
def test_the_field_shows_line_breaks_as_they_look_and_means_the_same(lines: list[str]) -> None:
    letter = "\\\n".join(lines)
    try:
        expected = finished(letter)
    except MistakesError:
        return
    assert finished(merged_letter(unboxed(boxed_letter(letter, "en")), "en")) == expected


def test_an_address_has_no_backslash_in_the_field() -> None:
    letter = "{{ target.name }}\\\nHall of Oakton\\\n12 Elm Street\n"
    shown = "[recipient’s name]  \nHall of Oakton  \n12 Elm Street\n"
    assert boxed_letter(letter, "en") == shown
    assert pasted_letter(shown, "en") == letter


def test_a_letter_with_mistakes_keeps_the_lines_that_have_only_places_to_fill_in() -> None:
    letter = (
        "{{ signer.name }}\n{{ signer.address }}\nOak School\n\nDear [fill in],\n\n{{ signature }}\nName: [fill in]\n"
    )
    blocks = read_blocks(render_html(compile_letter(readable_letter(letter, "en")), CHIEF, ROBIN))
    assert [block.text for block in blocks[1:4]] == [
        "[your name]\n[your address]\nOak School",
        "Dear [fill in],",
        "[signature]\nName: [fill in]",
    ]
