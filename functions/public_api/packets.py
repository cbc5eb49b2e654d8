"""The packets link: packets that are too large for an email."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.public_api import wired
from undersigned.base.answers import moved, page
from undersigned.delivering.pages.packets import packets_page
from undersigned.people import security_log

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get("/packets/<token>")
def list_packets(token: str) -> Response[str]:
    """Show the packets of a delivery that is too large for an email, or the first hundred."""
    return page(packets_page(wired.stack.delivering.packet_links.packets(token), token))


@router.get("/packets/<token>/pages/<number>")
def list_more_packets(token: str, number: str) -> Response[str]:
    """Show another hundred packets of a very large delivery."""
    found = wired.stack.delivering.packet_links.packets(token)
    return page(packets_page(found, token, found.page(number)))


@router.get("/packets/<token>/<number>")
def fetch_packet(token: str, number: str) -> Response[str]:
    """Redirect to a packet's PDF, at an address that works for a few minutes."""
    found = wired.stack.delivering.packet_links.packets(token)
    name, filename = found.file(number)
    security_log.packet_opened(found.key, number)
    return moved(wired.stack.bucket.link(name, filename), status=302)
