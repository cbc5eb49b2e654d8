"""Exports: requests for a campaign's signatures as a CSV file, and links to files that `export_signatures` wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.routes import campaign_routes
from undersigned.domain.counting.exports import EXPORTED, Export, ExportFilter
from undersigned.domain.languages import Message
from undersigned.web.answers import data, moved

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.web.organizer_requests import ApiRequest

routes = campaign_routes()


@routes.does("export")
def request_export(request: ApiRequest) -> Response[str]:
    """Request a file of signatures, which is ready within minutes."""
    request.check_no_body(
        Message("Send no body. The filters are in the address: %(path)s.", {"path": "…/exports?target=…&status=…"})
    )
    export = _requested(request)
    answer = data(_export(export), status=202)
    answer.headers["Location"] = _address(export)
    return answer


@routes.get("/signatures.csv", "manage")
def download_signatures(request: ApiRequest) -> Response[str]:
    """Request a file at the address that clients expect, and redirect to the export's state."""
    return moved(_address(_requested(request)))


@routes.get("/exports", "manage")
def list_exports(request: ApiRequest) -> Response[str]:
    """List the exports of the last week, newest first."""
    recent = wired.stack.counting.exporting.recent(request.campaign)
    return data({"exports": [_export(export) for export in recent]})


@routes.get("/exports/<export>", "manage")
def show_export(request: ApiRequest, export: str) -> Response[str]:
    """Return an export's state and, when it is written, a link that works for 15 minutes."""
    exporting = wired.stack.counting.exporting
    found = exporting.export(request.campaign, export)
    return data(_export(found) | {"link": exporting.link(found) if found.state == "done" else None})


def _requested(request: ApiRequest) -> Export:
    request.check_query(("target", "status"))
    wanted = ExportFilter(request.query_name("target"), request.choice("status", EXPORTED))
    return wired.stack.counting.exporting.ask(request.campaign, wanted, request.by)


def _address(export: Export) -> str:
    return f"/organizer/campaigns/{export.campaign}/exports/{export.id}"


def _export(export: Export) -> dict[str, object]:
    return {
        "id": export.id,
        "state": export.state,
        "rows": export.rows,
        "bytes": export.bytes,
        "filter": {"target": export.filter.target, "status": export.filter.status},
        "by": export.by,
        "asked_at": export.asked_at.isoformat(),
        "expires_at": export.expires_at.isoformat(),
    }
