"""Test bad input: the answer is a clear 4xx with a fix, and nothing is stored or logged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.world import ADA, CAMPAIGN, FORM

if TYPE_CHECKING:
    from tests.world import World


@pytest.mark.asvs("1.5.2")
@pytest.mark.parametrize(
    ("raw", "status", "detail"),
    [
        (b"{", 400, "one JSON object"),
        (b"[]", 400, "one JSON object"),
        (b"\xff\xfe", 400, "UTF-8"),
        (b"[" * 60_000, 400, "one JSON object"),
        (b'{"name": "' + b"x" * 1_000_000 + b'"}', 413, "64 kilobytes"),
    ],
    ids=["cut", "a list", "no UTF-8", "deep", "1 MB"],
)
def test_an_unreadable_body_is_refused(world: World, raw: bytes, status: int, detail: str) -> None:
    for path in (f"{FORM}/signatures", f"{FORM}/preview"):
        answer = world.post(path, raw=raw, as_json=True)
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert detail in answer.json["detail"]
    assert world.run_stream() == []


@pytest.mark.asvs("1.1.1")
def test_a_form_that_is_not_utf8_is_refused(world: World) -> None:
    assert world.post(f"{FORM}/signatures", raw=b"name=%ED%A0%80").status == 400
    assert world.post(f"{FORM}/signatures", raw=b"a=1&" * 100).status == 400


@pytest.mark.asvs("15.3.7")
def test_the_last_of_a_repeated_field_counts_and_none_is_read_from_the_address(world: World) -> None:
    body = urlencode([*{**ADA, "form": world.form(), "name": "First Name"}.items(), ("name", "Last Name")])
    assert world.post(f"{FORM}/signatures?name=Address+Name&signature=Address", raw=body.encode()).status == 200
    signature = world.letter()
    assert signature
    assert (signature.name, signature.signature) == ("Last Name", ADA["signature"])


def test_another_content_type_is_named(world: World) -> None:
    answer = world.post(f"{FORM}/signatures", raw=b"<x/>", headers={"content-type": "text/xml"})
    assert answer.status == 415
    assert "application/json" in answer.body


@pytest.mark.parametrize("value", ["\ud800", "a\x00b", "a\u202eb", "\U0010ffff", "x" * 101, 7, [], {}, True])
def test_an_unprintable_name_is_an_error_of_its_field(world: World, value: object) -> None:
    answer = world.post(f"{FORM}/signatures", raw=json.dumps({**ADA, "name": value}).encode(), as_json=True)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == ["name"]
    page = world.post(
        f"{FORM}/signatures",
        raw=json.dumps({**ADA, "name": value}).encode(),
        headers={"content-type": "application/json"},
    )
    assert page.status == 422
    assert world.run_stream() == []


@pytest.mark.asvs("2.2.2")
@pytest.mark.parametrize("field", sorted(ADA))
def test_every_missing_field_is_named(world: World, field: str) -> None:
    answer = world.post(f"{FORM}/signatures", {name: ADA[name] for name in ADA if name != field}, as_json=True)
    if field in {"region", "signature"}:
        assert answer.status == 202
    else:
        assert [error["field"] for error in answer.json["errors"]] == [field]


@pytest.mark.parametrize("email", ["a..b@x.example", ".a@x.example", "a.@x.example", "a@b@x.example", "a\nb@x.example"])
def test_an_undeliverable_address_is_an_error_of_its_field(world: World, email: str) -> None:
    answer = world.post(f"{FORM}/signatures", {**ADA, "email": email}, as_json=True)
    assert [error["field"] for error in answer.json["errors"]] == ["email"]


def test_an_address_with_a_domain_in_another_script_gets_an_email(world: World) -> None:
    world.sign(email="ada@bücher.example")
    world.run_stream()
    assert world.sent[-1].to == "ada@xn--bcher-kva.example"


def test_the_confirmation_email_has_no_words_of_the_form(world: World) -> None:
    world.sign(name="Visit evil.example", signature="evil.example", note="http://evil.example")
    world.run_stream()
    assert "evil" not in world.sent[-1].text + world.sent[-1].html


def test_an_unknown_target_is_named(world: World) -> None:
    answer = world.post(f"{FORM}/signatures", {**ADA, "target": "atlantis"}, as_json=True)
    assert [error["field"] for error in answer.json["errors"]] == ["target"]


@pytest.mark.parametrize("campaign", ["nothing-here", "No-Slug", "..", "%2e%2e", "x" * 300])
def test_an_unknown_campaign_is_not_found(world: World, campaign: str) -> None:
    for answer in (
        world.get(f"/campaigns/{campaign}"),
        world.get(f"/campaigns/{campaign}/count", as_json=True),
        world.get(f"/campaigns/{campaign}/targets?postal_code=60201"),
        world.post(f"/campaigns/{campaign}/signatures", ADA),
        world.post(f"/campaigns/{campaign}/preview", ADA, as_json=True),
    ):
        assert answer.status == 404
    assert world.run_stream() == []


def test_an_unknown_address_is_not_found(world: World) -> None:
    for path in ("/nothing", "/wp-login.php", "/campaigns", "/confirm"):
        assert world.get(path).status == 404
    assert world.get("/nothing", as_json=True).headers["content-type"] == "application/problem+json"


def test_a_closed_campaign_refuses_signatures_and_says_when_it_ended(world: World) -> None:
    world.clock.advance(days=365 * 2)
    answer = world.sign()
    assert answer.status == 409
    assert "Signing closed on December 31, 2027" in answer.body
    assert world.post(f"{FORM}/signatures", ADA, as_json=True).status == 409
    assert world.run_stream() == []


def test_a_forged_truncated_or_foreign_token_is_refused(world: World) -> None:
    token = world.confirmed().link("confirm").rsplit("/", 1)[1]
    for bad in (token[:-2], token[:10], token.replace("~", "."), "x", "%00", "é", token.upper()):
        for method, path in (
            ("GET", "/confirm/{}"),
            ("POST", "/confirm/{}"),
            ("GET", "/letters/{}"),
            ("POST", "/letters/{}/withdraw"),
            ("GET", "/packets/{}"),
            ("GET", "/packets/{}/1"),
        ):
            assert world.request(method, path.format(bad)).status == 404, (method, path, bad)
    # A token that confirms opens nothing else.
    assert world.get(f"/letters/{token}").status == 404
    assert world.get(f"/packets/{token}").status == 404


@pytest.mark.asvs("3.4.5")
def test_pages_with_a_token_are_not_cached_and_send_no_referrer(world: World) -> None:
    answer = world.get(world.confirmed().link("confirm"))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]


MARKED = {
    "name": "Marked Zanzibar",
    "email": "zanzibar@signers.example",
    "address_line": "77 Zanzibar Road",
    "locality": "Zanzibar Town",
    "signature": "M. Zanzibar",
    "note": "Zanzibar's own words",
}


@pytest.mark.asvs("14.2.4", "16.3.4", "16.5.1")
def test_nothing_personal_is_logged(world: World, capsys: pytest.CaptureFixture[str], caplog: Any) -> None:
    world.confirmed(**MARKED)
    world.sign(**{**MARKED, "email": "zanzibar@", "name": "Zanzibar\x00"})
    world.throttles = 100
    world.sign(**MARKED)
    world.run_stream()
    world.week()
    world.throttles = 0
    world.clock.advance(days=7)
    world.week()
    world.feedback("bounce", world.deliveries[0])
    logged = capsys.readouterr().out + caplog.text
    assert "delivery" in logged
    assert "zanzibar" not in logged.lower()
    # The hash of an address is a pseudonym, so it must not be logged either.
    signer = next(iter(world.wiring.signatures.listed_signatures(CAMPAIGN))).signer
    assert signer not in logged
