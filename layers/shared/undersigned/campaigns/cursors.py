"""Cursors: each page of a list has one, and a client requests the next page with it.

A cursor is the position of the page's last row. It is Base64, so that clients don't build or change cursors.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from undersigned.campaigns.rules.campaigns import ID_PATTERN

TARGET_POSITION = ID_PATTERN
SIGNATURE_POSITION = re.compile(r"[0-9T:.+-]{19,40}#[0-9a-f]{32}(#[0-9a-f]{16})?")
AUDIT_POSITION = re.compile(r"[0-9T:.+-]{19,40}#[0-9a-f]{1,32}")
DELIVERY_POSITION = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}} {ID_PATTERN.pattern}", re.ASCII)
"""The format of positions in each list. A position becomes part of a key of the table, so it must match."""


def cursor_of(position: str | None) -> str | None:
    """Return the cursor for a position; None without a position, as on the last page."""
    return urlsafe_b64encode(position.encode("ascii")).decode("ascii") if position else None


def position_of(cursor: str, pattern: re.Pattern[str]) -> str | None:
    """Return the position in a cursor; None unless it matches the list's `pattern`."""
    try:
        position = urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
    except ValueError:
        return None
    return position if pattern.fullmatch(position) else None
