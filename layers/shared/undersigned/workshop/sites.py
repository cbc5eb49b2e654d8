"""Addresses of websites as people type them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from undersigned.base.languages import Message
from undersigned.base.origins import origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRIAL_HOSTS = ("localhost", "127.0.0.1")
"""Hosts on the organizer's own computer, which needn't use encryption."""

_LONGEST_HOST = 253  # RFC 1035
_LONGEST_QUOTE = 100

_BUILDERS: Mapping[str, tuple[str, ...]] = {
    "Wix": ("wix.com", "wixsite.com", "wixstudio.com", "editorx.io", "filesusr.com"),
    "Google Sites": ("sites.google.com", "googleusercontent.com"),
}
"""Site builders that show pasted HTML in frames with ever new origins, and the domains of their customers' pages."""


def pasted_origin(text: str) -> str | Message:
    """Return the origin of a page's address as people paste it, or what is wrong with it."""
    origin = _intended_origin(re.split(r"[?#]", text)[0])
    host = urlsplit(origin).hostname if origin else None
    if origin is None or not host or not ("." in host or host in _TRIAL_HOSTS):
        return Message(
            "“%(text)s” is not the address of a website. Open your website and copy the address that your browser "
            "shows, such as https://www.example.org/sign.",
            {"text": text[:_LONGEST_QUOTE]},
        )
    return origin_mistake(origin) or origin


def refusal_of(text: str) -> Message | None:
    """Return why a website that somebody typed can't be named; None if it can."""
    origin = pasted_origin(text)
    if isinstance(origin, Message):
        return origin
    if builder := builder_of(origin):
        return Message(
            "%(builder)s puts what you paste into a frame whose address changes, so you can’t name it here. “In a "
            "site builder” says what to paste there.",
            {"builder": builder},
        )
    return None


def builder_of(origin: str) -> str | None:
    """Return the site builder of a page, by the host's name, or None. No list can hold all origins of its frames."""
    host = urlsplit(origin).hostname or ""
    return next(
        (name for name, domains in _BUILDERS.items() if any(f".{host}".endswith(f".{it}") for it in domains)), None
    )


def origin_mistake(text: str) -> Message | None:
    """Return what is wrong with a website's origin, or None if it is written as browsers write it."""
    values = {"text": repr(text)}
    if "*" in text:
        return Message("%(text)s covers more than one site; list each one, such as https://www.example.org", values)
    origin = _intended_origin(text)
    if origin is None:
        return Message("%(text)s is not a website address; write it like https://www.example.org", values)
    parts = urlsplit(origin)
    if parts.scheme == "http" and parts.hostname not in _TRIAL_HOSTS:
        return Message(
            "%(text)s is not encrypted, so others could change the page around the form; write %(origin)s",
            {**values, "origin": f"https://{parts.netloc}"},
        )
    if text == origin:
        return None
    return Message("%(text)s is not exactly a site’s address; write %(origin)s", {**values, "origin": origin})


def is_web_address(text: str) -> bool:
    """Say whether a text is a full http or https address."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text)


def _intended_origin(text: str) -> str | None:
    """Return the origin of a typed address, which may lack https, have a path, or have letters beyond ASCII."""
    scheme, _, rest = text.strip().rpartition("://")
    host, *_ = rest.partition("/")
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return origin_of(f"{scheme or 'https'}://{host}") if len(host) <= _LONGEST_HOST else None
