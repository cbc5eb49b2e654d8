"""The stack's own public pages, as a program on the internet reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, override
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from undersigned.services.ports import Browser

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 29
"""As long as an HTTP API waits for its function."""


class _NoRedirects(HTTPRedirectHandler):
    @override
    def redirect_request(self, *_: object) -> None:
        return None


class OwnPages(Browser):
    """The pages at the API's own address."""

    def __init__(self, api_url: str) -> None:
        """Keep the base address."""
        self._api_url = api_url
        self._opener = build_opener(_NoRedirects)

    @override
    def post(self, path: str, values: Mapping[str, str]) -> int | None:
        request = Request(self._api_url + path, data=urlencode(values).encode())  # noqa: S310  (our own address)
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code
        except (URLError, TimeoutError):
            return None
