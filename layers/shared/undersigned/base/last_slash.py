"""Addresses with a slash at the end: people type or paste them, and no page has one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from undersigned.base.answers import moved

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

# No address with a token, and none that a browser would take for another site's.
_ADDRESS = re.compile(
    r"(/organizer|/(?:campaigns|organizer/campaigns|organizer/dashboard)(?:/[\w-][\w.-]*)+)/+", re.ASCII
)
_QUERY = re.compile(r"[!-~]*")


def without_last_slash(event: APIGatewayProxyEventV2) -> Response[str] | None:
    """Redirect a GET with a slash at the end to the address without it; return None for any other request."""
    address = _ADDRESS.fullmatch(event.path)
    query = event.raw_query_string or ""
    if event.http_method != "GET" or address is None or not _QUERY.fullmatch(query):
        return None
    return moved(f"{address[1]}?{query}" if query else address[1], status=308)
