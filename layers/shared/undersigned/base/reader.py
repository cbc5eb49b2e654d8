"""The reader of an answer: its format, its language, and whether it is in a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from undersigned.base.languages import chosen_language, languages
from undersigned.base.posted import media_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.base.page import Theme

    type Event = APIGatewayProxyEventV2

CDN = "cdn"
"""The stage variable with the address of the CDN. The function's settings can't have it: it is made after them."""


def wants_json(event: Event) -> bool:
    """Return whether the answer should be JSON: the request accepts JSON, or its body is JSON."""
    accept = event.headers.get("accept") or ""
    if "application/json" in accept or "application/problem+json" in accept:
        return True
    sent = event.http_method == "POST" and media_type(event) == "application/json"
    return sent and "text/html" not in accept


def language_in_link(event: Event) -> str | None:
    """Return the language in the link's query, if any."""
    return event.query_string_parameters.get("lang")


def language_for(event: Event, offered: Sequence[str] | None = None) -> str:
    """Return the answer's language among the offered ones: the link's, or else the browser's preferred one.

    Without `offered`, it is any language that has a catalog.
    """
    return chosen_language(offered or languages(), language_in_link(event), event.headers.get("accept-language"))


def is_embedded(event: Event) -> bool:
    """Return whether the page is in a frame on another site."""
    return "embedded" in event.query_string_parameters


def theme_of(event: Event) -> Theme | None:
    """Return the color scheme that the page's address asks for, if any."""
    match event.query_string_parameters.get("theme"):
        case "light" | "dark" | "auto" as theme:
            return theme
        case _:
            return None


def our_next_page(event: Event, path: str) -> str:
    """Return the address of our next page, which keeps the language, the frame and the theme."""
    kept = {
        name: value for name, value in event.query_string_parameters.items() if name in {"lang", "embedded", "theme"}
    }
    return f"{path}?{urlencode(kept)}" if kept else path


def base_url(event: Event, public_url: str) -> str:
    """Return the base address of all pages, which is `public_url` if the function's settings have it.

    A CDN sends the API's own host with each request, so the stage says where the CDN is.
    """
    return public_url or event.stage_variables.get(CDN) or own_origin(event)


def own_origin(event: Event) -> str:
    """Return the origin that the request names: the browser's, or behind a CDN the API's own."""
    scheme = "http" if event.headers.get("x-forwarded-proto") == "http" else "https"
    return f"{scheme}://{event.headers.get('host', '')}"
