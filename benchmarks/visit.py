"""The requests that a browser makes while one person signs and confirms, answered by the real handlers.

It reads the pages as a browser does: it loads what they name, keeps what they allow it to keep, follows redirects and
does what `form.js` does with the addresses in the form. A test compares it with a browser. What only some people load
is left out: the pad.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, override
from urllib.parse import quote, urlsplit

from tests.world import ADA, CAMPAIGN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.world import Answer, World

_LOADED = {("script", "src"), ("img", "src"), ("link", "href")}
_LINKS = {"icon", "stylesheet", "preload", "modulepreload", "manifest"}
_FACE = re.compile(r"@font-face\{[^}]*url\((/[^)]+)\)[^}]*unicode-range:([^;}]+)")
_HEADERS = {"accept": "text/html", "accept-encoding": "gzip"}

_SOURCE = "198.51.100.7"
"""An IP address in a network that nobody else of the tests' people has."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request and its answer. `route` is without what differs from one person to another."""

    route: str
    answer: Answer

    @property
    def name(self) -> str:
        """Return the row's name; anyone may cache an answer that says `public`."""
        is_public = "public" in self.answer.headers.get("cache-control", "")
        return f"browser: {self.route}{CACHEABLE if is_public else ''}"

    @property
    def size(self) -> int:
        """Return the bytes of the answer: its body as it is sent, and its headers."""
        return len(self.answer.content) + sum(len(name) + len(text) + 4 for name, text in self.answer.headers.items())


CACHEABLE = ", cacheable"
ROW = re.compile(rf"browser: (?P<method>[A-Z]+) (?P<path>\S+?)(?P<cacheable>{CACHEABLE})?$")
"""The name of a request's row among the figures of `calls`."""


@dataclass
class Browser:
    """A browser of one person. `around` makes each request, so that its calls can be counted."""

    world: World
    around: Callable[[str, Callable[[], Answer]], Answer]
    kept: set[str] = field(default_factory=set)

    def sign(self) -> None:
        """Open the form, fill it in and send it."""
        page = self._open(f"/campaigns/{CAMPAIGN}")
        [form] = [form for form in page.forms if form.get("method") == "post"]
        if targets := form.get("data-targets"):
            self._get(f"{targets}&postal_code={quote(str(ADA['postal_code']))}", accept="*/*")
        answer = self._post(form["action"], {**dict(page.hidden), **ADA}, accept="application/json")
        assert answer.status == 202, answer.body

    def confirm(self, link: str) -> None:
        """Open the link in the email, and press its button."""
        page = self._open(link)
        [form] = [form for form in page.forms if form["action"].startswith("/confirm/")]
        self._follow(self._post(form["action"], dict(page.hidden)))

    def _open(self, address: str) -> _Page:
        return self._follow(self._get(address))

    def _follow(self, answer: Answer) -> _Page:
        """Follow redirects to a page, and load what it names."""
        while answer.status == 303:
            answer = self._get(answer.headers["location"])
        assert answer.status == 200, answer.body
        page = _Page(answer)
        for address in page.loaded:
            if address not in self.kept:
                self.kept.add(address)
                self._get(address, accept="*/*")
        return page

    def _get(self, address: str, accept: str = "text/html") -> Answer:
        path = _path(address)
        return self.around(f"GET {route(path)}", lambda: self.world.get(path, headers=_HEADERS | {"accept": accept}))

    def _post(self, address: str, values: dict[str, object], accept: str = "text/html") -> Answer:
        path, headers = _path(address), _HEADERS | {"accept": accept}
        return self.around(
            f"POST {route(path)}", lambda: self.world.post(path, values, headers=headers, source=_SOURCE)
        )


class _Page(HTMLParser):
    """What a browser reads of a page: the forms, the hidden fields, and what it loads."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self.hidden: list[tuple[str, object]] = []
        self.loaded: list[str] = []
        html = _text(answer)
        self.feed(html)
        self.loaded += fonts_for(str(ADA["signature"]), html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(named)
        elif tag == "input" and named.get("type") == "hidden":
            self.hidden.append((named["name"], named.get("value", "")))
        self.loaded += _loads(tag, named)


def _loads(tag: str, named: dict[str, str]) -> Iterator[str]:
    for name, address in named.items():
        is_loaded = (tag, name) in _LOADED and (tag != "link" or {*named.get("rel", "").split()} & _LINKS)
        if is_loaded and not address.startswith("data:"):
            yield address


def fonts_for(text: str, style: str) -> list[str]:
    """Return the addresses of the fonts that a text needs: each character comes from the last face that has it."""
    faces = [(address, [_range(each) for each in ranges.split(",")]) for address, ranges in _FACE.findall(style)]
    used = {
        next((address for address, ranges in reversed(faces) if any(ord(each) in some for some in ranges)), None)
        for each in text
    }
    return [address for address, _ in faces if address in used]


def _range(text: str) -> range:
    """Read a part of `unicode-range`, such as `U+20` or `U+41-5A`."""
    first, _, last = text.strip().removeprefix("U+").partition("-")
    return range(int(first, 16), int(last or first, 16) + 1)


def _text(answer: Answer) -> str:
    return (gzip.decompress(answer.content) if "content-encoding" in answer.headers else answer.content).decode()


def _path(address: str) -> str:
    """Return an address without its host, which may be a CDN's."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def route(path: str) -> str:
    """Return a path as the API's document has it, with the asset's name in place of its version."""
    parts = urlsplit(path).path.replace(CAMPAIGN, "{campaign}")
    parts = re.sub(r"^/(confirm|letters)/[^/]+", r"/\1/{token}", parts)
    return re.sub(r"^/assets/[0-9a-f]+/", "/assets/", parts)
