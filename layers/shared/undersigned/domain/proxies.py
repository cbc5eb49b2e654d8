"""Proxies: what a CDN or proxy in front of the API may say about a request, and whether there is another way in."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = "x-undersigned-proxy"
"""The header in which the proxy sends its secret."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A trusted proxy: its secrets (two while one replaces the other), and the header with a visitor's IP address.

    With `is_only_way`, requests must come through the proxy. Without secrets, no request does.
    """

    secrets: tuple[str, ...] = ()
    address_header: str = ""
    is_only_way: bool = False

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Say whether a request with these headers (lowercase names) came on a way that is open."""
        return not self.is_only_way or self._passed(headers)

    def address_of(self, headers: Mapping[str, str], source: str) -> str:
        """Return a visitor's IP address: the proxy's word if the request came through it, or else the source."""
        named = headers.get(self.address_header.lower(), "")
        return (_address_in(named) if self._passed(headers) else None) or source

    def _passed(self, headers: Mapping[str, str]) -> bool:
        """Compare in constant time. The header can have any text."""
        sent = headers.get(HEADER, "").encode(errors="surrogatepass")
        return any(hmac.compare_digest(secret.encode(), sent) for secret in self.secrets)


def _address_in(text: str) -> str | None:
    """Return the one IP address in a header, which may have a port, as in CloudFront-Viewer-Address."""
    for candidate in (text.strip(), text.strip().rpartition(":")[0].strip("[]")):
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return None
