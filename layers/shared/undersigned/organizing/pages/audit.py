"""The activity log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.campaigns.cursors import cursor_of
from undersigned.organizing.actions import ACTIONS
from undersigned.people.dashboard_frame import render_framed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.page import Page
    from undersigned.campaigns.rules.controls import AuditEntry
    from undersigned.organizing.listing import Listing
    from undersigned.people.viewer import Viewer

_ACTIONS_ON_ONE: Mapping[str, Message] = {
    "hold letters": Message("Put a letter on hold"),
    "release letters": Message("Included a letter again"),
    "erase letters": Message("Erased a letter"),
}
"""The words for the same actions if they reached one letter."""

_OF_ONE_LETTER = re.compile(r"[0-9a-f]{32}|1: .*", re.DOTALL)
"""The subject of such an entry: a letter's id, or a number and the criteria that selected so many."""


def audit_page(viewer: Viewer, found: Listing[AuditEntry]) -> Page:
    """Render the activity log, newest first."""
    return render_framed(
        "organizing/pages/audit.html",
        viewer.language,
        viewer,
        "audit",
        rows=[(entry, viewer.say(_what_happened(entry))) for entry in found.items],
        next_cursor=cursor_of(found.next_position),
    )


def _what_happened(entry: AuditEntry) -> Message:
    several = ACTIONS[entry.action].said
    return _ACTIONS_ON_ONE.get(entry.action, several) if _OF_ONE_LETTER.fullmatch(entry.about) else several
