"""Other sites: which page sent a post (CSRF), who may read an answer (CORS), and which of their pages follow a form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from undersigned.base.errors import NotFoundError
from undersigned.base.languages import Message
from undersigned.base.origins import origin_of
from undersigned.base.posted import RequestError
from undersigned.base.reader import own_origin
from undersigned.campaigns.catalog import find_campaign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.base.errors import FieldError
    from undersigned.base.reader import Event
    from undersigned.base.routes import Request
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign

_CAMPAIGN = re.compile(r"/campaigns/([^/]+)(?:/.*)?")


def site_of(event: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the origin of the site that a browser's request comes from, and the campaign that it is about."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    campaign = _CAMPAIGN.fullmatch(event.get("rawPath", ""))
    return headers.get("origin"), campaign[1] if campaign else None


def foreign_site(event: Event, public_url: str) -> str | None:
    """Return the origin of the other site whose page sent a request; None for our pages and for programs.

    Our pages are on the host that the request names, and on `public_url`, because a CDN sends the API's own Host.

    `null` counts as no origin: without JavaScript, browsers send it from our own pages, whose Referrer-Policy is
    `no-referrer` (Fetch standard, "append a request Origin header"). The browser's own statement counts, too
    (https://www.w3.org/TR/fetch-metadata/).
    """
    origin = event.headers.get("origin")
    ours = {"null", own_origin(event), origin_of(public_url)}
    if not origin or origin in ours or event.headers.get("sec-fetch-site") == "same-origin":
        return None
    return origin


def check_site(request: Request) -> None:
    """Refuse what a website makes its visitors' browsers send, unless the campaign allows the website."""
    if request.event.http_method == "POST" and (site := foreign_site(request.event, request.base_url)):
        _, campaign = site_of(request.event.raw_event)
        if campaign is None or not _is_allowed(request.stack, campaign, site):
            raise RequestError(
                403,
                Message("This website can’t send the form"),
                Message("The letter’s organizer hasn’t allowed it. Sign on the letter’s own page."),
            )


def _is_allowed(stack: Stack, campaign: str, site: str) -> bool:
    try:
        return site in find_campaign(stack, campaign).campaign.allowed_origins
    except NotFoundError:
        return False


def readable(stack: Stack, event: Mapping[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer; scripts of a site can read it if its campaign allows the site."""
    site, campaign = site_of(event)
    if not site or not campaign or "Access-Control-Allow-Origin" in answer["headers"]:
        return answer
    if not _is_allowed(stack, campaign, site):
        return answer
    own = {"Access-Control-Allow-Origin": site, "Access-Control-Expose-Headers": "Retry-After"}
    headers = {"Vary": "Origin"} | answer["headers"] | own
    if "origin" not in headers["Vary"].lower():
        headers["Vary"] += ", Origin"
    return answer | {"headers": headers}


def site_page(campaign: Campaign, address: object) -> str | None:
    """Return the address that a form names for its next page, if it is on one of the campaign's sites."""
    return address if isinstance(address, str) and campaign.allows(address) else None


def with_fields(address: str, errors: Iterable[FieldError]) -> str:
    """Return an address with the fields that have errors in its query: `?fields=name,email`."""
    fields = ",".join(dict.fromkeys(error.field for error in errors))
    before, hash_sign, fragment = address.partition("#")
    query = ("&" if "?" in before else "?") + urlencode({"fields": fields}, safe=",")
    return before + query + hash_sign + fragment
