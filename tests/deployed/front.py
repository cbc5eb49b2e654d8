"""The front: the stack's public address on one port, forwarded to the emulator's HTTP API."""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from undersigned_cli.local.serving import HEADER, HOST, as_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Request

    from undersigned_cli.local.serving import Answer

MAX_BODY = 10 * 1024 * 1024
"""API Gateway's limit: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html."""

_PATIENCE = 60.0
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OWN = frozenset({"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", HEADER.lower()})


def to_api(request: Request, api: str, port: int, key: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a request's target at an HTTP API's default stage, and the headers that API Gateway adds, and the key."""
    before = request.headers.get("X-Forwarded-For")
    headers = [
        *(header for header in _end_to_end(request.headers) if header[0].lower() not in _OWN),
        ("X-Forwarded-For", f"{before}, {request.remote_addr}" if before else str(request.remote_addr)),
        ("X-Forwarded-Port", str(port)),
        ("X-Forwarded-Proto", "http"),
        (HEADER, key),
    ]
    return f"/_aws/execute-api/{api}/$default{request.environ['RAW_URI']}", headers


def forward(request: Request, port: int, target: str = "", headers: Iterable[tuple[str, str]] = ()) -> Response:
    """Send a request to a server on this machine, with its own target and headers or others. Return the answer."""
    body = request.get_data()
    connection = HTTPConnection(HOST, port, timeout=_PATIENCE)
    try:
        where = target or request.environ["RAW_URI"]
        connection.putrequest(request.method, where, skip_host=True, skip_accept_encoding=True)
        for name, value in headers or _end_to_end(request.headers):
            connection.putheader(name, value)
        if body or request.method in {"POST", "PUT", "PATCH"}:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return Response(answer.read(), answer.status, _end_to_end(answer.getheaders()))
    finally:
        connection.close()


def front(api: str, emulator_port: int, port: int, key: str) -> Answer:
    """Return the handler of an API's public address. Requests of other sites are left to the API, as in AWS."""

    def answer(request: Request) -> Response:
        if len(request.get_data()) > MAX_BODY:
            return as_json({"message": "Request Entity Too Large"}, 413)
        return as_api_gateway(forward(request, emulator_port, *to_api(request, api, port, key)))

    return answer


def as_api_gateway(response: Response) -> Response:
    """Hide a function's error, as API Gateway does. The function's log has it."""
    if response.status_code == HTTPStatus.BAD_GATEWAY and b'"errorType"' in response.data:
        return as_json({"message": "Internal Server Error"}, 500)
    return response


def _end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out the headers of one connection (RFC 9110, section 7.6.1)."""
    sent = list(headers)
    named = {name.strip().lower() for key, value in sent if key.lower() == "connection" for name in value.split(",")}
    return [(key, value) for key, value in sent if key.lower() not in _HOP_BY_HOP | named]
