"""Exports: requests for a campaign's signatures as a CSV file, and links to files that `export_signatures` wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import data
from undersigned.organizing.exporting import get_export, link_to, recent_exports
from undersigned.people.routes.programs import ApiRoutes

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.organizing.rules.exports import Export
    from undersigned.people.requests import ApiRequest

routes = ApiRoutes()


@routes.get("/exports", "letters")
def list_exports(request: ApiRequest) -> Response[str]:
    """List the exports of the last week, newest first."""
    recent = recent_exports(request.stack, request.campaign)
    return data({"exports": [_export(export) for export in recent]})


@routes.get("/exports/<export>", "letters")
def show_export(request: ApiRequest, export: str) -> Response[str]:
    """Return an export's state and, when it is written, a link that works for 15 minutes."""
    found = get_export(request.stack, request.campaign, export)
    return data(_export(found) | {"link": link_to(request.stack, found) if found.state == "done" else None})


def _export(export: Export) -> dict[str, object]:
    return {
        "id": export.id,
        "state": export.state,
        "rows": export.rows,
        "bytes": export.bytes,
        "filter": {
            "target": export.filter.target,
            "status": export.filter.status,
            "news": export.filter.news,
            "since": export.filter.since.isoformat() if export.filter.since else None,
        },
        "by": export.by,
        "asked_at": export.asked_at.isoformat(),
        "expires_at": export.file_until.isoformat(),
    }
