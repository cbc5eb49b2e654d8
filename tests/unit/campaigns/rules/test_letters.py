from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.base.errors import LetterError
from undersigned.campaigns.rules.campaigns import Target
from undersigned.campaigns.rules.letter_fields import FIELDS
from undersigned.campaigns.rules.letter_templates import OWN_WORDS
from undersigned.campaigns.rules.letters import (
    Letter,
    Run,
    SignerDetails,
    as_text,
    read_blocks,
    render_html,
    specimen,
)

TARGET = Target("oakton", "Mayor", "Avery Sample", "City Hall", "Oakton", "mayor@oakton.example", ("60201",))
SIGNER = SignerDetails("Robin Resident", "5 Made Up Lane", "Oakton", "IL", "60201", "R. R.", "", date(2026, 11, 30))

EVERY_FIELD = "".join(f"<p>{{{{ {name} }}}}</p>\n" for name in FIELDS)
HOSTILE = "</p><script>alert('x')</script>{{ signature }}{% if note %}&amp;"


def blocks_of(html: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in read_blocks(html)]


def test_every_merge_field_is_filled_with_its_value() -> None:
    texts = [block.text for block in read_blocks(render_html(EVERY_FIELD, TARGET, replace(SIGNER, note="Hello")))]

    assert texts == [
        "Mayor", "Avery Sample", "City Hall", "Oakton", "Robin Resident", "5 Made Up Lane\nOakton, IL 60201",
        "5 Made Up Lane", "Oakton", "IL", "60201", "R. R.", "November 30, 2026", "Hello",
    ]  # fmt: skip


def test_a_hostile_value_is_in_the_letter_as_it_was_typed() -> None:
    signer = replace(SIGNER, name=HOSTILE, address_line=HOSTILE, locality=HOSTILE, signature=HOSTILE, note=HOSTILE)

    html = render_html(EVERY_FIELD, replace(TARGET, title=HOSTILE, name=HOSTILE), signer)

    assert set(re.findall(r"<(\w+)", html)) == {"p", "br", "span"}
    assert read_blocks(html)[0].text == HOSTILE
    assert read_blocks(html)[10].text == HOSTILE


@pytest.mark.asvs("1.3.2")
@pytest.mark.parametrize(
    "template",
    [
        "{{ signer.__class__ }}",
        "{{ signer.name.__class__.__mro__ }}",
        "{{ signer['name'] }}",
        "{{ signer.name.upper() }}",
        "{{ signer.name|upper }}",
        "{{ 9999999 * 'x' }}",
        "{{ 'text' }}",
        "{{ signer }}",
        "{{ unknown }}",
        "{{ note if note else date }}",
        "{% if note == 'x' %}x{% endif %}",
        "{% if note is defined %}x{% endif %}",
        "{% for x in note %}x{% endfor %}",
        "{% set x = note %}",
        "{% macro x() %}x{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% with x = note %}x{% endwith %}",
        "{% filter upper %}x{% endfilter %}",
        "{% autoescape false %}{{ note }}{% endautoescape %}",
        "{% if note %}{% for x in note %}x{% endfor %}{% endif %}",
        "{% raw %}{% endraw %}{{ signer.name",
    ],
)
def test_a_template_that_does_more_than_fill_fields_is_never_rendered(template: str) -> None:
    with pytest.raises(LetterError):
        render_html(template, TARGET, SIGNER)


def test_a_note_keeps_its_line_breaks() -> None:
    html = render_html("<p>{{ note }}</p>", TARGET, replace(SIGNER, note="one\ntwo"))

    assert read_blocks(html)[0].text == "one\ntwo"


def test_only_a_letter_with_the_note_field_offers_a_note() -> None:
    assert Letter.of("en", "x", "{{ note }}".join(OWN_WORDS)).offers_note
    assert not Letter.of("en", "x", "{{ date }}").offers_note


def test_the_letter_version_depends_on_language_source_and_template() -> None:
    parts = (
        ("en", "a", "x"),
        ("en", "b", "x"),
        ("es", "a", "x"),
        ("en", "a", "y"),
        ("en", "a\nb", "x"),
        ("en", "a", "b\nx"),
    )

    assert len({Letter.of(*each).version for each in parts}) == len(parts)


def test_a_specimen_names_the_fields_that_a_signer_fills_in() -> None:
    texts = [block.text for block in read_blocks(render_html(EVERY_FIELD, TARGET, specimen("en")))]

    assert texts[4:] == [
        "(name)", "(address)\n(town), (state) (postal code)", "(address)", "(town)", "(state)", "(postal code)",
        "(answer)", "(signature)", "(date)",
    ]  # fmt: skip


def test_blocks_have_their_kind() -> None:
    html = (
        "<h2>Heading</h2>\n<p>One <em>two</em>\nthree</p>\n<ul>\n<li>first</li>\n"
        "<li>\n<p>second</p>\n<p>still</p>\n</li>\n</ul>\n<ol>\n<li>third</li>\n</ol>\n<blockquote>\n<p>quoted</p>\n</blockquote>\n<p>last</p>\n"
    )

    assert blocks_of(html) == [
        ("heading", "Heading"),
        ("paragraph", "One two three"),
        ("bullet", "first"),
        ("bullet", "second"),
        ("paragraph", "still"),
        ("number", "third"),
        ("quote", "quoted"),
        ("paragraph", "last"),
    ]


def test_runs_have_their_formatting() -> None:
    html = '<p>a <strong>b <em>c</em></strong> <a href="https://x.example">d</a> <span class="signature">e</span></p>'

    assert [run for run in read_blocks(html)[0].runs if run.text.strip()] == [
        Run("a "),
        Run("b ", strong=True),
        Run("c", strong=True, emphasis=True),
        Run("d", link="https://x.example"),
        Run("e", signature=True),
    ]


def test_text_is_wrapped_and_marks_lists_quotations_and_links() -> None:
    html = (
        "<p>" + "word " * 20 + "</p><ul><li>one</li></ul><ol><li>two</li><li>three</li></ol>"
        '<blockquote><p>four</p></blockquote><p><a href="https://x.example">here</a> and '
        '<a href="https://y.example">y.example</a></p>'
    )

    assert as_text(read_blocks(html)) == (
        "word word word word word word word word word word word word word word\nword word word word word word\n\n"
        "- one\n\n1. two\n\n2. three\n\n> four\n\nhere <https://x.example> and y.example\n"
    )


def test_a_numbered_list_begins_at_one_even_at_the_top() -> None:
    assert as_text(read_blocks("<ol><li>one</li><li>two</li></ol><p>x</p><ol><li>three</li></ol>")) == (
        "1. one\n\n2. two\n\nx\n\n1. three\n"
    )


def test_lines_of_quotations_are_marked_and_lines_of_lists_are_indented() -> None:
    html = "<blockquote><p>one<br>\ntwo</p></blockquote><ul><li>three<br>\nfour</li></ul>"

    assert as_text(read_blocks(html)) == "> one\n> two\n\n- three\n  four\n"


def test_a_web_address_that_is_longer_than_a_line_is_not_broken() -> None:
    address = "https://trees.example/" + "a-very-long-path-" * 6

    assert as_text(read_blocks(f"<p>See {address} now.</p>")) == f"See\n{address}\nnow.\n"


def test_paragraphs_without_words_are_left_out() -> None:
    assert read_blocks("<p></p>\n<p> </p>\n<p><em></em></p>") == ()


VALUES = st.text(st.sampled_from("ab1- .<>&'\"{}%#;/éß李"), min_size=1, max_size=40)
LAYOUT = (
    "<p>To {{ target.name }}<br>\n{{ signer.address }}</p>\n<ul>\n<li>{{ signer.name }}</li>\n</ul>\n"
    f"{'<p>{{ note }}</p>'.join(OWN_WORDS)}\n"
    "<p><em>{{ signature }}</em>, {{ date }}</p>\n"
)


@given(VALUES, VALUES, VALUES)
def test_page_blocks_and_text_have_the_same_words(name: str, street: str, note: str) -> None:
    html = render_html(LAYOUT, TARGET, replace(SIGNER, name=name, address_line=street, note=note, signature=name))
    blocks = read_blocks(html)

    in_page = unescape(re.sub(r"<[^>]*>", "", html)).split()
    in_blocks = " ".join(block.text for block in blocks).split()
    in_text = as_text(blocks).replace("\n\n- ", "\n\n", 1).split()
    assert in_page == in_blocks == in_text
