"""Answers: pages, JSON and problems, each with the headers that keep it safe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import Response

from undersigned.rendering import pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.domain.errors import FieldError

PRIVATE = "no-store"
"""For what only one person may see."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a page's address can hold a signer's token
    "Strict-Transport-Security": "max-age=31536000",
}
_PAGE_HEADERS = {
    **_HEADERS,
    "Content-Security-Policy": (
        f"default-src 'none'; style-src '{pages.STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Vary": "Accept, Accept-Encoding",
}


def page(html: str, *, status: int = 200, cache: str = PRIVATE) -> Response[str]:
    """Answer with a page."""
    return Response(status, "text/html; charset=utf-8", html, {**_PAGE_HEADERS, "Cache-Control": cache}, compress=True)


def data(values: Mapping[str, object], *, status: int = 200, cache: str = PRIVATE) -> Response[str]:
    """Answer with JSON."""
    body = json.dumps(values, ensure_ascii=False)
    return Response(status, "application/json", body, {**_HEADERS, "Vary": "Accept", "Cache-Control": cache})


def moved(location: str, *, status: int = 303) -> Response[str]:
    """Answer with another address; 303 makes a browser GET it."""
    return Response(status, None, "", {**_HEADERS, "Location": location, "Cache-Control": PRIVATE})


def problem(
    status: int, title: str, detail: str, *, as_json: bool, errors: tuple[FieldError, ...] = ()
) -> Response[str]:
    """Answer with what is wrong and what to do: a page, or problem details with one entry per field (RFC 9457)."""
    if not as_json:
        return page(pages.problem(title, detail), status=status)
    values: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors:
        values["errors"] = [{"field": error.field, "detail": error.message} for error in errors]
    headers = {**_HEADERS, "Cache-Control": PRIVATE}
    return Response(status, "application/problem+json", json.dumps(values, ensure_ascii=False), headers)
