"""The front page, for people who come to this address without a letter's link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import page
from undersigned.base.reader import language_for
from undersigned.base.routes import OpenRoutes
from undersigned.campaigns.public_frame import front_page

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Request

routes = OpenRoutes()

FRONT_CACHE = "public, max-age=3600"


@routes.get("/")
def show_front(request: Request) -> Response[str]:
    """Say what this address is for. Reads nothing, and names no campaign."""
    return page(front_page(language_for(request.event)), cache=FRONT_CACHE)
