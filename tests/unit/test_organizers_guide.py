"""The organizer's guide needs no terminal, begins before there is a campaign, and names the buttons that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from undersigned.authoring.letters import compile_letter
from undersigned.authoring.mistakes import MistakesError

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "organizers-guide.md").read_text(encoding="utf-8")
CHAPTERS = {
    heading: " ".join(text.split())
    for heading, text in (part.split("\n", 1) for part in re.split(r"^##+ ", TEXT, flags=re.MULTILINE)[1:])
}
LAST = "For programs and folders"


def test_the_guide_begins_before_a_campaign_exists() -> None:
    assert list(CHAPTERS)[:4] == ["What a campaign is", "Sign in", "People", "Make a campaign"]
    assert list(CHAPTERS)[-1] == LAST


@pytest.mark.parametrize("heading", CHAPTERS)
def test_no_chapter_needs_a_terminal(heading: str) -> None:
    chapter = CHAPTERS[heading]
    assert "```" not in chapter
    assert not re.search(r"`(undersigned|make|git|sam|aws|curl|python3?|\.uv)\b[^`]*`|\$ ", chapter)
    if heading == LAST:
        assert chapter.startswith("You need none of this.")
    else:
        assert not re.search(r"terminal|command line|checkout|TOML|campaign\.toml|targets\.csv", chapter)


def test_each_button_that_the_guide_names_is_on_a_page() -> None:
    catalog = ROOT / "layers" / "shared" / "undersigned" / "catalogs" / "es.po"
    with catalog.open("rb") as file:
        sentences = [str(message.id).replace("’", "'") for message in read_po(file) if message.id]
    pressed = {
        name
        for chapter in CHAPTERS.values()
        for name in re.findall(r"(?:[Pp]ress|[Cc]hoose|[Bb]utton|[Uu]nder|[Ii]nto) \*\*([^*]+)\*\*", chapter)
    }
    assert len(pressed) > 15
    assert {name for name in pressed if not any(it.startswith(name.rstrip(" …")) for it in sentences)} == set()


def test_the_guide_names_each_field_that_a_letter_needs() -> None:
    with pytest.raises(MistakesError) as error:
        compile_letter("Plant trees.\n", "letter.md")
    missing = [str(mistake.message) for mistake in error.value.mistakes]
    needed = {
        "target.name": "the recipient's name",
        "signature": "the signature",
        "date": "the date",
        "signer.name": "the signer's name",
        "signer.address": "and address",
    }
    assert sorted(re.findall(r"has no \{\{ ([\w.]+) \}\}", " ".join(missing))) == sorted(needed)
    [sentence] = re.findall(r"The letter needs [^.]+\.", CHAPTERS["Letter"])
    assert [words for words in needed.values() if words not in sentence] == []
