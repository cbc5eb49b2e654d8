"""Signatures: list them, and find them by email address or name."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from functions.organizer_api import wired
from functions.organizer_api.routes import campaign_routes
from undersigned.domain.errors import NotFoundError
from undersigned.domain.languages import Message
from undersigned.domain.signing.abuse_checks import WantedSuspicion
from undersigned.domain.signing.signatures import ReportedStatus, SignatureFilter
from undersigned.web.answers import data
from undersigned.web.cursors import SIGNATURE_POSITION, cursor_of
from undersigned.web.posted import ProgramError, RequestError, posted_values

if TYPE_CHECKING:
    from datetime import datetime

    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.signing.signatures import Signature
    from undersigned.web.organizer_requests import ApiRequest

routes = campaign_routes()

_FOUND_AT_ONCE = 50


@routes.get("/signatures", "manage")
def list_signatures(request: ApiRequest) -> Response[str]:
    """List signatures, newest first."""
    if request.query("email") is not None:
        raise _no_address()
    wanted = filter_of(request)
    after, limit = request.position(SIGNATURE_POSITION), request.limit(50, most=200)
    found = wired.organizing.signatures(request.campaign, wanted, after, limit)
    return data(
        {
            "signatures": [_signature(row) for row in found.items],
            "next": cursor_of(found.next_position),
            "ended_early": found.ended_early,
        }
    )


@routes.post("/signatures/find", "manage")
def find_signature(request: ApiRequest) -> Response[str]:
    """Show the signature of an email address. The address is posted, to keep it out of URLs and logs."""
    email = posted_values(request.event).get("email")
    if not isinstance(email, str) or not email.strip():
        raise _no_address()
    found = wired.organizing.signed_with(request.campaign, email)
    if found is None:
        message = "no letter was signed with this address"
        raise NotFoundError(message)
    return data(_signature(found))


@routes.post("/signatures/search", "manage")
def search_signatures(request: ApiRequest) -> Response[str]:
    """List the signatures whose name has some words. They are posted, to keep them out of URLs and logs."""
    name, after = request.posted_person("name"), request.posted_position(SIGNATURE_POSITION)
    found = wired.organizing.with_name(request.campaign, name, after, _FOUND_AT_ONCE)
    return data(
        {
            "signatures": [_signature(row) for row in found.items],
            "next": cursor_of(found.next_position),
            "ended_early": found.ended_early,
        }
    )


def filter_of(request: ApiRequest) -> SignatureFilter:
    """Return the filter in an address. Raises RequestError."""
    return SignatureFilter(
        request.query_name("target"),
        request.choice("status", get_args(ReportedStatus)),
        request.choice("suspicion", get_args(WantedSuspicion)),
    )


def _no_address() -> RequestError:
    return ProgramError(
        Message("POST it as JSON, %(body)s, to %(path)s.", {"body": '{"email": "…"}', "path": "…/signatures/find"}),
        Message("The email address must be in the body"),
    )


@routes.get("/signatures/<signer>", "manage")
def show_signature(request: ApiRequest, signer: str) -> Response[str]:
    """Show one signature."""
    return data(_signature(wired.organizing.signature(request.campaign, signer)))


def _signature(row: Signature) -> dict[str, object]:
    return {
        "id": row.signer,
        "status": row.reported_status,
        "quarantine": row.quarantine,
        "network": row.network,
        "on_hold": row.on_hold,
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
        "cleared_at": _moment(row.cleared_at),
        "period": row.period,
        "source": row.source,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
