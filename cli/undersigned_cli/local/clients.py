"""The endpoint of AWS clients: moto's own server application behind the stack's key, and the functions."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from undersigned_cli.local.account import CALLED, LOCK
from undersigned_cli.local.serving import HOST, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

_INVOCATION = re.compile(r"/2015-03-31/functions/(?P<function>\w+)/invocations")
_JSON = ("Content-Type", "application/json")


def endpoint(invoke: Callable[[str, Any], Any]) -> Callable[[Request], Response]:
    """Return the handler of all requests of AWS clients. `invoke` invokes a function by its logical id."""
    moto = DomainDispatcherApplication(create_backend_app)

    def answer(request: Request) -> Response:
        if found := _INVOCATION.fullmatch(request.path):
            return _invoked(lambda: invoke(found["function"], json.loads(request.body)))
        with LOCK:
            answered = _of_wsgi(moto, request)
        CALLED.set()
        return answered

    return answer


def _invoked(run: Callable[[], Any]) -> Response:
    try:
        return Response(200, (_JSON,), json.dumps(run()).encode())
    except Exception as error:  # noqa: BLE001  (any error of a function is its answer)
        failed = {"errorType": type(error).__name__, "errorMessage": str(error)}
        return Response(200, (_JSON, ("X-Amz-Function-Error", "Unhandled")), json.dumps(failed).encode())


def _of_wsgi(application: Any, request: Request) -> Response:
    parts = urlsplit(request.target)
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers}
    begun: dict[str, Any] = {}
    environ = {
        **headers,
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "RAW_URI": request.target,
        "CONTENT_TYPE": request.header("Content-Type") or "",
        "CONTENT_LENGTH": str(len(request.body)),
        "REMOTE_ADDR": request.client,
        "SERVER_NAME": HOST,
        "SERVER_PORT": (request.header("Host") or "").rpartition(":")[2] or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    # The body is all there.
    environ.pop("HTTP_TRANSFER_ENCODING", None)

    def start(status: str, given: list[tuple[str, str]], *_: Any) -> None:
        begun.update(status=int(status.split(maxsplit=1)[0]), headers=given)

    content = application(environ, start)
    try:
        body = b"".join(content)
    finally:
        if hasattr(content, "close"):
            content.close()
    kept = [(name, value) for name, value in begun["headers"] if name.lower() not in {"content-length", "connection"}]
    return Response(begun["status"], tuple(kept), body)
