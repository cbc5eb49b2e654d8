"""The activity log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from undersigned.base.days import day_in
from undersigned.base.languages import Message, short_date
from undersigned.campaigns.cursors import cursor_of
from undersigned.organizing.actions import ACTIONS
from undersigned.people.dashboard_frame import render_framed
from undersigned.workshop.pages.changes import logged_change

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

_ID_OF_A_LETTER = re.compile(r"[0-9a-f]{32}")


def audit_page(viewer: Viewer, found: Listing[AuditEntry]) -> Page:
    """Render the activity log, newest first."""
    return render_framed(
        "organizing/pages/audit.html",
        viewer.language,
        viewer,
        "audit",
        rows=[(entry, viewer.say(_what_happened(entry)), _about(viewer, entry)) for entry in found.items],
        next_cursor=cursor_of(found.next_position),
    )


def _what_happened(entry: AuditEntry) -> Message:
    several = ACTIONS[entry.action].said
    is_one = _ID_OF_A_LETTER.fullmatch(entry.about) or entry.about.startswith("1: ")
    return _ACTIONS_ON_ONE.get(entry.action, several) if is_one else several


def _about(viewer: Viewer, entry: AuditEntry) -> tuple[str, str | None]:
    """Return the subject of an entry in words, or the path of a letter's page: its id says nothing to people."""
    if _ID_OF_A_LETTER.fullmatch(entry.about):
        return viewer.say(Message("Open the letter")), f"{viewer.home}/signatures/{entry.about}"
    recipients = {target.id: target.label for target in viewer.roster.by_id.values()}
    if entry.action in {"publish", "push"}:
        changes = (logged_change(each, recipients, viewer.language) for each in entry.about.split("; "))
        return "; ".join(change for change in changes if change), None
    texts = entry.about.split(" ")
    days = {text: short_date(day, viewer.language) for text in texts if (day := day_in(text))}
    known = recipients | days
    # The rest are filters, people with their roles, and the first digits of keys.
    return (", " if known.keys() >= set(texts) else " ").join(known.get(text, text) for text in texts), None
