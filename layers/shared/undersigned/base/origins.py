"""Origins: which site an address is of."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without spaces and backslashes."""
# A Content-Security-Policy can contain these unchanged: a name in ASCII, or an IP address.
_HOST = re.compile(r"[a-z0-9.:-]+")


def origin_of(address: str) -> str | None:
    """Return the origin of an http or https address as browsers write it (RFC 6454), or None if it has none.

    `HTTPS://Example.org:443/thanks` → `https://example.org`. Returns None for an address with a user name or password,
    and for an address that a browser might read differently.
    """
    if not _ADDRESS.fullmatch(address):
        return None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    netloc = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{netloc}" + ("" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}")
