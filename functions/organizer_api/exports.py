"""Exports: a campaign's signatures as a CSV file, asked for here, written elsewhere, fetched by a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.routes import Asked, Routes
from undersigned.domain.exports import EXPORTED, Export, ExportFilter
from undersigned.http.answers import data, moved

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

routes = Routes()


@routes.post("/exports", "manage")
def ask_for_export(asked: Asked) -> Response[str]:
    """Ask for a file of the signatures that are wanted; it is written within minutes."""
    export = _ask(asked)
    answer = data(_export(export), status=202)
    answer.headers["Location"] = _address(export)
    return answer


@routes.get("/signatures.csv", "manage")
def download_signatures(asked: Asked) -> Response[str]:
    """Ask for a file by the address that it would have, and lead to where it is told how far it is."""
    return moved(_address(_ask(asked)))


@routes.get("/exports", "manage")
def list_exports(asked: Asked) -> Response[str]:
    """List the exports of the last week, newest first."""
    recent = wired.wiring.exporting().recent(asked.campaign)
    return data({"exports": [_export(export) for export in recent]})


@routes.get("/exports/<export>", "manage")
def show_export(asked: Asked, export: str) -> Response[str]:
    """Tell how far an export is, and once it is written, where it can be fetched for a quarter of an hour."""
    exporting = wired.wiring.exporting()
    found = exporting.export(asked.campaign, export)
    return data(_export(found) | {"link": exporting.link(found) if found.state == "done" else None})


def _ask(asked: Asked) -> Export:
    wanted = ExportFilter(asked.named("target"), asked.choice("status", EXPORTED))
    return wired.wiring.exporting().ask(asked.campaign, wanted, asked.by)


def _address(export: Export) -> str:
    return f"/organizer/campaigns/{export.campaign}/exports/{export.id}"


def _export(export: Export) -> dict[str, object]:
    return {
        "id": export.id,
        "state": export.state,
        "rows": export.rows,
        "bytes": export.bytes,
        "filter": {"target": export.filter.target, "status": export.filter.standing},
        "by": export.by,
        "asked_at": export.asked_at.isoformat(),
        "expires_at": export.expires_at.isoformat(),
    }
