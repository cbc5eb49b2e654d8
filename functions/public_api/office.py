"""The office's page, behind the link in its emails, and the public page behind the link on a cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.public_api import wired
from undersigned.web.answers import page
from undersigned.web.delivering.office import cover_page, office_page

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get("/office/<token>")
def show_office(token: str) -> Response[str]:
    """Show an office what was sent to it. Changes nothing, because security gateways follow links."""
    return page(office_page(wired.stack.delivering.offices.office(token), token))


@router.get("/packets-sent/<token>")
def show_cover(token: str) -> Response[str]:
    """Show anyone who reads a packet's cover what was sent to its office."""
    return page(cover_page(wired.stack.delivering.offices.cover(token)))
