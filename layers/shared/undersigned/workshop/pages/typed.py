"""What somebody typed into a form whose session was over: sealed in the pages to sign in, and shown after it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from undersigned.base.languages import Message
from undersigned.people.dashboard_frame import render_framed
from undersigned.workshop.described_settings import label_of, setting_of
from undersigned.workshop.pages.columns import packed, unpacked
from undersigned.workshop.pages.frame import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.page import Page

_MOST = 200_000
"""The most characters of what is kept, packed. A letter has a tenth of that."""

_KEPT = re.compile(
    r"/organizer(?:/new|/dashboard/[a-z0-9-]+(?:/workshop/(?:letter|settings|recipients)"
    r"|/targets/[a-z0-9-]+/(?:answer|address)))"
)
"""The forms with the text of a draft, an answer or an address. No decision is kept."""

_CELL = re.compile(r"cell-(\d+)-(\w+)")
_LABELS: Mapping[str, Message] = {
    "text": Message("Text"),
    "day": Message("Day on which the answer came"),
    "email": Message("The office’s email address"),
    "pasted": Message("Cells from a spreadsheet"),
    "campaign": Message("Name in web addresses"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A text that somebody typed; without a label, what its form sends along."""

    name: str
    value: str
    label: str


class Typed(NamedTuple):
    """What a person typed into a form whose session was over: the form's address, and its packed values."""

    person: str
    path: str
    values: str


def packed_values(path: str, posted: Mapping[str, object]) -> str:
    """Return the texts of a form, packed; empty if its address keeps none, or if they are too long to keep."""
    values = {name: value for name, value in posted.items() if isinstance(value, str) and name not in {"token", "do"}}
    if not _KEPT.fullmatch(path) or posted.get("do") == "live":
        return ""
    kept = packed(json.dumps(values))
    return kept if len(kept) <= _MOST else ""


def typed_page(language: str, typed: Typed, token: str) -> Page:
    """Render what somebody typed, with a button that sends it with the token of their new session."""
    values: dict[str, str] = json.loads(unpacked(typed.values))
    fields = [Field(name, value, _label(typed.path, name, language)) for name, value in values.items()]
    return render_framed("people/pages/typed.html", language, path=typed.path, token=token, fields=fields)


def _label(path: str, name: str, language: str) -> str:
    if cell := _CELL.fullmatch(name):
        column = COLUMNS[cell[2]].in_language(language) if cell[2] in COLUMNS else cell[2]
        return Message("%(column)s, row %(number)s", {"column": column, "number": int(cell[1]) + 1}).in_language(
            language
        )
    label = _LABELS.get(name) or (label_of(name) if path.endswith("/settings") and setting_of(name) else None)
    return label.in_language(language) if label else ""
