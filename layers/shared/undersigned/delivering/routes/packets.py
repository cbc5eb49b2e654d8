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
    from undersigned.delivering.packet_links import Packets

routes = OpenRoutes()


def _packets(request: Request, token: str) -> Packets:
    from undersigned.delivering.packet_links import packets_of_link

    return packets_of_link(request.stack, token)


@routes.get("/packets/<token>")
def list_packets(request: Request, token: str) -> Response[str]:
    """Show the packets of a delivery that is too large for an email, or the first hundred."""
    return page(packets_page(_packets(request, token), token))


@routes.get("/packets/<token>/pages/<number>")
def list_more_packets(request: Request, token: str, number: str) -> Response[str]:
    """Show another hundred packets of a very large delivery."""
    found = _packets(request, token)
    return page(packets_page(found, token, found.page(number)))


@routes.get("/packets/<token>/<number>")
def fetch_packet(request: Request, token: str, number: str) -> Response[str]:
    """Redirect to a packet's PDF, at an address that works for a few minutes."""
    found = _packets(request, token)
    name, filename = found.file(number)
    security_log.packet_opened(found.key.campaign, found.key.target, found.key.period, number)
    return moved(request.stack.bucket.link(name, filename), status=302)
