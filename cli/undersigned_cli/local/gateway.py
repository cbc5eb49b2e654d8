"""The stack's public address: API Gateway's HTTP API in front of the two functions that have routes."""

from __future__ import annotations

import re
import secrets
import threading
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from undersigned_cli.local.resources import ACCOUNT
from undersigned_cli.local.serving import as_json
from undersigned_cli.local.template import load_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

MAX_BODY = 10 * 1024 * 1024
"""API Gateway's limit: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html."""


class Gateway:
    """Answers requests as an HTTP API does, with payloads of version 2.0."""

    def __init__(self, invoke: Callable[[str, Any], Any], port: int, log: Callable[[str], None]) -> None:
        """Use a way to invoke a function by its logical id. `log` gets the error of a page that fails."""
        self._invoke = invoke
        self._port = port
        self._log = log
        self._routes = _routes()
        # Powertools keeps the request that it answers in a class, for all APIs of a process.
        self._one_at_a_time = threading.Lock()

    def answer(self, request: Request) -> Response:
        """Answer a request. A function's error is in the log, as at API Gateway."""
        body = request.get_data()
        if len(body) > MAX_BODY:
            return as_json({"message": "Request Entity Too Large"}, 413)
        # As it was sent: `request.path` is decoded.
        path, _, query = request.environ["RAW_URI"].partition("?")
        _, route, function = next(each for each in self._routes if each[0].fullmatch(f"{request.method} {path}"))
        try:
            with self._one_at_a_time:
                answer = self._invoke(function, self._event(request, route, path, query, body))
        except Exception as error:  # noqa: BLE001  (any error of a function is a page that fails)
            self._log(f"{function} failed at {request.method} {path}: {error!r}")
            return as_json({"message": "Internal Server Error"}, 500)
        return _response(answer)

    def _event(self, request: Request, route: str, path: str, query: str, body: bytes) -> dict[str, Any]:
        client = request.remote_addr or ""
        before = request.headers.get("X-Forwarded-For")
        headers = {name.lower(): value for name, value in request.headers} | {
            "x-forwarded-for": f"{before}, {client}" if before else client,
            "x-forwarded-port": str(self._port),
            "x-forwarded-proto": "http",
        }
        cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
        http = {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": client,
            "userAgent": headers.get("user-agent", ""),
        }
        context = {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": headers.get("host", ""),
            "http": http,
            "requestId": secrets.token_hex(8),
            "routeKey": route,
            "stage": "$default",
        }
        return {
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": query,
            "cookies": cookies,
            "headers": headers,
            "queryStringParameters": {name: ",".join(request.args.getlist(name)) for name in request.args},
            "requestContext": context,
            "body": b64encode(body).decode(),
            "isBase64Encoded": bool(body),
        }


def _routes() -> list[tuple[re.Pattern[str], str, str]]:
    """Return each route's pattern, its key and its function; the exact ones first, the greedy ones last."""
    routes = [
        (event["Properties"]["Method"], event["Properties"]["Path"], name)
        for name, resource in load_template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]
    routes.sort(key=lambda route: ("+}" in route[1], "{" in route[1], -len(route[1])))
    return [(_pattern(method, path), f"{method} {path}", name) for method, path, name in routes]


def _pattern(method: str, path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", path)
    said = "".join(".+" if "+}" in part else "[^/]+" if part[:1] == "{" else re.escape(part) for part in parts)
    return re.compile(f"{'[A-Z]+' if method == 'ANY' else method} {said}")


def _response(answer: Any) -> Response:
    body = answer.get("body") or ""
    headers = Headers((answer.get("headers") or {}).items())
    for cookie in answer.get("cookies") or ():
        headers.add("Set-Cookie", cookie)
    return Response(b64decode(body) if answer.get("isBase64Encoded") else body, answer["statusCode"], headers)
