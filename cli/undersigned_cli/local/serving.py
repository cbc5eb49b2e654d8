"""A small HTTP server: a function answers each request in a thread; requests and responses are values.

It refuses requests with the name of another machine in `Host`.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, override
from urllib.parse import urlsplit

from undersigned_cli.local.errors import PortTakenError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

HOST = "127.0.0.1"

type Headers = tuple[tuple[str, str], ...]

_THIS_MACHINE = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """A request. `target` is the path and query as the client sent them."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    client: str = HOST

    @property
    def path(self) -> str:
        """Return the path, still percent-encoded."""
        return urlsplit(self.target).path

    def header(self, name: str) -> str | None:
        """Return a header's first value; None when it is missing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Response:
    """A response. The server adds its length."""

    status: int
    headers: Headers = field(default=(("Content-Type", "text/plain; charset=utf-8"),))
    body: bytes = b""


def is_for_this_machine(hosts: Sequence[str]) -> bool:
    """Return whether a request's Host headers name this machine.

    Anybody can point a name of their own at 127.0.0.1 (DNS rebinding). To a browser, their pages are then ours.
    """
    return len(hosts) == 1 and _THIS_MACHINE.fullmatch(hosts[0]) is not None


class ConnectionLost(Exception):  # noqa: N818
    """Raised to close the connection without an answer."""


class HttpService:
    """A server on one port of this machine, which it takes immediately. It answers requests after `start`."""

    def __init__(self, name: str, port: int, log: Path) -> None:
        """Take the port (0: any free one); raises PortTakenError when another program uses it."""
        self.answer: Callable[[Request], Response] = _not_yet
        service = self

        class Handler(_Handler):
            @override
            def answer(self, request: Request) -> Response:
                return service.answer(request)

            @override
            def log_message(self, format: str, *args: object) -> None:
                with log.open("a", encoding="utf-8") as lines:
                    lines.write(f"{self.log_date_time_string()} {name}: {format % args}\n")

        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._server = _Server((HOST, port), Handler)
        except OSError as error:
            raise PortTakenError(name, port, error.strerror) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name=name, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """Return the server's port."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Return the server's base address."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start answering requests."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering requests, and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


_FOREIGN_HOST = Response(
    421, body=f"This server answers only requests to http://{HOST} or http://localhost. Use one of these.\n".encode()
)


def _not_yet(request: Request) -> Response:
    return Response(503, body=f"The local stack is still starting: {request.path}\n".encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def answer(self, request: Request) -> Response:
        raise NotImplementedError

    def _serve(self) -> None:
        try:
            request = Request(
                self.command, self.path, tuple(self.headers.items()), self._body(), self.client_address[0]
            )
            ours = is_for_this_machine(self.headers.get_all("Host", []))
            response = self.answer(request) if ours else _FOREIGN_HOST
        except ConnectionLost:
            self.close_connection = True
            return
        except Exception as error:  # noqa: BLE001
            self.log_error("%s %s: %r", self.command, self.path, error)
            response = Response(502, body=f"{error}\n".encode())
        self._send(response)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _send(self, response: Response) -> None:
        self.log_request(response.status)
        self.send_response_only(response.status)
        if not any(name.lower() == "date" for name, _ in response.headers):
            self.send_header("Date", self.date_time_string())
        for name, value in response.headers:
            self.send_header(name, value)
        if self._has_length(response):
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _has_length(self, response: Response) -> bool:
        """Return whether to send the length: never with 204, and with HEAD only if it is known (RFC 9110, 8.6)."""
        if response.status == HTTPStatus.NO_CONTENT:
            return False
        return self.command != "HEAD" or bool(response.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815
