"""Test sessions in a browser: their cookie, and which posts come from our own pages."""

from __future__ import annotations

import pytest

from undersigned.base.posted import RequestError
from undersigned.people.routes.cookies import check_origin, comes_from_a_link, session_cookie, session_token

PUBLIC_URL = "https://letters.example.org"
HOST = {"host": "abc.execute-api.example"}


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.3", "3.3.4")
def test_the_cookie_is_for_this_host_only_and_hidden_from_scripts() -> None:
    written = str(session_cookie("a.b"))
    assert written == "__Host-session=a.b; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict"


def test_an_empty_token_removes_the_cookie() -> None:
    assert "__Host-session=; Path=/; Max-Age=0;" in str(session_cookie(""))


@pytest.mark.parametrize(
    ("cookies", "token"),
    [
        ([], ""),
        (["__Host-session=a.b"], "a.b"),
        (["lang=es", " __Host-session=a.b "], "a.b"),
        (["__Host-session=a=b"], "a=b"),
        (["session=a.b", "__Host-session2=a.b", "__Host-session"], ""),
    ],
)
def test_a_token_is_found_among_cookies(cookies: list[str], token: str) -> None:
    assert session_token(cookies) == token


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"origin": PUBLIC_URL},
        {"origin": "https://abc.execute-api.example"},
        {"origin": "HTTPS://Letters.Example.org:443"},
    ],
)
def test_a_post_from_our_own_pages_is_accepted(headers: dict[str, str]) -> None:
    check_origin(HOST | headers, PUBLIC_URL)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "http://letters.example.org"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": PUBLIC_URL},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_post_from_anywhere_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(RequestError) as refused:
        check_origin(HOST | headers, PUBLIC_URL)
    assert refused.value.status == 403


def test_a_link_from_another_site_is_known_by_the_browsers_header() -> None:
    assert comes_from_a_link({"sec-fetch-site": "cross-site"})
    assert not comes_from_a_link({"sec-fetch-site": "same-origin"})
    assert not comes_from_a_link({})
