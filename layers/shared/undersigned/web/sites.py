"""Other sites: whether a script on one may read an answer (CORS)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_CAMPAIGN = re.compile(r"/campaigns/([^/]+)(?:/.*)?")


def site_of(event: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the site that a request comes from, as a browser says it, and the campaign that it is about."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    campaign = _CAMPAIGN.fullmatch(event.get("rawPath", ""))
    return headers.get("origin"), campaign[1] if campaign else None


def readable_by(answer: dict[str, Any], site: str) -> dict[str, Any]:
    """Let the scripts of a site read an answer."""
    headers = {"Vary": "Origin"} | answer["headers"] | {"Access-Control-Allow-Origin": site}
    if "origin" not in headers["Vary"].lower():
        headers["Vary"] += ", Origin"
    return answer | {"headers": headers}
