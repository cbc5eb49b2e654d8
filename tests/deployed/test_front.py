from __future__ import annotations

import pytest

from tests.deployed import front as front_module
from tests.deployed.front import MAX_BODY, as_api_gateway, front, to_api
from undersigned_cli.local.serving import Request, Response

API, EMULATOR, PORT, KEY = "0a1b2c3d", 4566, 8000, "the-key"


def test_a_request_is_sent_to_the_default_stage_with_its_target_unchanged() -> None:
    request = Request("GET", "/campaigns/a%2Fb?x=%26&x=2")

    assert to_api(request, API, PORT, KEY).target == f"/_aws/execute-api/{API}/$default/campaigns/a%2Fb?x=%26&x=2"


def test_method_body_and_headers_are_passed_on() -> None:
    request = Request("POST", "/x", (("Host", "127.0.0.1:8000"), ("Accept", "text/html")), b"\x00\xff", "127.0.0.1")

    sent = to_api(request, API, PORT, KEY)

    assert (sent.method, sent.body) == ("POST", b"\x00\xff")
    assert sent.headers[:2] == (("Host", "127.0.0.1:8000"), ("Accept", "text/html"))


def test_the_clients_address_is_added_after_earlier_ones() -> None:
    request = Request(
        "GET", "/", (("x-forwarded-for", "192.0.2.7"), ("X-Forwarded-Proto", "https")), client="127.0.0.1"
    )

    sent = to_api(request, API, PORT, KEY)

    assert sent.headers == (
        ("X-Forwarded-For", "192.0.2.7, 127.0.0.1"),
        ("X-Forwarded-Port", "8000"),
        ("X-Forwarded-Proto", "http"),
        ("X-Amz-Security-Token", KEY),
    )


def test_a_client_cannot_choose_the_key() -> None:
    sent = to_api(Request("GET", "/", (("x-amz-security-token", "another"),)), API, PORT, KEY)

    assert [value for name, value in sent.headers if name.lower() == "x-amz-security-token"] == [KEY]


def test_headers_of_a_single_connection_are_left_out() -> None:
    request = Request(
        "GET", "/", (("Connection", "keep-alive, X-Mine"), ("X-Mine", "1"), ("Transfer-Encoding", "chunked"))
    )

    names = [name for name, _ in to_api(request, API, PORT, KEY).headers]

    assert not {"Connection", "X-Mine", "Transfer-Encoding"} & set(names)


def test_the_answer_is_passed_back_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Response(
        303, (("Location", "/letters/t"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")), bytes(range(256))
    )
    monkeypatch.setattr(front_module, "forward", lambda request, port: answer)

    assert front(API, EMULATOR, PORT, KEY)(Request("POST", "/x")) is answer


def test_a_body_above_api_gateways_limit_is_not_forwarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_module, "forward", lambda request, port: pytest.fail("it was forwarded"))

    assert front(API, EMULATOR, PORT, KEY)(Request("POST", "/x", body=bytes(MAX_BODY + 1))).status == 413


def test_a_functions_error_is_hidden_from_visitors() -> None:
    failed = Response(502, body=b'{"errorMessage": "ada@signers.example", "errorType": "Runtime.HandlerError"}')

    assert as_api_gateway(failed).status == 500
    assert b"ada" not in as_api_gateway(failed).body


def test_a_502_of_the_product_is_passed_on() -> None:
    own = Response(502, body=b"the mail service is away")

    assert as_api_gateway(own) is own
