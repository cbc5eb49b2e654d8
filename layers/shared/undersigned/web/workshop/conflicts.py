"""What the second of two people sees who changed the same thing at once."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.languages import Message
from undersigned.web.workshop.frame import (
    COLUMNS,
    LABELS,
    workshop_page,
)
from undersigned.web.workshop.merging import fingerprints
from undersigned.web.workshop.recipients import recipient_texts
from undersigned.web.workshop.setting_fields import label_of, words_of
from undersigned.web.workshop.settings import setting_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.web.page import Page
    from undersigned.web.workshop.frame import Step, Workshop
    from undersigned.web.workshop.merging import Merged


@dataclass(frozen=True, slots=True)
class Choice:
    """A part that two people changed: its field's name, its label, and both values. `shown` says how they read."""

    name: str
    label: str
    theirs: str
    mine: str
    their_words: str
    my_words: str


def text_conflict(workshop: Workshop, step: Step, file: str, text: str, **fields: str) -> Page:
    """Render both texts of a file that somebody else saved meanwhile: the draft's, and `text`, which is not saved.

    `fields` go back with the form.
    """
    theirs = workshop.draft.files.get(file, "")
    return _conflict(workshop, step, theirs=theirs, mine=text, lines=_compared(theirs, text), fields=fields)


def settings_conflict(workshop: Workshop, mine: Mapping[str, str], merged: Merged) -> Page:
    """Render the settings that both people changed, each to choose one. What only one of them changed is kept.

    A text in a language that the other one removed is an empty one of theirs.
    """
    theirs = dict.fromkeys(mine, "") | setting_texts(workshop)
    choices = [
        Choice(
            name,
            label_of(name, workshop.language),
            theirs[name],
            mine[name],
            words_of(name, theirs[name], workshop.language),
            words_of(name, mine[name], workshop.language),
        )
        for name in merged.disputed
    ]
    fields = {name: text or "" for name, text in merged.taken.items()} | {"was": fingerprints(theirs)}
    return _conflict(workshop, "settings", choices=choices, fields=fields)


def recipients_conflict(
    workshop: Workshop, mine: Mapping[str, str | None], merged: Merged, added: Sequence[str]
) -> Page:
    """Render the recipients that both people changed, each to choose one. What only one of them changed is kept.

    `added` are new recipients, each as JSON, which go back with the form.
    """
    theirs = recipient_texts(workshop.table)
    choices = [
        Choice(
            f"row-{name}",
            name,
            theirs.get(name, ""),
            mine[name] or "",
            _row_words(workshop, theirs.get(name)),
            _row_words(workshop, mine[name]),
        )
        for name in merged.disputed
    ]
    fields = {f"row-{name}": text or "" for name, text in merged.taken.items()} | {"was": fingerprints(theirs)}
    fields |= {f"new-{number}": text for number, text in enumerate(added)}
    return _conflict(workshop, "recipients", choices=choices, fields=fields)


def _conflict(workshop: Workshop, step: Step, **values: object) -> Page:
    shown = {"mistakes": (), "lines": (), "choices": (), "theirs": "", "mine": ""} | values
    return workshop_page(
        "workshop_conflict.html",
        workshop,
        step,
        by=workshop.draft.changed_by,
        at=workshop.draft.changed_at,
        label=workshop.viewer.say(LABELS[step]),
        **shown,
    )


def _compared(theirs: str, mine: str) -> tuple[tuple[str, str], ...]:
    """Return the lines that differ, with two lines around them: "theirs", "mine", "both", or "left out"."""
    marks = {"-": "theirs", "+": "mine", " ": "both", "@": "left out"}
    found = difflib.unified_diff(theirs.split("\n"), mine.split("\n"), lineterm="", n=2)
    return tuple((marks[line[0]], line[1:]) for line in list(found)[2:])


def _row_words(workshop: Workshop, text: str | None) -> str:
    if text is None:
        return workshop.viewer.say(Message("Removed"))
    cells = json.loads(text)
    return " · ".join(cells[column] for column in COLUMNS if column in cells)
