"""The differences between two versions of a campaign, word by word, in the words of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

from undersigned.authoring import logos as logo_file
from undersigned.authoring import settings as settings_file
from undersigned.authoring import targets as targets_file
from undersigned.authoring.described_settings import label_of
from undersigned.authoring.letter_files import language_of_file
from undersigned.authoring.setting_kinds import as_text
from undersigned.authoring.typed_letters import typed_letter
from undersigned.domain.languages import Message, name_of
from undersigned.web.authoring.frame import heading_of, settings_in, table_in
from undersigned.web.authoring.settings import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from undersigned.authoring.target_tables import TargetTable

_MOST_SHOWN = 100
"""The most recipients that are shown if they differ."""

_MOST_COMPARED = 3_000
"""Comparing takes the square of the words. Longer texts are shown as a whole."""

_LEAST_ALIKE = 0.3
"""Two texts with fewer words in common are shown one after the other."""

type Words = tuple[tuple[Literal["", "del", "ins"], str], ...]
"""Pieces of a text: common ones, removed ones ("del"), and new ones ("ins")."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that differs: where it is, and its words."""

    place: str
    words: Words


def changes(before: Mapping[str, str], after: Mapping[str, str], language: str) -> tuple[Changed, ...]:
    """Return the differences between the files of two versions."""
    files = sorted({*before, *after} - {settings_file.FILE, targets_file.FILE, logo_file.FILE})
    letters = (
        Changed(
            _letter(file, language),
            changed_words(*(typed_letter(texts.get(file, ""), language) for texts in (before, after))),
        )
        for file in files
        if before.get(file, "") != after.get(file, "")
    )
    old, new = (table_in(files.get(targets_file.FILE, "")) for files in (before, after))
    logo = _logo(before.get(logo_file.FILE), after.get(logo_file.FILE), language)
    return (
        *letters,
        *_settings(before, after, language),
        *logo,
        *(_recipients(old, new, language) if old and new else ()),
    )


def changed_words(before: str, after: str) -> Words:
    """Return one text with the words removed and added. Leaves out the same paragraphs of a long text."""
    old, new = (re.split(r"(\n\n+)", text) for text in (before, after))
    pieces: list[tuple[Literal["", "del", "ins"], str]] = []
    for kind, begin, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            pieces += _in_paragraph("".join(old[begin:end]), "".join(new[first:last]))
        elif len(old) > 1 and "".join(old[begin:end]).strip():
            pieces.append(("", " … " if pieces else "… "))
        else:
            pieces.append(("", "".join(old[begin:end])))
    return tuple((kind, text) for kind, text in pieces if text)


def _in_paragraph(before: str, after: str) -> Iterator[tuple[Literal["", "del", "ins"], str]]:
    old, new = (re.findall(r"\s+|\S+\s*", text) for text in (before, after))
    compared = SequenceMatcher(None, old, new, autojunk=False)
    if max(len(old), len(new)) > _MOST_COMPARED or compared.ratio() < _LEAST_ALIKE:
        yield from (("del", before), ("ins", after))
        return
    for kind, begin, end, first, last in compared.get_opcodes():
        if kind == "equal":
            yield "", "".join(old[begin:end])
        else:
            yield from (("del", "".join(old[begin:end])), ("ins", "".join(new[first:last])))


def _letter(file: str, language: str) -> str:
    of = language_of_file(file)
    label = Message("Letter (%(language)s)", {"language": name_of(of)}) if of else Message("Letter")
    return label.in_language(language)


def _logo(before: str | None, after: str | None, language: str) -> tuple[Changed, ...]:
    if before == after:
        return ()
    words = Message("another picture") if before and after else Message("a picture")
    kind: Literal["del", "ins"] = "ins" if after else "del"
    return (Changed(Message("Logo").in_language(language), ((kind, words.in_language(language)),)),)


def _settings(before: Mapping[str, str], after: Mapping[str, str], language: str) -> Iterator[Changed]:
    old, new = (settings_in(files.get(settings_file.FILE, "")) for files in (before, after))
    if old is None or new is None:
        return
    described = dict(new.described()) | dict(old.described())
    for name, setting in described.items():
        values = (
            as_text(setting.default if document.values.get(name) is None else document.values[name])
            for document in (old, new)
        )
        texts = [", ".join(words_of(name, line, language) for line in value.split("\n")) for value in values]
        if texts[0] != texts[1] and name != "id":
            yield Changed(label_of(name).in_language(language), changed_words(*texts))


def _recipients(before: TargetTable, after: TargetTable, language: str) -> Iterator[Changed]:
    old, new = ({row.get("id", ""): row for row in table.rows} for table in (before, after))
    differing = [one for one in {**old, **new} if old.get(one) != new.get(one)]
    for one in differing[:_MOST_SHOWN]:
        was, now = old.get(one, {}), new.get(one, {})
        shown = now or was
        place = Message("Recipient %(name)s", {"name": shown.get("name") or shown.get("locality") or one})
        if not was or not now:
            lines = [", ".join(cell for name, cell in cells.items() if cell and name != "id") for cells in (was, now)]
            yield Changed(place.in_language(language), changed_words(*lines))
            continue
        for column in {**was, **now}:
            if was.get(column, "") != now.get(column, ""):
                label = f"{place.in_language(language)}, {heading_of(column, language)}"
                yield Changed(label, changed_words(was.get(column, ""), now.get(column, "")))
