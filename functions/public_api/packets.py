"""The addressee's link: packets that were too large for a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.public_api import wired
from undersigned.domain.deliveries import packet_filename, packet_name
from undersigned.domain.errors import NotFoundError
from undersigned.web import pages
from undersigned.web.answers import moved, page

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get("/packets/<token>")
def list_packets(token: str) -> Response[str]:
    """Show the packets of a delivery that was too large for a mail."""
    return page(pages.packets(wired.signing.packets(token), token))


@router.get("/packets/<token>/<number>")
def fetch_packet(token: str, number: str) -> Response[str]:
    """Hand a packet over from the store, by an address that works for a few minutes."""
    found = wired.signing.packets(token)
    packet = next((packet for packet in found.packets if str(packet.number) == number), None)
    if packet is None:
        message = f"Packet {number[:10]!r} is not among these packets"
        raise NotFoundError(message)
    filename = packet_filename(found.key, packet.number, len(found.packets))
    name = packet_name(found.key, packet.number, packet.erased)
    return moved(wired.stack.bucket.link(name, filename), status=302)
