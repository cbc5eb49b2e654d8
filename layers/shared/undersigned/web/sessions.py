"""Sessions in a browser: their cookie, and the check that a request comes from one of our own pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from undersigned.domain.campaigns import origin_of
from undersigned.domain.languages import Message
from undersigned.domain.tokens import VALID_FOR
from undersigned.web.posted import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.web.organizer_requests import DashboardRequest

COOKIE = "__Host-session"
"""With this prefix, browsers keep the cookie for this host only and send it over HTTPS only (RFC 6265bis, 4.1.3)."""


def session_token(cookies: Iterable[str]) -> str:
    """Return the session token in a request's cookies; empty when there is none."""
    parts = (cookie.strip().partition("=") for cookie in cookies)
    return next((value for name, _, value in parts if name == COOKIE), "")


def session_cookie(token: str) -> Cookie:
    """Return the session's cookie; an empty token makes the browser delete it."""
    return Cookie(
        COOKIE,
        token,
        path="/",
        secure=True,
        http_only=True,
        same_site=SameSite.STRICT_MODE,
        max_age=int(VALID_FOR["session"].total_seconds()) if token else 0,
    )


def comes_from_a_link(headers: Mapping[str, str]) -> bool:
    """Return whether the request follows a link on another site, for which the browser sends no strict cookie."""
    return headers.get("sec-fetch-site") == "cross-site"


def check_origin(headers: Mapping[str, str], public_url: str) -> None:
    """Raise RequestError unless a post comes from a page on this host or on `public_url`.

    The browser's Fetch Metadata decides, or else its Origin header (RFC 6454).
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        is_ours = site == "same-origin"
    else:
        ours = {f"https://{headers.get('host', '')}", origin_of(public_url)} - {None}
        is_ours = origin_of(headers.get("origin") or "") in ours
    if not is_ours:
        raise _foreign()


def check_post(request: DashboardRequest, public_url: str) -> None:
    """Raise RequestError unless a post comes from a page of its own session."""
    check_origin(request.event.headers, public_url)
    if not request.session.has_sent(request.posted("token")):
        raise _foreign()


def _foreign() -> RequestError:
    return RequestError(
        403,
        Message("This didn’t come from the dashboard"),
        Message("Go back to the dashboard, reload the page and press the button there."),
    )
