"""Exports and the form that requests one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.organizing.pages.recipients import recipient_choices, recipient_name
from undersigned.organizing.pages.signatures import STATUSES
from undersigned.organizing.rules.exports import EXPORTED
from undersigned.people.dashboard_frame import render_framed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.base.page import Page
    from undersigned.organizing.rules.exports import Export, ExportState, News
    from undersigned.people.viewer import Viewer

_EXPORT_STATES: Mapping[ExportState, Message] = {
    "queued": Message("Waiting to be created"),
    "running": Message("Being created"),
    "done": Message("Ready"),
    "failed": Message("Failed. Create a new one."),
    "erased": Message("Deleted, because a letter was erased. Create a new one."),
}

COLUMNS_IN_WORDS: Mapping[str, Message] = {
    "identifiers": Message("The same for all letters of one person."),
    "action_date": Message("When the letter was signed. Times are in UTC."),
    "comments": Message("The signer’s own words."),
    "target": Message("The recipient’s name in web addresses."),
    "updates": Message("Whether the person wants news. Write to nobody else."),
    "letter": Message("A code for the text that was signed."),
    "period": Message("The day of the delivery that has the letter; empty while the letter waits."),
    "bundle": Message("A part of that delivery, for a technician."),
    "quarantine": Message("Why the form looked like a bot’s."),
    "source": Message("The label of the link that the person came from."),
}
"""What the names of columns mean that don’t say it themselves. The first ten names are a standard’s, for programs."""

_NEWS: Mapping[News, Message] = {
    "agreed": Message("People who agreed to news"),
    "ended": Message("People who ended the news"),
}


def exports_page(viewer: Viewer, found: Sequence[Export]) -> Page:
    """Render the exports and the form that requests one."""
    return render_framed(
        "organizing/pages/exports.html",
        viewer.language,
        viewer,
        "exports",
        rows=[
            (
                export,
                recipient_name(viewer, export.filter.target) if export.filter.target else None,
                viewer.say(STATUSES[export.filter.status]) if export.filter.status else None,
                viewer.say(_NEWS[export.filter.news]) if export.filter.news else None,
                viewer.say(_EXPORT_STATES[export.state]),
            )
            for export in found
        ],
        columns=[(column, viewer.say(words)) for column, words in COLUMNS_IN_WORDS.items()],
        is_writing=any(export.state in {"queued", "running"} for export in found),
        targets=recipient_choices(viewer),
        statuses=[(name, viewer.say(STATUSES[name])) for name in EXPORTED],
    )
