"""The stack's public address: API Gateway's HTTP API in front of the two functions that have routes."""

from __future__ import annotations

import json
import re
import secrets
import threading
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from undersigned_cli.local.running import ACCOUNT
from undersigned_cli.local.serving import Request, Response
from undersigned_cli.local.template import load_template

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BODY = 10 * 1024 * 1024
"""API Gateway's limit: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html."""

_JSON = (("Content-Type", "application/json"),)
_TOO_LARGE = Response(413, _JSON, b'{"message":"Request Entity Too Large"}')
_FAILED = Response(500, _JSON, b'{"message":"Internal Server Error"}')
_NO_ROUTE = Response(404, _JSON, b'{"message":"Not Found"}')


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
        if len(request.body) > MAX_BODY:
            return _TOO_LARGE
        found = next((one for one in self._routes if one[0].fullmatch(f"{request.method} {request.path}")), None)
        if found is None:
            return _NO_ROUTE
        _, key, function = found
        try:
            with self._one_at_a_time:
                answer = self._invoke(function, self._event(request, key))
        except Exception as error:  # noqa: BLE001  (any error of a function is a page that fails)
            self._log(f"{function} failed at {request.method} {request.path}: {error!r}")
            return _FAILED
        return _response(answer)

    def _event(self, request: Request, route: str) -> dict[str, Any]:
        parts = urlsplit(request.target)
        before = request.header("X-Forwarded-For")
        headers = _joined((name.lower(), value) for name, value in request.headers) | {
            "x-forwarded-for": f"{before}, {request.client}" if before else request.client,
            "x-forwarded-port": str(self._port),
            "x-forwarded-proto": "http",
        }
        cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
        http = {
            "method": request.method,
            "path": parts.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.client,
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
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "cookies": cookies,
            "headers": headers,
            "queryStringParameters": _joined(parse_qsl(parts.query, keep_blank_values=True)),
            "requestContext": context,
            "body": b64encode(request.body).decode(),
            "isBase64Encoded": bool(request.body),
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


def _joined(pairs: Any) -> dict[str, str]:
    """Return the values by name; those of the same name with commas between them."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _response(answer: Any) -> Response:
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Response(200, _JSON, json.dumps(answer).encode())
    body = answer.get("body") or ""
    content = b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    headers = tuple((name, str(value)) for name, value in (answer.get("headers") or {}).items())
    cookies = tuple(("Set-Cookie", cookie) for cookie in answer.get("cookies") or ())
    return Response(answer["statusCode"], (*headers, *cookies), content)
