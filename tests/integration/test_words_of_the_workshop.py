"""What the workshop says is about the campaign: no settings key, merge field, line number, file or syntax."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po

from tests.integration.test_mistakes_in_spanish import CASES
from undersigned.authoring.described_settings import SETTINGS
from undersigned.authoring.settings import read_settings
from undersigned.authoring.settings_document import SettingsDocument
from undersigned.authoring.starting import example_files
from undersigned.authoring.targets import COLUMNS, read_targets
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from undersigned.authoring.mistakes import Mistake

CATALOG = Path(__file__).parents[2] / "layers/shared/undersigned/catalogs/es.po"

SHOWN = re.compile(r"web/workshop/|templates/workshop|organizer_api/(?:workshop|new_campaign)")
"""Where sentences come from that only the workshop shows."""

FILES = re.compile(
    r"`[a-z_]+(?:\.[a-z_]+)*`"  # a settings key or a column
    r"|\{\{|\{%"  # a merge field
    r"|\[[a-z]{2}\]"  # a table of a language
    r"|\b[Ll](?:ine|ínea) (?:\d|%)"
    r"|\w+\.(?:toml|csv|md|json)\b|\bdocs/"
)


def texts_of(message: object) -> Iterator[str]:
    for part in (message.id, message.string):  # type: ignore[attr-defined]
        yield from (part,) if isinstance(part, str) else part


def test_no_sentence_of_a_page_is_about_files() -> None:
    with CATALOG.open("rb") as file:
        catalog = read_po(file, locale="es")
    checked = 0
    for message in catalog:
        places = [place for place, _ in message.locations if SHOWN.search(place)]
        if not places:
            continue
        checked += 1
        for text in texts_of(message):
            assert not FILES.search(text), (text, places)
    assert checked > 150


def mistakes_of_settings() -> Iterator[Mistake]:
    """Yield what can be wrong with each setting: missing, empty, and values of every kind."""
    document = SettingsDocument.read(example_files()["campaign.toml"])
    for setting in SETTINGS:
        for value in ("", None, "x" * 5_000, "\x07", "ünï", "2026-99-99", -1, 10**12, True, [""], ["x", "x"]):
            yield from read_settings(document.changed({setting.name: value}).text).mistakes
    for name in ("organizer.name", "organizer.email", "organizer.website", "es.title", "es.summary"):
        for value in ("", None, "nobody", "x" * 5_000):
            yield from read_settings(document.changed({name: value}).text).mistakes


def mistakes_of_tables() -> Iterator[Mistake]:
    """Yield what can be wrong with a table of recipients, by cell."""
    row = ("a", "Mayor", "A One", "Hall", "Aton", "a@a.example", "60201")
    bad = ("", "\x07", "x" * 400, "no one", "60201; 60201", "nobody", "each", "602-1", "60209-60201", "a@b", "(x)")
    tables: list[list[tuple[str, ...]]] = [
        [COLUMNS, (*row[:place], cell, *row[place + 1 :])] for place in range(len(row)) for cell in bad
    ]
    tables += [
        [COLUMNS, row, row],
        [COLUMNS, row, ("b", *row[1:])],
        [COLUMNS],
        [COLUMNS[:3], row[:3]],
        [("x",), ("y",)],
        [(*COLUMNS, "title_fr", "phone"), (*row, "Maire", "5")],
        [(*COLUMNS, "id"), (*row, "a")],
    ]
    for table in tables:
        read = read_targets("\n".join(";".join(cells) for cells in table), ())
        yield from (*read.mistakes, *read.warnings, *read.notes)
    for text in CASES["targets.csv"].values():
        yield from read_targets(text, ()).mistakes


@pytest.mark.parametrize(("found", "least"), [(mistakes_of_settings, 60), (mistakes_of_tables, 30)])
def test_what_is_left_to_do_is_said_in_the_words_of_the_page(
    found: Callable[[], Iterable[Mistake]], least: int
) -> None:
    said = {mistake.on_page.in_language(language) for mistake in found() for language in ("en", "es")}
    about_files = sorted(text for text in said if FILES.search(_without_places(text)))
    assert about_files == []
    assert len(said) > least


def _without_places(text: str) -> str:
    """Return a sentence without the lines of a table's file, which a page shows as rows."""
    for where in (Message("line %(line)s", {"line": 2}), Message("on line %(line)s", {"line": 2})):
        for language in ("en", "es"):
            text = re.sub(re.escape(where.in_language(language)).replace("2", r"\d+"), "", text)
    return text
