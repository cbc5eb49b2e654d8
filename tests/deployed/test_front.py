from __future__ import annotations

import pytest
from werkzeug.wrappers import Request, Response

from tests.deployed import front as front_module
from tests.deployed.front import MAX_BODY, as_api_gateway, front, to_api

API, EMULATOR, PORT, KEY = "0a1b2c3d", 4566, 8000, "the-key"


def test_a_request_is_sent_to_the_default_stage_with_its_target_unchanged() -> None:
    target, _ = to_api(Request.from_values("/campaigns/a%2Fb?x=%26&x=2"), API, PORT, KEY)

    assert target == f"/_aws/execute-api/{API}/$default/campaigns/a%2Fb?x=%26&x=2"


def of_address(**headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request.from_values(headers=named, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})


def test_the_clients_address_is_added_after_earlier_ones() -> None:
    _, headers = to_api(of_address(X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="https"), API, PORT, KEY)

    assert headers == [
        ("Host", "localhost"),
        ("X-Forwarded-For", "192.0.2.7, 127.0.0.1"),
        ("X-Forwarded-Port", "8000"),
        ("X-Forwarded-Proto", "http"),
        ("X-Amz-Security-Token", KEY),
    ]


def test_a_client_cannot_choose_the_key() -> None:
    _, headers = to_api(of_address(x_amz_security_token="another"), API, PORT, KEY)

    assert [value for name, value in headers if name.lower() == "x-amz-security-token"] == [KEY]


def test_headers_of_a_single_connection_are_left_out() -> None:
    request = of_address(Connection="keep-alive, X-Mine", X_Mine="1", Transfer_Encoding="chunked")

    _, headers = to_api(request, API, PORT, KEY)

    assert not {"Connection", "X-Mine", "Transfer-Encoding"} & {name for name, _ in headers}


def test_the_answer_is_passed_back_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Response(
        bytes(range(256)), 303, [("Location", "/letters/t"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    )
    monkeypatch.setattr(front_module, "forward", lambda *_: answer)

    assert front(API, EMULATOR, PORT, KEY)(Request.from_values("/x", method="POST")) is answer


def test_a_body_above_api_gateways_limit_is_not_forwarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_module, "forward", lambda *_: pytest.fail("it was forwarded"))
    large = Request.from_values("/x", method="POST", data=bytes(MAX_BODY + 1))

    assert front(API, EMULATOR, PORT, KEY)(large).status_code == 413


def test_a_functions_error_is_hidden_from_visitors() -> None:
    failed = Response('{"errorMessage": "ada@signers.example", "errorType": "Runtime.HandlerError"}', 502)

    assert as_api_gateway(failed).status_code == 500
    assert b"ada" not in as_api_gateway(failed).data


def test_a_502_of_the_product_is_passed_on() -> None:
    own = Response("the mail service is away", 502)

    assert as_api_gateway(own) is own
