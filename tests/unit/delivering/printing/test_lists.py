"""Test lists of letters: people sign what a browser shows, so the text and the PDF have the same numbers."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from undersigned.base.fonts import FontBook
from undersigned.campaigns.rules.letters import as_text, read_blocks
from undersigned.delivering.printing.packets import Packet, PacketLetter, typeset
from undersigned.workshop.letters import compile_letter

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS = "\n\n{{ target.name }} {{ signature }} {{ date }} {{ signer.name }} {{ signer.address }}\n"
SCHOOL = """1. It is the only one within 12 miles.
2. Children go there after school:
    - homework
    - reading club
3. It costs 0,4 % of the budget.
"""


@pytest.fixture(scope="module")
def fonts() -> FontBook:
    return FontBook()


class Browser(HTMLParser):
    """The marks that a browser shows before entries, and the words, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        # The number of entries of each open list; None for one with bullets.
        self._lists: list[int | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"ol", "ul"}:
            assert not attrs, "such as start"
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            count = self._lists[-1]
            if count is not None:
                self._lists[-1] = count + 1
            self.shown.append("•" if count is None else f"{count + 1}.")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"ol", "ul"}:
            self._lists.pop()

    def handle_data(self, data: str) -> None:
        self.shown += data.split()


def html_of(markdown: str) -> str:
    """Return the letter without its merge fields, which stand at its end."""
    return compile_letter(markdown + FIELDS).partition("<p>{{ target.name }}")[0]


def shown_in(html: str) -> list[str]:
    browser = Browser()
    browser.feed(html)
    return browser.shown


def packet_of(html: str, fonts: FontBook) -> Packet:
    return typeset(None, [PacketLetter(read_blocks(html), "en", "Ann", "Evanston")], fonts)


def printed_in(packet: Packet) -> list[str]:
    return [word for page in PdfReader(io.BytesIO(packet.pdf)).pages for word in page.extract_text().split()]


def written_in(html: str) -> list[str]:
    without_quotes = re.sub(r"^( *)> ", r"\1", as_text(read_blocks(html)), flags=re.MULTILINE)
    return re.sub(r"^( *)-(?= |$)", r"\1•", without_quotes, flags=re.MULTILINE).split()


LETTERS = [
    SCHOOL,
    "- a\n  1. b\n  2. c\n- d\n  1. e\n",
    "1. a\n   1. b\n      1. c\n      2. d\n   2. e\n2. f\n",
    "1. a\n\n   b\n\n2. c\n",
    "1. a\n2. b\n\n   > c\n3. d\n",
    "1. a\n2. b\n\n1) c\n2) d\n",
    "1. a\n   - b\n\n   c\n2. d\n",
    "- - a\n- 1. b\n  2. c\n",
    "1. a\n2. # b\n   c\n3. d\n",
    "- a\n  - b\n    - c\n      - d\n        1. e\n        2. f\n",
]


@pytest.mark.parametrize("markdown", LETTERS)
def test_the_text_and_the_pdf_number_lists_as_a_browser_does(markdown: str, fonts: FontBook) -> None:
    html = html_of(markdown)
    packet = packet_of(html, fonts)

    assert written_in(html) == shown_in(html) == printed_in(packet)
    assert (packet.accessible, packet.replaced) == (True, {})


WORDS = st.text("abc", min_size=1, max_size=3)


def lists_of(entries: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    """Make lines of a list, each of whose entries has words and what `entries` make."""
    return st.builds(
        lambda mark, words: list(lines_of(mark, words)),
        st.sampled_from(["-", "*", "1.", "1)"]),
        st.lists(st.tuples(WORDS, st.lists(entries, max_size=2), st.booleans()), min_size=1, max_size=3),
    )


def lines_of(mark: str, entries: list[tuple[str, list[list[str]], bool]]) -> Iterator[str]:
    for number, (words, inside, is_apart) in enumerate(entries, start=1):
        lead = f"{mark.replace('1', str(number))} "
        yield lead + words
        for part in inside:
            if is_apart:
                yield ""
            yield from (" " * len(lead) + line for line in part)


PARAGRAPHS = st.builds(lambda words: ["", words], WORDS)
LISTS = lists_of(st.recursive(PARAGRAPHS, lambda inner: lists_of(inner) | PARAGRAPHS, max_leaves=4))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(parts=st.lists(LISTS | PARAGRAPHS, min_size=1, max_size=4))
def test_any_lists_are_numbered_as_a_browser_does(fonts: FontBook, parts: list[list[str]]) -> None:
    html = html_of("\n\n".join("\n".join(lines) for lines in parts))

    assert written_in(html) == shown_in(html) == printed_in(packet_of(html, fonts))


def test_the_text_indents_what_is_in_an_entry_as_far_as_its_words() -> None:
    markdown = "9. a\n\n   b\n\n   > c\n10. d\n    - e " + "word " * 14 + "\n      1. f\\\n         g\n"
    nine = "".join(f"{number}. x\n" for number in range(1, 9))

    text = as_text(read_blocks(html_of(nine + markdown))).partition("9. ")[2]

    assert text == (
        f"a\n\n   b\n\n   > c\n\n10. d\n\n    - e {'word ' * 12}word\n      word\n\n      1. f\n         g\n"
    )


def test_what_is_in_an_entry_is_further_right_in_the_pdf(fonts: FontBook) -> None:
    packet = packet_of(html_of("out\n\n1. one\n   - two\n     1. three\n\n        four\n2. five\n"), fonts)
    places: dict[str, float] = {}

    def visit(text: str, page: list[float], line: list[float], *_: object) -> None:
        for word in text.split():
            places[word] = line[4] * page[0] + line[5] * page[2] + page[4]

    reader = PdfReader(io.BytesIO(packet.pdf))
    reader.pages[0].extract_text(visitor_text=visit)

    assert places["out"] < places["one"] < places["two"] < places["three"]
    assert places["four"] > places["two"]
    assert places["five"] == places["one"]


def test_marks_that_cannot_be_combined_are_replaced_in_an_entry_of_an_entry(fonts: FontBook) -> None:
    packet = packet_of(html_of("1. one\n   - a\u1cd4\u030f\n2. two\n"), fonts)

    assert printed_in(packet) == ["1.", "one", "•", "a\ufffd\ufffd", "2.", "two"]
    assert (packet.accessible, packet.replaced) == (True, {"U+030F": 1, "U+1CD4": 1})
