"""Organizers' access: who gets in, and what they can submit."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.world import CAMPAIGN, DASHBOARD, PUBLIC_URL
from undersigned.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.world import Answer, World

API = f"/organizer/campaigns/{CAMPAIGN}"
KEY = {"authorization": "Bearer us_manage"}
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


@pytest.fixture(autouse=True)
def key(world: World) -> None:
    world.put_key("us_manage", "manage")


def sign_in(world: World, headers: Mapping[str, str], **values: str) -> Answer:
    return world.post("/organizer/session", {"campaign": CAMPAIGN, "key": "us_manage"} | values, headers=headers)


FOREIGN: list[dict[str, str]] = [
    {},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://evil.example"},
    {"origin": f"{PUBLIC_URL}.evil.example"},
    {"origin": f"https://evil.example@{PUBLIC_URL.removeprefix('https://')}"},
    {"origin": PUBLIC_URL.replace("https", "http")},
    {"sec-fetch-site": "cross-site", "origin": PUBLIC_URL},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": ""},
]


@pytest.mark.parametrize("public_url", [PUBLIC_URL, ""], ids=["own domain", "no domain"])
def test_another_site_cannot_sign_an_organizer_in(
    world: World, monkeypatch: pytest.MonkeyPatch, public_url: str
) -> None:
    stack = sys.modules["functions.organizer_api.wired"].stack
    monkeypatch.setattr(stack, "settings", Settings({**stack.settings.variables, "PUBLIC_URL": public_url}))
    answers = [sign_in(world, headers) for headers in FOREIGN]
    assert {(answer.status, answer.cookies) for answer in answers} == {(403, ())}
    # A browser that only sends its Origin is accepted, whether the stack has a domain of its own or not.
    assert sign_in(world, {"origin": PUBLIC_URL}).status == 303


def test_odd_text_as_a_key_or_a_campaign_opens_nothing(world: World) -> None:
    for number, text in enumerate(("\ud800", "é", "\x00", "us_manage\ud800", "~", "\r\nSet-Cookie: a=b")):
        for values in ({"campaign": CAMPAIGN, "key": text}, {"campaign": text, "key": "us_manage"}):
            headers = {**SAME_ORIGIN, "content-type": "application/json"}
            raw, source = json.dumps(values).encode(), f"198.51.{number}.7"
            answer = world.post("/organizer/session", raw=raw, headers=headers, source=source)
            assert (answer.status, answer.cookies) == (401, ()), values


def test_a_button_with_an_invalid_token_does_nothing(world: World) -> None:
    cookie = sign_in(world, SAME_ORIGIN).cookies[0].partition(";")[0]
    tokens: tuple[object, ...] = ("", "\ud800", "é", cookie.partition("=")[2], None, [], 7)
    for token in tokens:
        headers = {**SAME_ORIGIN, "content-type": "application/json"}
        raw = json.dumps({"token": token}).encode()
        assert world.post(f"{DASHBOARD}/pause", raw=raw, headers=headers, cookies=[cookie]).status == 403
    assert not world.wiring.campaigns.controls(CAMPAIGN).paused


def test_a_reason_with_a_control_or_bidi_character_is_refused(world: World) -> None:
    for why in ("\x1b[2J", "a\x00b", "\u202edlrow", "\ud800", "two\r\nlines"):
        answer = world.post(f"{API}/targets/evanston/hold", {"why": why}, as_json=True, headers=KEY)
        assert answer.status == 400, why
        assert "we can’t print" in answer.json["detail"]
    assert not list(world.wiring.campaigns.audit(CAMPAIGN))


def test_a_reason_from_the_dashboard_is_checked_too(world: World) -> None:
    cookie = sign_in(world, SAME_ORIGIN).cookies[0].partition(";")[0]
    page = world.get(f"{DASHBOARD}/targets/evanston", cookies=[cookie]).body
    token = re.findall(r'name="token" value="([^"]+)"', page)[0]
    for why, status in (("\x1b[2J", 400), ("asked for", 303)):
        values = {"token": token, "why": why}
        answer = world.post(f"{DASHBOARD}/targets/evanston/hold", values, headers=SAME_ORIGIN, cookies=[cookie])
        assert answer.status == status


@pytest.mark.asvs("14.2.1")
def test_an_email_address_in_a_url_of_the_api_finds_nothing(world: World) -> None:
    world.sign()

    answer = world.get(f"{API}/signatures?email=ada@signers.example", as_json=True, headers=KEY)

    assert (answer.status, "ada" in answer.body) == (400, False)
    assert "POST" in answer.json["detail"]
    assert "/signatures/find" in answer.json["detail"]
