"""The front: the stack's public address on one port, forwarded to the emulator's HTTP API."""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from undersigned_cli.local import key as keys
from undersigned_cli.local.serving import HOST, Headers, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

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
_OWN = frozenset({"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", keys.HEADER.lower()})


def to_api(request: Request, api: str, port: int, key: str) -> Request:
    """Return the request to an HTTP API's default stage, with the headers that API Gateway adds, and the key."""
    before = request.header("X-Forwarded-For")
    return Request(
        request.method,
        f"/_aws/execute-api/{api}/$default{request.target}",
        (
            *(header for header in _end_to_end(request.headers) if header[0].lower() not in _OWN),
            ("X-Forwarded-For", f"{before}, {request.client}" if before else request.client),
            ("X-Forwarded-Port", str(port)),
            ("X-Forwarded-Proto", "http"),
            (keys.HEADER, key),
        ),
        request.body,
        request.client,
    )


def forward(request: Request, port: int) -> Response:
    """Send a request to a server on this machine, and return its answer."""
    connection = HTTPConnection(HOST, port, timeout=_PATIENCE)
    try:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in _end_to_end(request.headers):
            connection.putheader(name, value)
        if request.body or request.method in {"POST", "PUT", "PATCH"}:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        return Response(answer.status, _end_to_end(tuple(answer.getheaders())), answer.read())
    finally:
        connection.close()


def front(api: str, emulator_port: int, port: int, key: str) -> Callable[[Request], Response]:
    """Return the handler of an API's public address. Requests of other sites are left to the API, as in AWS."""

    def answer(request: Request) -> Response:
        if len(request.body) > MAX_BODY:
            return Response(413, (("Content-Type", "application/json"),), b'{"message":"Request Entity Too Large"}')
        return as_api_gateway(forward(to_api(request, api, port, key), emulator_port))

    return answer


def as_api_gateway(response: Response) -> Response:
    """Hide a function's error, as API Gateway does. The function's log has it."""
    if response.status == HTTPStatus.BAD_GATEWAY and b'"errorType"' in response.body:
        return Response(500, (("Content-Type", "application/json"),), b'{"message":"Internal Server Error"}')
    return response


def _end_to_end(headers: Headers) -> Headers:
    """Leave out the headers of one connection (RFC 9110, section 7.6.1)."""
    named = {name.strip().lower() for key, value in headers if key.lower() == "connection" for name in value.split(",")}
    return tuple((key, value) for key, value in headers if key.lower() not in _HOP_BY_HOP | named)
