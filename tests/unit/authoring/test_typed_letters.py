"""Test the letter as people type it: placeholders in brackets, blanks, and what was pasted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.growth import check_growth_of
from tests.signatures import CHIEF, ROBIN
from undersigned.authoring.letters import compile_letter
from undersigned.authoring.mistakes import MistakesError, TooMuchError
from undersigned.authoring.paper_form import import_letter
from undersigned.authoring.typed_letters import merged_letter, pasted_letter, placeholders, read_typed, typed_letter
from undersigned.domain.authoring.letter_fields import FIELDS, LONGEST_LETTER
from undersigned.domain.authoring.letters import render_html

HERE = Path(__file__).parent
LETTERS = [
    *sorted((HERE / "paper_letters").glob("*.txt")),
    *sorted((HERE.parents[2] / "campaigns").glob("*/letter*.md")),
]


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


def test_a_condition_is_an_optional_part_in_plain_words() -> None:
    letter = "I live{% if signer.address_line %} at {{ signer.address_line }}{% else %} here{% endif %}.\n"

    typed = "I live[only if there is: your street] at [your street][otherwise] here[end of the optional part].\n"
    assert typed_letter(letter, "en") == typed
    assert merged_letter(typed, "en") == letter


def test_a_paragraph_of_own_words_is_one_placeholder() -> None:
    assert typed_letter("A\n\n{% if note %}\n{{ note }}\n{% endif %}\n\nB\n", "en") == "A\n\n[your own words]\n\nB\n"


@pytest.mark.parametrize("words", ["[your town]", "[Your town]", "[your  town]", "[your\ntown]", "[su localidad]"])
def test_a_placeholder_is_known_in_each_language_and_at_the_start_of_a_sentence(words: str) -> None:
    assert merged_letter(f"See {words}.", "en") == "See {{ signer.locality }}."


def test_the_apostrophe_of_a_keyboard_is_understood() -> None:
    assert merged_letter("Dear [recipient's name],", "en") == "Dear {{ target.name }},"


@pytest.mark.parametrize(
    "text", ["[date](https://a.example)", r"\[date\]", r"\[date]", "[sic]", "https://a.example/[date]", "[DATE]"]
)
def test_links_and_brackets_that_are_meant_stay(text: str) -> None:
    assert merged_letter(text, "en") == text
    assert typed_letter(text, "en") == text


def test_no_two_placeholders_have_the_same_words() -> None:
    for language in ("en", "es"):
        assert (
            len({*placeholders(language).values()}) == len(placeholders(language)) == 2 * len(FIELDS) + 2 + len(FIELDS)
        )


PARTS = st.sampled_from([
    *placeholders("en"), *(f"[{words}]" for words in placeholders("en").values()), "{{date}}", "\n\n", "\n", " ",
    "words", "\\", "[", "]", "(", ")", "!", "[sic]", "[words](https://a.example)", "https://a.example/", "www.a.b",
    "*", "- ", "> ", "{% if note %}\n{{ note }}\n{% endif %}", "{", "}", "{% if note %}", "{% endif %}",
    "_", "____", "\\_\\_\\_\\_", "__/__/____", "\\_\\_/\\_\\_/\\_\\_\\_\\_", "\\[DATE\\]", "\\[date\\]",
])  # fmt: skip


@given(st.lists(PARTS, max_size=12).map("".join), st.sampled_from(["en", "es"]))
@example("\\{{ date }}", "en")
@example("{{ date }}(x)", "en")
@example("[{{ date }}](https://a.example)", "en")
def test_both_forms_of_a_letter_mean_the_same(letter: str, language: str) -> None:
    typed = typed_letter(letter, language)
    again = merged_letter(typed, language)
    assert typed_letter(again, language) == typed
    try:
        expected = finished(letter)
    except MistakesError:
        return
    assert finished(again) == expected
    assert "{{ " not in typed.replace("\\{{", "")


# Blanks


def questions_of(typed: str, saved: str = "") -> dict[str, str]:
    return {question.blank: question.guess for question in read_typed(typed, "en", saved=saved)[1]}


def test_each_different_blank_is_asked_about_once_with_a_guess() -> None:
    typed = "On [DATE], by [DATE]: I live in ____, and [bring my dog]. Fill in [city].\n\nName: ____ Email: ____\n"

    assert questions_of(typed) == {
        "[DATE]": "{{ date }}",
        "I live in ____": "{{ signer.locality }}",
        "[bring my dog]": "",
        "[city]": "{{ signer.locality }}",
        "Name: ____": "{{ signer.name }}",
        "Email: ____": "",
    }


def test_one_word_in_two_meanings_is_asked_about_twice() -> None:
    assert questions_of("Dear [name],\n\nAct.\n\nSincerely,\n[name]\n") == {
        "Dear [name]": "{{ target.title }} {{ target.name }}",
        "[name]": "{{ signer.name }}",
    }


def test_a_letter_with_placeholders_raises_no_question() -> None:
    typed = (
        "Dear [recipient's name],\n\nSee [this](https://a.example) \\[sic\\], \\_\\_\\_\\_ and (really).\n\n[date]\n"
    )

    assert questions_of(typed) == {}
    assert read_typed(typed, "en")[0] == merged_letter(typed, "en")


def test_an_answer_fills_a_blank_or_leaves_it_as_text() -> None:
    typed = "By [DATE], in ____ or [AREA], see [DATE].\n"
    answers = {"[DATE]": "", "[AREA]": "{{ signer.region }}", "By [DATE], in ____": "{{ signer.locality }}"}
    blanks = questions_of(typed)

    letter, _ = read_typed(
        typed, "en", dict(zip(blanks, ("", "{{ signer.locality }}", "{{ signer.region }}"), strict=True))
    )

    assert answers.keys() >= {"[DATE]", "[AREA]"}
    assert letter == "By \\[DATE\\], in {{ signer.locality }} or {{ signer.region }}, see \\[DATE\\].\n"
    assert questions_of(typed_letter(letter, "en"), letter) == {}, "and nobody is asked again"


def test_a_blank_that_is_text_is_printed_and_edited_as_it_was_typed() -> None:
    typed = "My favorite park:\n\n____\n\nPhone: ___ (____)\n\nSee [this page], seen on __/__/____.\n"
    letter, asked = read_typed(typed, "en", dict.fromkeys(questions_of(typed), ""))

    assert "<p>____</p>" in finished(letter)[0]
    assert "Phone: ___ (____)" in finished(letter)[0]
    assert len(asked) == 4
    assert typed_letter(letter, "en") == typed
    assert read_typed(typed, "en", saved=letter) == (letter, ())


def test_a_blank_beside_one_that_is_text_is_asked_about() -> None:
    saved = "My favorite park is \\_\\_\\_\\_, on \\[DATE\\].\n"
    typed = typed_letter(saved, "en") + "\nI live in ____.\n"

    assert questions_of(typed, saved) == {"I live in ____": "{{ signer.locality }}"}


def test_underscores_of_a_blank_are_text_also_without_backslashes() -> None:
    for typed in (
        "A ____, B ____ and (____) or (____)\n",
        "____\n",
        "On __/__/____ and __/__/____\n",
        "___ day of ___\n",
    ):
        assert finished(typed) == finished(typed.replace("_", "\\_"))
    assert "<strong>now</strong>" in finished("Act __now__.")[0], "two are emphasis"


@pytest.mark.parametrize("file", LETTERS, ids=lambda file: file.stem)
def test_a_pasted_paper_letter_is_the_same_letter_as_its_import(file: Path) -> None:
    pasted = file.read_text(encoding="utf-8")
    blanks = questions_of(pasted)
    letter, _ = read_typed(pasted, "en", {})

    if file.stem == "unknown":
        assert [blank for blank, guess in blanks.items() if not guess] == [
            "My favorite park is ____", "and I visit it ____", "Email: ____", "Phone: ____",
        ]  # fmt: skip
        known = pasted.replace("My favorite park is ________________", "").replace("and I visit it ________", "")
        known = "\n".join(line for line in known.split("\n") if not line.startswith(("Email", "Phone")))
        assert {*blanks.values()} == {"", *(found.outcome for found in import_letter(known)[1])}
    else:
        assert finished(letter) == finished(import_letter(pasted)[0])
        assert all(guess for blank, guess in blanks.items() if blank != "[title and name]")
    assert questions_of(typed_letter(letter, "en"), letter) == {}, "and nobody is asked again"


@pytest.mark.parametrize(
    "part",
    [
        "[a] ",
        "____ ",
        "[",
        "\\[",
        "(name) ",
        "[DATE]\n",
        "x ____ y\n",
        "Phone:\n",
        "{{ note }}(",
        "www.[",
        "\U000f0000",
    ],
)
def test_what_takes_long_to_read_is_refused(part: str) -> None:
    def read(text: str) -> None:
        with suppress(MistakesError):
            read_typed(text, "en", {})

    check_growth_of(read, (part * LONGEST_LETTER)[: LONGEST_LETTER - 1])
    with pytest.raises(TooMuchError):
        read_typed(part * (LONGEST_LETTER + 1), "en")


@given(
    st.lists(
        st.one_of(PARTS, st.sampled_from(["____", "Name: ", "[DATE]", "(city)", "Phone:", "Dear ", "x\t"])), max_size=12
    ).map("".join)
)
def test_whatever_is_typed_becomes_a_letter_or_is_refused(typed: str) -> None:
    try:
        letter, questions = read_typed(typed, "en", {})
    except MistakesError:
        return
    assert len({question.blank for question in questions}) == len(questions)
    assert not any(character >= "\U000f0000" for character in letter)


@given(st.text("()[]_:/ \\X2adetny\n", max_size=40))
@example("(er)[Date_)")
@example("(er)[Date_)\n" * 400)
def test_a_blank_that_cannot_be_told_from_text_is_text(typed: str) -> None:
    with suppress(MistakesError):
        letter, _ = read_typed(typed, "en")
        assert ("(er)[Date_)" in letter) is ("(er)[Date_)" in typed)


@pytest.mark.parametrize("text", ["_" * 20_000, "___ " * 5_000, "____ [x " * 2_500, "Or sign on the web: " * 1_000])
def test_a_text_of_rules_is_read_in_a_moment(text: str) -> None:
    check_growth_of(lambda part: pasted_letter(part, "en"), text)
