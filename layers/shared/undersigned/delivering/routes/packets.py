"""The packets link: packets that are too large for an email."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import moved, page
from undersigned.base.routes import OpenRoutes
from undersigned.delivering.pages.packets import packets_page
from undersigned.people import security_log

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Request

routes = OpenRoutes()


@routes.get("/packets/<token>")
def list_packets(request: Request, token: str) -> Response[str]:
    """Show the packets of a delivery that is too large for an email, or the first hundred."""
    return list_more_packets(request, token, "1")


@routes.get("/packets/<token>/pages/<number>")
def list_more_packets(request: Request, token: str, number: str) -> Response[str]:
    """Show another hundred packets of a very large delivery."""
    from undersigned.delivering.packet_links import packets_of_link

    return page(packets_page(packets_of_link(request.stack, token, number), token))


@routes.get("/packets/<token>/<number>")
def fetch_packet(request: Request, token: str, number: str) -> Response[str]:
    """Redirect to a packet's PDF, at an address that works for a few minutes."""
    from undersigned.delivering.packet_links import delivery_of_link
    from undersigned.delivering.storing import packet_link

    key = delivery_of_link(request.stack, token)
    link = packet_link(request.stack, key, number)
    security_log.packet_opened(key.campaign, key.target, key.period, number)
    return moved(link, status=302)
