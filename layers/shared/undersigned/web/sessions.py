"""Sessions in a browser: the cookie that holds one, and whether a request comes from one of our own pages."""

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
"""By this prefix browsers keep it for this host alone, and send it over safe connections alone (RFC 6265bis, 4.1.3)."""


def session_token(cookies: Iterable[str]) -> str:
    """Return the session's token in a request's cookies; empty without one."""
    parts = (cookie.strip().partition("=") for cookie in cookies)
    return next((value for name, _, value in parts if name == COOKIE), "")


def session_cookie(token: str) -> Cookie:
    """Write the session's cookie; an empty token removes it from the browser."""
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
    """Say whether a link on another site led here, because then the browser sends no strict cookie."""
    return headers.get("sec-fetch-site") == "cross-site"


def check_origin(headers: Mapping[str, str], public_url: str) -> None:
    """Raise RequestError unless a browser says that a post comes from a page on this host or on `public_url`.

    It says so by Fetch Metadata, or else by the origin (RFC 6454).
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
