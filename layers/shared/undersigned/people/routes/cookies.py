"""Sessions in a browser: their cookie, and the check that a request comes from one of our own pages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from undersigned.base.languages import Message, organizers_languages
from undersigned.base.origins import origin_of
from undersigned.base.posted import RequestError
from undersigned.base.purposes import PURPOSES
from undersigned.base.reader import language_in_link
from undersigned.people.rules.people import SIGN_IN_FOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.people.requests import DashboardRequest, SessionRequest


class ForeignPostError(RequestError):
    """A post is not from a page of ours, or of its session."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            403,
            Message("This didn’t come from the dashboard"),
            Message("Go back to the dashboard, reload the page and press the button there."),
        )


COOKIE = "__Host-session"
"""With this prefix, browsers keep a cookie for this host only and send it over HTTPS only (RFC 6265bis, 4.1.3)."""


def session_token(cookies: Iterable[str]) -> str:
    """Return the session token in a request's cookies; empty when there is none."""
    return _value_of(COOKIE, cookies)


def session_cookie(token: str) -> Cookie:
    """Return the session's cookie; an empty token makes the browser delete it."""
    return _cookie(COOKIE, token, PURPOSES["person"].valid_for)


def _value_of(wanted: str, cookies: Iterable[str]) -> str:
    parts = (cookie.strip().partition("=") for cookie in cookies)
    return next((value for name, _, value in parts if name == wanted), "")


def _cookie(name: str, value: str, valid_for: timedelta) -> Cookie:
    return Cookie(
        name,
        value,
        path="/",
        secure=True,
        http_only=True,
        same_site=SameSite.STRICT_MODE,
        max_age=int(valid_for.total_seconds()) if value else 0,
    )


PAGE_COOKIE = "__Host-page"
_OWN_PAGE = re.compile(r"/organizer(/[\w./-]{0,300})?(\?[\w=&%.+-]{0,300})?", re.ASCII)


def page_asked_for(cookies: Iterable[str]) -> str:
    """Return the page that somebody asked for before they signed in; empty for anything but a page of organizers."""
    page = unquote(_value_of(PAGE_COOKIE, cookies))
    return page if _OWN_PAGE.fullmatch(page) else ""


def page_cookie(page: str) -> Cookie:
    """Return the cookie of the page to land on after signing in; an empty page makes the browser delete it."""
    return _cookie(PAGE_COOKIE, quote(page, safe=""), SIGN_IN_FOR)


LANGUAGE_COOKIE = "__Host-language"
_LANGUAGE_KEPT_FOR = timedelta(days=365)


def chosen_language(event: APIGatewayProxyEventV2) -> str | None:
    """Return the language that an organizer chose: in the link that they followed, or else before, in the cookie."""
    cookies = dict(cookie.strip().partition("=")[::2] for cookie in event.cookies)
    wanted = (language_in_link(event), cookies.get(LANGUAGE_COOKIE))
    return next((language for language in wanted if language in organizers_languages()), None)


def language_cookie(event: APIGatewayProxyEventV2) -> Cookie | None:
    """Return the cookie that keeps the language which a link chooses; None if it chooses none."""
    language = language_in_link(event)
    if language not in organizers_languages():
        return None
    return _cookie(LANGUAGE_COOKIE, language or "", _LANGUAGE_KEPT_FOR)


def comes_from_a_link(headers: Mapping[str, str]) -> bool:
    """Return whether the request follows a link on another site. Then the browser sends no strict cookie."""
    return headers.get("sec-fetch-site") == "cross-site"


def check_origin(headers: Mapping[str, str], public_url: str) -> None:
    """Raise ForeignPostError unless a post comes from a page on this host or on `public_url`.

    The browser's Fetch Metadata decides, or else its Origin header (RFC 6454).
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        is_ours = site == "same-origin"
    else:
        ours = {f"https://{headers.get('host', '')}", origin_of(public_url)} - {None}
        is_ours = origin_of(headers.get("origin") or "") in ours
    if not is_ours:
        raise ForeignPostError


def check_post(request: DashboardRequest | SessionRequest) -> None:
    """Raise ForeignPostError unless a post comes from a page of its own session."""
    check_origin(request.event.headers, request.base_url)
    if not request.session.has_sent(request.posted("token")):
        raise ForeignPostError
