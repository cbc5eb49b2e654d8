"""Lockout: nobody can keep an organizer out with wrong keys, and a proxy's visitors don't count as one."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.world import ADA, CAMPAIGN, CONTEXT, load_event, world
from undersigned.domain.api_keys import REFUSAL_GROUPS, ApiKey, digest_of
from undersigned.services.people import new_key_text
from undersigned.settings import Settings

if TYPE_CHECKING:
    from tests.world import Answer, World

OVERVIEW = f"/organizer/campaigns/{CAMPAIGN}"
PROXY_SECRET = "p" * 40
PROXY = {"x-undersigned-proxy": PROXY_SECRET}
CDN = "192.0.2.1"
"""The one address that every visitor of a CDN has at the API."""


@pytest.fixture
def organized(world: World) -> World:
    """Return a stack whose organizer has the key us_manage."""
    world.wiring.api_keys.put_api_key(
        ApiKey(CAMPAIGN, digest_of("us_manage"), "manage", "", datetime(2026, 1, 1, tzinfo=UTC))
    )
    return world


def ask(world: World, key: str, source: str = CDN) -> Answer:
    return world.get(OVERVIEW, headers={"authorization": f"Bearer {key}"}, source=source)


def set_up(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Give the public pages and the organizers' API these environment variables."""
    for function in ("public_api", "organizer_api"):
        stack = sys.modules[f"functions.{function}.wired"].stack
        monkeypatch.setattr(stack, "settings", Settings({**stack.settings.variables, **variables}))


def test_wrong_keys_from_a_network_do_not_lock_out_the_right_one(organized: World) -> None:
    for number in range(100):
        assert ask(organized, f"us_{number}").status in {401, 429}
    assert ask(organized, "us_manage").status == 200
    form = {"campaign": CAMPAIGN, "key": "us_manage"}
    signed_in = organized.post("/organizer/session", form, headers={"sec-fetch-site": "same-origin"}, source=CDN)
    assert signed_in.status == 303


def test_a_wrong_key_that_is_sent_again_and_again_has_to_wait(organized: World) -> None:
    answers = [ask(organized, "us_wrong", source=f"198.51.100.{number}") for number in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert answers[-1].headers["retry-after"] == "60"
    organized.clock.advance(seconds=60)
    assert ask(organized, "us_wrong").status == 401


def test_the_counters_of_wrong_keys_are_bounded(organized: World) -> None:
    """Whatever keys and campaigns a stranger makes up: few rows, and few writes to each."""
    for number in range(150):
        path = f"/organizer/campaigns/made-up-{number // 3}"
        organized.get(path, headers={"authorization": f"Bearer us_{number}"})
    organized.calls.clear()
    for _ in range(50):
        ask(organized, "us_wrong")
    assert organized.calls.count("dynamodb:UpdateItem") == 10
    items = organized.wiring._client("dynamodb").scan(TableName=organized.wiring.settings.table_name)["Items"]
    assert len([item for item in items if item["pk"]["S"].startswith("RATE#")]) <= REFUSAL_GROUPS == 4096


def test_guessing_a_key_is_hopeless() -> None:
    """256 random bits, against the 200 requests that the API takes in a second."""
    tries_in_ten_years = 200 * 60 * 60 * 24 * 3653
    assert len({new_key_text() for _ in range(100)}) == 100
    assert {len(new_key_text()) for _ in range(100)} == {3 + 43}
    assert tries_in_ten_years / 2**256 < 2**-220


def test_a_visitors_address_is_the_one_that_the_proxy_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with world(monkeypatch, forms_a_minute=2) as few:
        set_up(monkeypatch, PROXY_SECRET=PROXY_SECRET, PROXY_ADDRESS_HEADER="CloudFront-Viewer-Address")
        for number in range(30):
            headers = {**PROXY, "cloudfront-viewer-address": f"198.{number}.100.7:46532"}
            assert _sign(few, headers) == 202
        headers = {**PROXY, "cloudfront-viewer-address": "198.18.100.7:9999"}
        assert [_sign(few, headers) for _ in range(2)] == [202, 429]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-undersigned-proxy": ""},
        {"x-undersigned-proxy": "wrong"},
        {"x-undersigned-proxy": "é"},
        {"x-undersigned-proxy": PROXY_SECRET[:-1]},
    ],
)
@pytest.mark.parametrize("secret", [PROXY_SECRET, ""])
def test_nobody_else_can_name_an_address(monkeypatch: pytest.MonkeyPatch, headers: Any, secret: str) -> None:
    with world(monkeypatch, forms_a_minute=2) as few:
        set_up(monkeypatch, PROXY_SECRET=secret, PROXY_ADDRESS_HEADER="CloudFront-Viewer-Address")
        statuses = [_sign(few, {**headers, "cloudfront-viewer-address": f"198.{number}.100.7"}) for number in range(3)]
        assert statuses == [202, 202, 429]


def _sign(stack: World, headers: dict[str, str]) -> int:
    return stack.post(
        f"/campaigns/{CAMPAIGN}/signatures", {**ADA, "form": stack.form()}, as_json=True, headers=headers, source=CDN
    ).status


PATHS = ["/", f"/campaigns/{CAMPAIGN}", f"/campaigns/{CAMPAIGN}/count", "/embed.js", "/confirm/x", "/letters/x"]
ORGANIZERS = ["/organizer", OVERVIEW, "/organizer/approve/x", "/organizer/nothing"]


def status_of(world: World, method: str, path: str, headers: dict[str, str]) -> int:
    """Return the status of a request that the API's document doesn't know: one that goes around the proxy."""
    event = load_event("public_api_get_campaign")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["headers"] = {"accept": "application/json", "host": "x.execute-api.us-east-2.amazonaws.com", **headers}
    function = "organizer_api" if path.startswith("/organizer") else "public_api"
    answer = world.handlers[function](event, CONTEXT)
    if answer["statusCode"] == 403:
        assert answer["headers"]["Cache-Control"] == "no-store"
        assert method == "HEAD" or json.loads(answer["body"])["status"] == 403
    return int(answer["statusCode"])


def test_the_direct_address_can_be_closed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, PROXY_SECRET=PROXY_SECRET, ONLY_THROUGH_PROXY="true")
    for path in PATHS + ORGANIZERS:
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            for headers in ({}, {"x-undersigned-proxy": "wrong"}, {"x-undersigned-proxy": ""}):
                assert status_of(world, method, path, headers) == 403, (method, path)
            assert status_of(world, method, path, PROXY) != 403, (method, path)


def test_a_closed_address_without_a_secret_lets_nobody_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, PROXY_SECRET="", ONLY_THROUGH_PROXY="true")
    assert status_of(world, "GET", "/embed.js", {"x-undersigned-proxy": ""}) == 403


def test_the_proxys_secret_can_be_replaced_without_a_gap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, PROXY_SECRET=f"{'n' * 40},{PROXY_SECRET}", ONLY_THROUGH_PROXY="true")
    for secret in ("n" * 40, PROXY_SECRET):
        assert status_of(world, "GET", "/embed.js", {"x-undersigned-proxy": secret}) == 200
    assert status_of(world, "GET", "/embed.js", {"x-undersigned-proxy": f"{'n' * 40},{PROXY_SECRET}"}) == 403
