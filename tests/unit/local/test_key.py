"""Access to the servers of a local stack: programs that show its key have it, and pages of other sites never."""

from __future__ import annotations

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from undersigned_cli.local.serving import HEADER, for_key_holders, is_for_this_machine

KEY = "the-key"


def status(*headers: tuple[str, str], method: str = "GET", target: str = "/") -> int:
    guarded = Client(Request.application(for_key_holders(KEY, lambda _: Response("an answer"))))
    return guarded.open(target, method=method, headers=[*headers]).status_code


def test_the_key_is_needed() -> None:
    assert status((HEADER, KEY)) == 200
    assert status() == 403
    assert status((HEADER, "another")) == 403


def test_a_page_is_refused_even_with_the_key() -> None:
    assert status((HEADER, KEY), ("Origin", "http://127.0.0.1:8000")) == 403


def test_a_signed_link_has_the_key_in_it_for_reading_only() -> None:
    assert status(target=f"/bucket/packet.pdf?{HEADER}={KEY}") == 200
    assert status(target=f"/bucket/packet.pdf?{HEADER}={KEY}", method="PUT") == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8001", "LOCALHOST"])
def test_requests_to_this_machine_are_answered(host: str) -> None:
    assert is_for_this_machine(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "rebound.example:8000",
        "127.0.0.1.rebound.example",
        "localhost.rebound.example:8000",
        "127.0.0.1:8000@rebound.example",
        "127.0.0.1,rebound.example",
        "127.0.0.1, rebound.example",
        "127.0.0.1\n",
        "letters.s3.localhost",
    ],
)
def test_requests_to_another_name_are_refused(host: str) -> None:
    assert not is_for_this_machine(host)
