"""The pages of a stack in memory, at an address that a browser can open."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.world import PUBLIC_URL
from undersigned_cli.local.serving import HttpService, Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world import World
    from undersigned_cli.local.serving import Request


@dataclass
class Site:
    """The address. The stack's clock goes on between requests, which all come from the IP address `source`.

    `requests` are those that came here; what a browser's cache answers is not among them.
    """

    world: World
    address: str
    source: str = "203.0.113.9"
    requests: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _answered_at: float = field(default_factory=time.monotonic)

    def answer(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers}
        if headers.get("origin") == self.address:
            headers["origin"] = PUBLIC_URL
        cookies = [part.strip() for part in headers.pop("cookie", "").split(";") if part.strip()]
        headers["host"] = PUBLIC_URL.removeprefix("https://")
        self.requests.append(f"{request.method} {request.target}")
        with self.lock:
            self.world.clock.advance(seconds=time.monotonic() - self._answered_at)
            self._answered_at = time.monotonic()
            answer = self.world.request(
                request.method,
                request.target,
                headers=headers,
                raw=request.body if request.method == "POST" else None,
                source=self.source,
                cookies=cookies,
            )
        kept = (*answer.headers.items(), *(("Set-Cookie", cookie) for cookie in answer.cookies))
        return Response(answer.status, kept, answer.content)


@contextmanager
def served(world: World, folder: Path) -> Iterator[Site]:
    """Serve a stack's pages, with a log in the folder."""
    service = HttpService("pages", 0, folder / "pages.log")
    site = Site(world, service.url)
    service.answer = site.answer
    service.start()
    try:
        yield site
    finally:
        service.stop()
