from __future__ import annotations

from dataclasses import replace
from html import unescape
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.signatures import CHIEF, ROBIN
from undersigned.campaigns.rules.letter_fields import FIELDS
from undersigned.campaigns.rules.letters import as_text, read_blocks, render_html
from undersigned.workshop.letters import compile_letter, is_form_line, with_own_words
from undersigned.workshop.mistakes import MistakesError

TOP = "{{ target.name }}\n\n"
END = "\n\n{{ signature }}\n{{ date }}\n{{ signer.name }}\n{{ signer.address }}\n"


def html_of(middle: str, note: str = "") -> str:
    """Return the HTML between the target's name and the signature."""
    html = render_html(compile_letter(TOP + dedent(middle) + END), CHIEF, replace(ROBIN, note=note))
    return html.removeprefix("<p>Avery Sample</p>\n").partition('<p><span class="signature">')[0]


def mistakes_of(middle: str) -> list[str]:
    """Return the mistakes of a letter whose third line is the first line of `middle`."""
    with pytest.raises(MistakesError) as caught:
        compile_letter(TOP + dedent(middle) + END)
    return [f"{mistake.line}: {mistake.message}" for mistake in caught.value.mistakes]


def test_paragraphs_emphasis_links_lists_and_quotations_become_html() -> None:
    middle = """\
        # A heading

        Some *emphasis* and **strong emphasis**, [words](https://sampleton.example).

        - one
        - two

        > A quotation"""

    assert html_of(middle) == dedent("""\
        <h1>A heading</h1>
        <p>Some <em>emphasis</em> and <strong>strong emphasis</strong>, <a href="https://sampleton.example">words</a>.</p>
        <ul>
        <li>one</li>
        <li>two</li>
        </ul>
        <blockquote>
        <p>A quotation</p>
        </blockquote>
        """)


def test_a_plain_web_address_becomes_a_link() -> None:
    assert html_of("See www.example.org/news now.") == (
        '<p>See <a href="http://www.example.org/news">www.example.org/news</a> now.</p>\n'
    )


def test_an_escaped_dollar_sign_is_a_dollar_sign() -> None:
    assert html_of(r"Fines of \$1,000.") == "<p>Fines of $1,000.</p>\n"


def test_a_wrapped_paragraph_stays_one_line() -> None:
    assert html_of("One\ntwo") == "<p>One\ntwo</p>\n"


@pytest.mark.parametrize("end", ["  ", "\\"])
def test_a_line_break_mark_breaks_the_line(end: str) -> None:
    assert html_of(f"One{end}\ntwo") == "<p>One<br>\ntwo</p>\n"


def test_a_line_break_mark_at_the_end_of_a_paragraph_is_not_shown() -> None:
    assert html_of("One\\\ntwo\\") == "<p>One<br>\ntwo</p>\n"


@pytest.mark.parametrize(
    "line",
    [
        "{{ date }}",
        "Date: {{ date }}",
        "**Date:** {{ date }}",
        "*{{ signature }}*",
        "{{ target.title }} {{ target.name }},",
        "{{ signer.locality }}, {{ signer.region }} {{ signer.postal_code }}\\",
    ],
)
def test_a_line_of_merge_fields_stays_a_line(line: str) -> None:
    assert is_form_line(line)
    assert html_of(f"above\n{line}\nbelow").count("<br>") == 2


@pytest.mark.parametrize(
    "line", ["I, {{ signer.name }}, ask you", "of {{ signer.locality }}", "Dear {{ target.name }}"]
)
def test_a_line_of_merge_fields_and_words_does_not_break(line: str) -> None:
    assert not is_form_line(line)


@pytest.mark.parametrize(
    ("middle", "words"),
    [
        ("{{ note }}", ""),
        ("*{{note}}*", ""),
        ("*Also:* {{ note }}", "Also: "),
        ("My own words:\n{{ note }}", "My own words:\n"),
    ],
)
def test_a_paragraph_of_own_words_is_left_out_without_them_labeled_or_not(middle: str, words: str) -> None:
    assert html_of(middle) == ""
    assert as_text(read_blocks(html_of(middle, "Slow down."))).strip() == f"{words}Slow down."


def test_a_paragraph_with_other_words_stays_without_own_words() -> None:
    assert html_of("Dear Chief, {{ note }} act.") == "<p>Dear Chief,  act.</p>\n"


def test_braces_without_a_merge_field_are_text() -> None:
    assert unescape(html_of(r"Use \{care} and {love}.")) == "<p>Use {care} and {love}.</p>\n"


def test_all_mistakes_are_listed_together_by_line() -> None:
    middle = """\
        {{ signer.nme }} and {{ half

        {% for x in y %}

        <b>bold</b> and `code`"""

    assert mistakes_of(middle) == [
        (
            "3: `{{` has no other half on its line; write a merge field on one line, such as {{ signer.name }}, "
            "or put a backslash before a brace that is only a brace: \\{"
        ),
        "3: unknown merge field {{ signer.nme }}; did you mean {{ signer.name }}?",
        (
            "5: `{%` has no other half on its line; write a merge field on one line, such as {{ signer.name }}, "
            "or put a backslash before a brace that is only a brace: \\{"
        ),
        "7: a letter can’t have HTML; write only the words, with *emphasis* or **strong emphasis**",
        "7: a letter can’t have code; remove the marks around it",
    ]


@pytest.mark.parametrize(
    ("middle", "mistake"),
    [
        ("{{ weather }}", "3: unknown merge field {{ weather }}; use one of " + ", ".join(FIELDS)),
        ("{{ signer.name.upper() }}", "3: `{{ signer.name.upper() }}` is not a merge field"),
        ("{{ signer.name|safe }}", "3: `{{ signer.name|safe }}` is not a merge field"),
        ("{% if note %}", "3: `{%` has no other half"),
        ("{# hidden #}", "3: `{#` has no other half"),
        ("https://sampleton.example/{{ signer.name }}", "3: a web address can’t have {{ signer.name }} in it"),
        ("[x](https://sampleton.example/{{ signer.name }})", "3: a web address can’t have {{ signer.name }} in it"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "3: a letter can’t have a table"),
        ("```\ncode\n```", "3: a letter can’t have a code block"),
        ("words\n\n---", "5: a letter can’t have a ruled line"),
        ("<div>\nx\n</div>", "3: a letter can’t have HTML"),
        ("![x](https://sampleton.example/x.png)", "3: a letter can’t have a picture"),
        ("2. second", "3: a numbered list must begin at 1"),
        ("words\n☐ I live here. ☐ I work here.", "4: people can’t tick ☐; delete it"),
    ],
)
def test_what_a_letter_cannot_have_is_named_with_the_fix(middle: str, mistake: str) -> None:
    found = mistakes_of(middle)

    assert len(found) == 1
    assert found[0].startswith(mistake)


WHOLE = TOP + "words" + END


@pytest.mark.parametrize("field", ["signature", "date", "signer.name", "signer.address"])
def test_what_a_letter_does_not_place_is_added_at_its_end(field: str) -> None:
    source = WHOLE.replace(f"{{{{ {field} }}}}\n", "")

    assert compile_letter(source) == compile_letter(f"{source}\n{{{{ {field} }}}}\n")


def test_a_letter_needs_no_merge_field() -> None:
    text = as_text(read_blocks(render_html(compile_letter("Dear Chief,\n\nPlant trees.\n\nSincerely,"), CHIEF, ROBIN)))

    assert text == dedent("""\
        Police Chief Avery Sample
        Sampleton Police Department

        Dear Chief,

        Plant trees.

        Sincerely,

        R. Resident

        November 30, 2026

        Robin Resident
        5 Placeholder Lane
        Sampleton, IL 60201
        """)


def test_the_parts_of_an_address_can_replace_the_whole() -> None:
    parts = "{{ signer.address_line }}\n{{ signer.locality }} {{ signer.postal_code }}"

    html = render_html(compile_letter(WHOLE.replace("{{ signer.address }}", parts)), CHIEF, ROBIN)

    assert html.count("5 Placeholder Lane<br>") == 1


@given(st.text(alphabet=st.sampled_from("ab {}%#\0<>&*_`[]()!\\\n-1.:|~\"'"), max_size=60))
def test_any_text_compiles_to_a_safe_template_or_is_refused(middle: str) -> None:
    try:
        template = compile_letter(f"{TOP}{middle}{END}")
    except MistakesError:
        return
    assert "5 Placeholder Lane" in as_text(read_blocks(render_html(template, CHIEF, ROBIN)))


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        ("Dear Ann,\n\nPlease act.\n\nSincerely,\n\n{{ signature }}\n", "act.\n\n{{ note }}\n\nSincerely,\n\n{{ s"),
        ("Please act.\nYours truly,\n{{ signature }}\n", "act.\n\n{{ note }}\n\nYours truly,\n{{ s"),
        ("Por favor.\n\nAtentamente, {{ signature }}", "favor.\n\n{{ note }}\n\nAtentamente, {{ s"),
        ("Thank you for coming.\n\nSigned {{ signature }}", "coming.\n\n{{ note }}\n\nSigned {{ s"),
        ("Please act", "Please act\n\n{{ note }}\n"),
        ("Act.\n\n{{ note }}\n\nThanks,\n", "Act.\n\n{{ note }}\n\nThanks,\n"),
    ],
)
def test_a_letter_without_a_place_for_own_words_gets_it_before_the_closing(letter: str, expected: str) -> None:
    written = with_own_words(letter)

    assert expected in written
    assert written.count("{{ note }}") == 1
    assert "{{ note }}" in compile_letter(written)
