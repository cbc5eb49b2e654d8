"""Other sites: whether their scripts may read an answer (CORS), and the pages of theirs that a form leads to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.domain.campaigns import Campaign
    from undersigned.domain.errors import FieldError

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


def own_page(campaign: Campaign, address: object) -> str | None:
    """Return the address of a page that a form names, if it is on a site of the organization."""
    return address if isinstance(address, str) and campaign.allows(address) else None


def with_fields(address: str, errors: Iterable[FieldError]) -> str:
    """Return an address with the names of the fields that have errors in its query: `?fields=name,email`."""
    fields = ",".join(dict.fromkeys(error.field for error in errors))
    before, hash_sign, fragment = address.partition("#")
    query = ("&" if "?" in before else "?") + urlencode({"fields": fields}, safe=",")
    return before + query + hash_sign + fragment
