"""What somebody typed into a form whose session was over: sealed in the pages to sign in, and shown after it."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from undersigned.base.posted_files import LARGEST_UPLOAD
from undersigned.people.dashboard_frame import render_framed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.page import Page
    from undersigned.base.routes import Labels

_MOST = 200_000
"""The most characters of what is kept, packed. A letter has a tenth of that."""


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


def packed_values(posted: Mapping[str, object], label_of: Labels, language: str) -> str:
    """Return the texts of a form with their labels, packed; empty if they are too long to keep."""
    if posted.get("do") == "live":
        return ""
    typed = {name: value for name, value in posted.items() if isinstance(value, str) and name not in {"token", "do"}}
    labels = {name: label.in_language(language) for name in typed if (label := label_of(name))}
    kept = packed(json.dumps([(name, value, labels.get(name, "")) for name, value in typed.items()]))
    return kept if len(kept) <= _MOST else ""


def typed_page(language: str, typed: Typed, token: str) -> Page:
    """Render what somebody typed, with a button that sends it with the token of their new session."""
    fields = [Field(*each) for each in json.loads(unpacked(typed.values))]
    return render_framed("people/pages/typed.html", language, path=typed.path, token=token, fields=fields)


def packed(text: str) -> str:
    """Return a text for a hidden field: a tenth of its length, and without anything to escape."""
    return base64.b64encode(zlib.compress(text.encode())).decode()


def unpacked(value: object) -> str:
    """Return the text of a hidden field. Raises ValueError for anything else, and for more than an upload may have."""
    try:
        content = base64.b64decode(value if isinstance(value, str) else "", validate=True)
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(content, LARGEST_UPLOAD * 2)
    except (binascii.Error, zlib.error) as error:
        message = "this is no text that a page kept"
        raise ValueError(message) from error
    if not unpacking.eof:
        message = "a text that a page kept is too long"
        raise ValueError(message)
    return text.decode()
