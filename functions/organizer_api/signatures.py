"""Signatures: list them, find one, erase one, release one from quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from functions.organizer_api import wired
from functions.organizer_api.routes import campaign_routes
from undersigned.domain.signatures import ReportedStatus, SignatureFilter
from undersigned.web.answers import data
from undersigned.web.cursors import SIGNATURE_POSITION, cursor_of

if TYPE_CHECKING:
    from datetime import datetime

    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.signatures import Signature
    from undersigned.web.organizer_requests import ApiRequest

routes = campaign_routes()


@routes.get("/signatures", "manage")
def list_signatures(request: ApiRequest) -> Response[str]:
    """List signatures, newest first, or find the one with an email address."""
    wanted = SignatureFilter(request.named("target"), request.choice("status", get_args(ReportedStatus)))
    after, limit = request.position(SIGNATURE_POSITION), request.limit(50, most=200)
    email = request.query("email")
    found = (
        wired.organizing.signed_with(request.campaign, email, wanted)
        if email
        else wired.organizing.signatures(request.campaign, wanted, after, limit)
    )
    return data(
        {
            "signatures": [_signature(row) for row in found.items],
            "next": cursor_of(found.next_position),
            "ended_early": found.ended_early,
        }
    )


@routes.get("/signatures/<signer>", "manage")
def show_signature(request: ApiRequest, signer: str) -> Response[str]:
    """Show one signature."""
    return data(_signature(wired.organizing.signature(request.campaign, signer)))


@routes.delete("/signatures/<signer>", "manage")
def remove_signature(request: ApiRequest, signer: str) -> Response[str]:
    """Erase a letter with everything personal in it; the reason is required."""
    wired.organizing.remove(request.campaign, signer, request.by, request.why(required=True))
    return data({"id": signer, "status": "erased"})


@routes.post("/signatures/<signer>/release", "manage")
def release_signature(request: ApiRequest, signer: str) -> Response[str]:
    """Release a letter from quarantine."""
    wired.organizing.release(request.campaign, signer, request.by, request.why())
    return data({"id": signer, "status": "pending"})


def _signature(row: Signature) -> dict[str, object]:
    return {
        "id": row.signer,
        "status": row.reported_status,
        "quarantine": row.quarantine,
        "name": row.name,
        "email": row.email,
        "address_line": row.address_line,
        "locality": row.locality,
        "region": row.region,
        "postal_code": row.postal_code,
        "target": row.target,
        "signature": row.signature,
        "drawn": bool(row.drawing),
        "note": row.note,
        "updates": row.updates,
        "language": row.language,
        "letter": row.letter,
        "signed_at": row.signed_at.isoformat(),
        "confirmed_at": _moment(row.confirmed_at),
        "withdrawn_at": _moment(row.withdrawn_at),
        "erased_at": _moment(row.erased_at),
        "period": row.period,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
