"""A server on one port of this machine: a function answers each request in a thread.

It refuses requests with the name of another machine in `Host`: anybody can point a name of their own at 127.0.0.1 (DNS
rebinding), and to a browser their pages are then ours. The servers for AWS clients also ask for the stack's key, which
clients show as their session token (IAM User Guide, "Create a signed AWS API request"). Nothing else of a request's
signature is checked.
"""

from __future__ import annotations

import hmac
import json
import socket
import threading
from typing import TYPE_CHECKING, override

from werkzeug.sansio.utils import host_is_trusted
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from undersigned_cli.local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    type Answer = Callable[[Request], Response]

HEADER = "X-Amz-Security-Token"
"""The header with the stack's key."""

HOST = "127.0.0.1"

_OURS = (HOST, "localhost")
_FOREIGN_HOST = f"This server answers only requests to http://{HOST} or http://localhost. Use one of these.\n"
_NO_KEY = (
    "This is a local stack of Undersigned, and no request of a web page is answered here. A program shows the stack's "
    "key: AWS_SESSION_TOKEN, which `undersigned local` prints."
)


class ConnectionLost(ConnectionError):  # noqa: N818
    """Raised to close the connection without an answer."""


class HttpService:
    """A server on one port of this machine, which it takes immediately. It answers requests after `start`."""

    answer: Answer

    def __init__(self, name: str, port: int, log: Path) -> None:
        """Take the port (0: any free one); raises LocalStackError when another program uses it."""
        log.parent.mkdir(parents=True, exist_ok=True)

        class Handler(WSGIRequestHandler):
            @override
            def log(self, type: str, message: str, *args: object) -> None:
                with log.open("a", encoding="utf-8") as lines:
                    lines.write(f"{self.log_date_time_string()} {name}: {message % args}\n")

            @override
            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                self.log("info", '"%s" %s', self.requestline, code)

            @override
            def connection_dropped(self, *_: object) -> None:
                self.close_connection = True

        @Request.application
        def application(request: Request) -> Response:
            ours = is_for_this_machine(request.headers.get("Host", ""))
            return self.answer(request) if ours else Response(_FOREIGN_HOST, 421)

        try:
            taken = socket.create_server((HOST, port), backlog=128)
        except OSError as error:
            why = f"is not free ({error.strerror}); end the program that uses it, or choose another port"
            message = f"port {port} for {name} {why}"
            raise LocalStackError(message) from error
        with taken:
            self._server = make_server(
                HOST, port, application, threaded=True, request_handler=Handler, fd=taken.fileno()
            )
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


def is_for_this_machine(host: str) -> bool:
    """Return whether a request's Host names this machine. Two Host headers, joined by a comma, name none."""
    return host_is_trusted(host.lower(), _OURS)


def for_key_holders(key: str, answer: Answer) -> Answer:
    """Return a handler that refuses requests without the key, and all requests of web pages.

    A browser shows the key in the query of a signed link of S3.
    """

    def guarded(request: Request) -> Response:
        shown = request.headers.get(HEADER) or (request.args.get(HEADER, "") if request.method == "GET" else "")
        if "Origin" not in request.headers and hmac.compare_digest(shown.encode(), key.encode()):
            return answer(request)
        return as_json({"message": _NO_KEY}, 403, "AccessDeniedException")

    return guarded


def as_json(content: object, status: int = 200, error: str = "") -> Response:
    """Return an answer of AWS's JSON protocols; `error` is its error code."""
    headers = {"x-amzn-ErrorType": error} if error else {}
    return Response(json.dumps(content), status, headers, content_type="application/json")
