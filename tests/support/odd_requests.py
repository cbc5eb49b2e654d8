"""Odd requests, in one table: what is odd, and the status and the words of the answer."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.world import ADA, CAMPAIGN, FORM, PERIOD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

JSON, FIELDS = "application/json", "application/x-www-form-urlencoded"
API = f"/organizer/campaigns/{CAMPAIGN}"
SIGNATURES = f"{FORM}/signatures"


@dataclass(frozen=True)
class Odd:
    """A request. `says` is in the answer, or is the one field that an answer of status 422 names."""

    what: str
    status: int
    says: str
    method: str
    path: str
    media_type: str = JSON
    body: bytes | None = None
    encoding: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        encoding = {"content-encoding": self.encoding} if self.encoding else {}
        return ({"content-type": self.media_type} if self.body is not None else {}) | encoding


def _sent(  # noqa: PLR0917  (in the order of a row)
    what: str, status: int, says: str, path: str, values: object, method: str = "POST"
) -> Odd:
    return Odd(what, status, says, method, path, JSON, json.dumps(values).encode())


def _asked(status: int, paths: Iterable[str], says: str = "", method: str = "GET") -> Iterator[Odd]:
    return (Odd(f"{method} {path}"[:60], status, says, method, path) for path in paths)


# Bodies

_random = random.Random(7)  # noqa: S311  (a drawing needs no secret)
DRAWING = [[value for _ in range(1_900) for value in (_random.randrange(601), _random.randrange(201))]]
ONE_OBJECT, TOO_LONG, READABLE = "one JSON object", "64 kilobytes", "application/json"

_BODIES: list[tuple[str, int, str, str, bytes]] = [
    ("an object that is cut", 400, ONE_OBJECT, JSON, b"{"),
    ("a list", 400, ONE_OBJECT, JSON, b"[]"),
    ("JSON that is no UTF-8", 400, "UTF-8", JSON, b"\xff\xfe"),
    ("a form that is no UTF-8", 400, "", FIELDS, b"name=%ff"),
    ("a form with half a character", 400, "", FIELDS, b"name=%ED%A0%80"),
    ("six megabytes", 413, TOO_LONG, JSON, b'{"name": "' + b"a" * 6_000_000 + b'"}'),
    ("a form of six megabytes", 413, TOO_LONG, FIELDS, b"name=" + b"a" * 6_000_000),
    ("nested lists", 400, ONE_OBJECT, JSON, b"[" * 30_000 + b"]" * 30_000),
    ("open lists", 400, ONE_OBJECT, JSON, b"[" * 60_000),
    ("nested objects", 400, ONE_OBJECT, JSON, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    ("a deeply nested field", 400, ONE_OBJECT, JSON, b'{"name":' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
    ("a number of sixty thousand digits", 400, ONE_OBJECT, JSON, b'{"name":' + b"9" * 60_000 + b"}"),
    ("a hundred times the same field", 400, "", FIELDS, b"a=1&" * 100),
    ("thousands of fields", 400, "", FIELDS, b"&".join(b"k%d=1" % n for n in range(6_000))),
    ("separators", 400, "", FIELDS, b"&" * 60_000),
    ("multipart", 415, READABLE, "multipart/form-data; boundary=x", b"--x\r\n" * 10_000),
    ("XML", 415, READABLE, "application/xml", b'<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'),
    ("text that says it is XML", 415, READABLE, "text/xml", b"<x/>"),
]
BODIES = [
    *(Odd(f"{what} to {path}", status, says, "POST", f"{FORM}/{path}", media_type, body)
      for what, status, says, media_type, body in _BODIES for path in ("signatures", "preview")),
    Odd("a gzip bomb", 400, "", "POST", SIGNATURES, JSON, gzip.compress(b"a" * 10_000_000), "gzip"),
]  # fmt: skip

# Fields

ADDRESSES = [
    "ada@signers.example, eve@evil.example", "ada@signers.example;eve@evil.example", '"ada eve"@evil.example',
    "<a@b.example>", "Ada <a@b.example>", "a@b.example\r\nBcc: c@evil.example", "a@b.example\nBcc: c@evil.example",
    "a@b.example\x00", "everyone: a@b.example;", "a(comment)@b.example", "a@b.example(comment)", "a@[127.0.0.1]",
    "@relay.example:a@b.example", "a@b@c.example", "a..b@c.example", ".a@c.example", "a.@x.example", "a\nb@x.example",
    "a@-b.example", "a@b.example.", "a@b..example", "a@b.example:25", "a@localhost", "ａ@b.example", "ſ@b.example",
    "a@℀.example", "a\u202e@b.example", "a@b.example%0d%0aBcc:c@evil.example", "a" * 65 + "@b.example",
    "a@" + "b" * 64 + ".example", "a@" + "b." * 130 + "example", "ada@127.0.0.1", "ada@2130706433.1", "ada@mail.0x7f",
    "ada@１２７.１", "=?utf-8?q?ada?=@mail.example", "a=?UTF-8?B?YWRh?=@mail.example",
]  # fmt: skip
NAMES = [
    "\ud800", "a\x00b", "a\u202eb", "\U0010ffff", "x" * 101, 7, [], {}, True, "a" + "\u0301\u0323" * 5_000,
]  # fmt: skip


def _signed(field: str, value: object) -> Odd:
    return _sent(f"{field}: {ascii(value)[:50]}", 422, field, SIGNATURES, {**ADA, field: value})


FORMS = [
    *(_signed("email", address) for address in ADDRESSES),
    *(_signed("name", name) for name in NAMES),
    *(_sent(f"no {name}", 422, name, SIGNATURES, {known: ADA[known] for known in ADA if known != name})
      for name in ADA if name not in {"region", "signature"}),
    _signed("target", "atlantis"),
    _signed("drawing", "[" * 30_000),
    Odd("numbers that aren't finite", 422, "", "POST", SIGNATURES, JSON,
        b'{"name": NaN, "target": Infinity, "postal_code": -1e999}'),
    _sent("thousands of names", 422, "", SIGNATURES, {f"k{n}": 1 for n in range(4_000)}),
    Odd("escapes", 422, "", "POST", SIGNATURES, FIELDS, b"name=" + b"%41" * 20_000),
    Odd("half escapes", 422, "", "POST", SIGNATURES, FIELDS, b"name=" + b"%" * 60_000),
]  # fmt: skip
ACCEPTED = [
    *(_sent(f"no {name}", 202, "", SIGNATURES, {known: ADA[known] for known in ADA if known != name})
      for name in ("region", "signature")),
    _sent("a drawing of thousands of points", 202, "", SIGNATURES, {**ADA, "drawing": DRAWING}),
    _sent("a token of separators", 202, "", SIGNATURES, {**ADA, "form": "~." * 25_000}),
]  # fmt: skip
"""Odd, and yet they may be a person's."""

# Addresses of pages

_TOKENS = ("x", "%00", "é", "forged", "x" * 300, "end-demand-illinois~abc~.forged")
_CAMPAIGNS = ("nothing-here", "No-Slug", "..", "%2e%2e", "x" * 300)
PLACES = [
    *_asked(404, ("/nothing", "/nothing/here", "/wp-login.php", "/campaigns", "/confirm")),
    *_asked(404, (f"/campaigns/{odd}{path}" for odd in _CAMPAIGNS for path in
                  ("", "/count", "/targets?postal_code=60201"))),
    *(_sent(f"POST to {odd}"[:60], 404, "", f"/campaigns/{odd}/{path}", ADA)
      for odd in _CAMPAIGNS for path in ("signatures", "preview")),
    *_asked(404, (path.format(odd) for odd in _TOKENS for path in
                  ("/confirm/{}", "/letters/{}", "/packets/{}", "/packets/{}/1"))),
    *_asked(404, (path.format(odd) for odd in _TOKENS for path in
                  ("/confirm/{}", "/letters/{}/withdraw", "/letters/{}/no-news")), method="POST"),
]  # fmt: skip

# The organizers' API

API_PLACES = [
    Odd(path, 404, "", "GET", API + path) for path in (
        f"/signatures/{'0' * 32}", "/signatures/{ada}%23x", "/signatures/ADA", f"/deliveries/{PERIOD}/atlantis",
        "/deliveries/2026-02-31/evanston", "/deliveries/2020-01-01/evanston", "/exports/²", "/nothing",
    )
]  # fmt: skip
QUERIES = [
    Odd(f"{name}={value}", 400, name, "GET", f"{API}/signatures?{name}={value}") for name, values in {
        "limit": ("0", "201", "x", "-1", "1e2", "²"), "status": ("signed",), "target": ("a%23b",),
        "cursor": ("x", "!", "é", "LS0t", "====="),
    }.items() for value in values
]  # fmt: skip

PUBLIC = {"bodies": BODIES, "forms": FORMS, "places": PLACES}
ORGANIZERS = {"places": API_PLACES, "queries": QUERIES}
