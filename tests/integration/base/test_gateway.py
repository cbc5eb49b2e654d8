"""Test what a function gets of a request, and what a visitor gets of its answer."""

from __future__ import annotations

import base64
import gzip
import json
from contextlib import closing
from http.client import HTTPConnection
from socket import create_connection
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request

from undersigned_cli.local.gateway import MAX_BODY, Gateway
from undersigned_cli.local.serving import HOST, HttpService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from pathlib import Path


class Function:
    """Answers with the request that it got, gzipped and with cookies. `events` are the requests."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.said: list[str] = []

    def invoke(self, name: str, event: Any) -> Any:
        self.events.append((name, event))
        if event["rawPath"] == "/nothing":
            return {"statusCode": 204, "headers": {"Access-Control-Max-Age": "600"}}
        if event["rawPath"] == "/fails":
            message = "a secret"
            raise RuntimeError(message)
        seen = {**event["requestContext"]["http"], "body": event["body"], "encoded": event["isBase64Encoded"]}
        return {
            "statusCode": 200,
            "headers": {"Content-Type": "application/json", "Content-Encoding": "gzip", "Vary": "Origin"},
            "cookies": ["a=1; HttpOnly", "b=2"],
            "body": base64.b64encode(gzip.compress(json.dumps(seen).encode())).decode(),
            "isBase64Encoded": True,
        }

    @property
    def event(self) -> Any:
        return self.events[-1][1]


@pytest.fixture
def function() -> Function:
    return Function()


@pytest.fixture
def gateway(function: Function) -> Client:
    return Client(Request.application(Gateway(function.invoke, 8000, function.said.append).answer), use_cookies=False)


@pytest.fixture
def service(function: Function, tmp_path: Path) -> Iterator[HttpService]:
    made = HttpService("the gateway", 0, tmp_path / "http.log")
    made.answer = Gateway(function.invoke, made.port, function.said.append).answer
    made.start()
    yield made
    made.stop()


def sent(
    service: HttpService, method: str, path: str = "/seen", body: bytes | None = None, *, client: str = "127.0.0.1"
) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=60, source_address=(client, 0))) as connection:
        connection.request(method, path, body, {"Content-Type": "image/png"})
        answer = connection.getresponse()
        return answer, answer.read()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_each_method_reaches_the_function(service: HttpService, method: str) -> None:
    _, body = sent(service, method)

    assert json.loads(gzip.decompress(body))["method"] == method


def test_binary_bodies_and_cookies_pass_through(service: HttpService) -> None:
    answer, body = sent(service, "POST", body=bytes(range(256)))

    seen = json.loads(gzip.decompress(body))
    assert seen["encoded"]
    assert base64.b64decode(seen["body"]) == bytes(range(256))
    assert answer.headers.get_all("Set-Cookie") == ["a=1; HttpOnly", "b=2"]
    assert (answer.headers["Vary"], answer.headers["Content-Encoding"]) == ("Origin", "gzip")


def test_head_returns_only_the_headers(service: HttpService) -> None:
    answer, body = sent(service, "HEAD")

    assert (answer.status, answer.headers["Content-Encoding"], body) == (200, "gzip", b"")


def test_an_answer_without_content_has_no_length(service: HttpService) -> None:
    answer, _ = sent(service, "OPTIONS", "/nothing")

    assert (answer.status, answer.headers["Access-Control-Max-Age"]) == (204, "600")
    assert "Content-Length" not in answer.headers


def test_a_function_gets_the_address_of_the_client(service: HttpService) -> None:
    _, body = sent(service, "GET", client="127.0.0.2")

    assert json.loads(gzip.decompress(body))["sourceIp"] == "127.0.0.2"


def test_a_request_with_two_names_reaches_no_function(service: HttpService, function: Function) -> None:
    with create_connection((HOST, service.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: rebound.example\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 421 ")
    assert function.events == []


@pytest.mark.parametrize(
    ("method", "path", "function_of", "route"),
    [
        ("POST", "/campaigns/a/signatures", "PublicApi", "POST /campaigns/{campaign}/signatures"),
        ("GET", "/confirm/abc", "PublicApi", "GET /confirm/{token}"),
        ("GET", "/campaigns/a/count", "PublicApi", "GET /campaigns/{campaign}/count"),
        ("PATCH", "/campaigns/a/count", "PublicApi", "ANY /{proxy+}"),
        ("GET", "/", "PublicApi", "ANY /"),
        ("GET", "/organizer", "OrganizerApi", "ANY /organizer"),
        ("POST", "/organizer/sign-in", "OrganizerApi", "ANY /organizer/{proxy+}"),
        ("GET", "/organizers", "PublicApi", "ANY /{proxy+}"),
    ],
)
def test_a_request_takes_the_templates_most_exact_route(  # noqa: PLR0917
    gateway: Client, function: Function, method: str, path: str, function_of: str, route: str
) -> None:
    gateway.open(path, method=method)

    assert (function.events[-1][0], function.event["routeKey"]) == (function_of, route)


def test_headers_cookies_and_queries_are_as_in_payload_version_2(gateway: Client, function: Function) -> None:
    headers = [("Accept", "a"), ("ACCEPT", "b"), ("Cookie", "one=1; two=2"), ("X-Forwarded-For", "192.0.2.1")]
    address = {"REMOTE_ADDR": "127.0.0.3"}
    gateway.get("/seen%20it?a=1&a=2&b=", headers=headers, environ_overrides=address)

    event = function.event
    assert (event["rawPath"], event["rawQueryString"]) == ("/seen%20it", "a=1&a=2&b=")
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["cookies"] == ["one=1", "two=2"]
    assert (event["headers"]["accept"], "cookie" in event["headers"]) == ("a, b", False)
    assert event["headers"]["x-forwarded-for"] == "192.0.2.1, 127.0.0.3"


def test_a_body_above_api_gateways_limit_reaches_no_function(gateway: Client, function: Function) -> None:
    answer = gateway.post("/seen", data=b"x" * (MAX_BODY + 1))

    assert (answer.status_code, function.events) == (413, [])


def test_a_functions_error_is_in_the_log_and_hidden_from_visitors(gateway: Client, function: Function) -> None:
    answer = gateway.get("/fails")

    assert (answer.status_code, b"secret" in answer.data) == (500, False)
    assert function.said == ["PublicApi failed at GET /fails: RuntimeError('a secret')"]
