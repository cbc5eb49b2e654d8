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
        is_writing=any(export.state in {"queued", "running"} for export in found),
        targets=recipient_choices(viewer),
        statuses=[(name, viewer.say(STATUSES[name])) for name in EXPORTED],
    )
