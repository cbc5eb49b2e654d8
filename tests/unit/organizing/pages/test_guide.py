"""Check the organizers' guide: its length, its links, and that the buttons that it names exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po

from tests.support.product_files import PRODUCT
from undersigned.base.errors import NotFoundError
from undersigned.organizing.pages import guide

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = PRODUCT / "organizing" / "guide"
CATALOG = PRODUCT / "catalogs" / "organizers" / "es.po"
FILES = sorted(FOLDER.rglob("*.md"))


def labels(language: str) -> set[str]:
    """Return all sentences of the product in a language."""
    found: set[str] = set()
    for catalog in (PRODUCT / "catalogs").glob("*/es.po"):
        with catalog.open("rb") as file:
            sentences = [message for message in read_po(file) if isinstance(message.id, str)]
        found |= {str(each.id if language == "en" else each.string) for each in sentences}
    return found


def test_each_language_has_each_page() -> None:
    assert {(file.parent.name, file.stem) for file in FILES} == {
        (of, page) for of in ("en", "es") for page in guide.PAGES
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_page_has_at_most_800_words(file: Path) -> None:
    assert len(file.read_text("utf-8").split()) <= 800


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_buttons_and_parts_of_pages_that_a_page_names_exist(file: Path) -> None:
    text = file.read_text("utf-8").replace("\n", " ")
    pressed = re.findall(r"\b(?:press|pulse|and) \*\*(.+?)\*\*", text, re.IGNORECASE)
    assert pressed
    pressed += re.findall(r"\b(?:open|abra) \*([^*]+?)\*", text, re.IGNORECASE)
    assert [label for label in pressed if label not in labels(file.parent.name)] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_figure_of_the_overview_is_explained(language: str) -> None:
    overview = (PRODUCT / "organizing/pages/overview.html").read_text("utf-8")
    figures = re.findall(r'<dt>{{ _\("(.+?)"\)', overview.partition('<dl class="figures">')[2].partition("</dl>")[0])
    assert len(figures) == 7
    with CATALOG.open("rb") as file:
        spanish = {message.id: message.string for message in read_po(file)}
    page = (FOLDER / language / "monday-morning.md").read_text("utf-8")
    shown = [str(spanish[figure]) if language == "es" else figure for figure in figures]
    assert [figure for figure in shown if f"\n| {figure} |" not in page] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_deletes_a_campaign_is_named(language: str) -> None:
    page = (FOLDER / language / "monday-morning.md").read_text("utf-8")
    named = ["Check letters", "Yes, delete the campaign"]
    if language == "es":
        with CATALOG.open("rb") as file:
            spanish = {message.id: str(message.string) for message in read_po(file)}
        named = [spanish[name] for name in named]
    assert [name for name in named if f"**{name}**" not in page] == []


def test_pages_lead_to_each_other() -> None:
    html = guide.guide("monday-morning", "en").html
    assert 'href="when-something-is-wrong"' in html
    assert ".md" not in html
    assert "Back to the campaign" not in html


def test_each_page_leads_back_to_the_campaign_from_which_somebody_came() -> None:
    html = guide.guide("monday-morning", "en", "safer-streets").html
    assert '<a href="/organizer/dashboard/safer-streets">Back to the campaign</a>' in html
    # The language and the other pages keep it.
    assert html.count("?campaign=safer-streets") == 1 + 3 + html.count('href="when-something-is-wrong?')


@pytest.mark.parametrize("campaign", ["//evil.example", "a b", '"><script>', "../keys"])
def test_no_address_leads_back_to_anywhere_else(campaign: str) -> None:
    assert guide.guide("monday-morning", "en", campaign).html == guide.guide("monday-morning", "en").html


def test_another_name_is_no_page() -> None:
    with pytest.raises(NotFoundError):
        guide.guide("secrets", "en")
