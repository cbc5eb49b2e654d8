"""Signatures: list them, and show one."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from undersigned.base.answers import data
from undersigned.campaigns.cursors import SIGNATURE_POSITION, cursor_of
from undersigned.organizing.letters import find_letter, list_letters
from undersigned.organizing.rules.screening import SignatureFilter
from undersigned.people.routes.programs import ApiRoutes
from undersigned.signing.rules.abuse_checks import WantedSuspicion
from undersigned.signing.rules.form_fields import WORDS
from undersigned.signing.rules.signatures import ReportedStatus

if TYPE_CHECKING:
    from datetime import datetime

    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import ApiRequest, CampaignRequest
    from undersigned.signing.rules.forms import FormOrLetter

routes = ApiRoutes()


@routes.get("/signatures", "letters")
def list_signatures(request: ApiRequest) -> Response[str]:
    """List signatures, newest first."""
    wanted = filter_of(request)
    after, limit = request.position(SIGNATURE_POSITION), request.limit(50, most=200)
    found = list_letters(request.stack, request.campaign, wanted, after, limit)
    return data(
        {
            "signatures": [_signature(row) for row in found.items],
            "next": cursor_of(found.next_position),
            "ended_early": found.ended_early,
        }
    )


def filter_of(request: CampaignRequest) -> SignatureFilter:
    """Return the filter in an address. Raises RequestError."""
    return SignatureFilter(
        request.query_name("target"),
        request.choice("status", get_args(ReportedStatus)),
        request.choice("suspicion", get_args(WantedSuspicion)),
    )


@routes.get("/signatures/<signer>", "letters")
def show_signature(request: ApiRequest, signer: str) -> Response[str]:
    """Show one signature."""
    return data(_signature(find_letter(request.stack, request.campaign, signer)))


def _signature(row: FormOrLetter) -> dict[str, object]:
    return {
        "id": row.signer,
        "status": row.status,
        "quarantine": row.quarantine,
        "network": row.network,
        "on_hold": row.on_hold,
        **{name: getattr(row.words, name) for name in WORDS},
        "target": row.target,
        "drawn": bool(row.words.drawing),
        "updates": row.wants_news,
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
