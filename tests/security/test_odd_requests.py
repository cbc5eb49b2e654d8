"""Odd requests: each is answered at once, with the fix, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.support.odd_requests import ACCEPTED, API, ORGANIZERS, PUBLIC, Odd
from tests.support.world import ADA, FORM

if TYPE_CHECKING:
    from tests.support.world import Answer, World

KEY = {"authorization": "Bearer us_all"}


@pytest.fixture
def campaign(world: World) -> World:
    """Return a campaign with a sent letter (Ada's), a waiting one, and a key that opens all."""
    world.put_key("us_all", "letters")
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    return world


def rows(world: World) -> list[str]:
    """Return what is stored, without what limits how often a network or a key may ask."""
    return sorted(str(item) for item in world.items() if not item["pk"]["S"].startswith("RATE#"))


def answered(world: World, odd: Odd, *, as_json: bool = True) -> Answer:
    """Return the answer to an odd request,"""
    world.clock.advance(minutes=1)
    path = odd.path.replace("{ada}", world.signer())
    headers = odd.headers | (KEY if path.startswith(API) else {})
    answer = world.request(odd.method, path, raw=odd.body, headers=headers, as_json=as_json)
    assert answer.status == odd.status, (odd.what, answer.body[:300])
    return answer


def check(world: World, odd: Odd) -> None:
    answer = answered(world, odd)
    assert answer.headers["content-type"] == "application/problem+json", odd.what
    if odd.status == 422 and odd.says:
        assert [error["field"] for error in answer.json["errors"]] == [odd.says], odd.what
    else:
        assert odd.says in answer.json["detail"], odd.what


@pytest.mark.asvs("1.1.1", "1.5.2", "2.2.2", "15.2.2", "16.5.1")
@pytest.mark.parametrize("kind", PUBLIC)
def test_an_odd_request_of_a_stranger_gets_the_fix_at_once_and_changes_nothing(campaign: World, kind: str) -> None:
    campaign.get(FORM)
    before = rows(campaign)
    for odd in PUBLIC[kind]:
        check(campaign, odd)
        page = answered(campaign, odd, as_json=False)
        assert page.headers["content-type"] == "text/html; charset=utf-8", odd.what
    assert rows(campaign) == before
    assert campaign.run_stream() == []


@pytest.mark.parametrize("kind", ORGANIZERS)
def test_an_odd_request_of_an_organizer_gets_the_fix_at_once_and_changes_nothing(campaign: World, kind: str) -> None:
    before = rows(campaign)
    for odd in ORGANIZERS[kind]:
        check(campaign, odd)
    assert rows(campaign) == before
    assert campaign.run_queue() == []


def test_an_odd_form_that_may_be_a_persons_is_taken(world: World) -> None:
    for odd in ACCEPTED:
        answered(world, odd)


@pytest.mark.asvs("15.3.7")
def test_the_last_of_a_repeated_field_counts_and_none_is_read_from_the_address(world: World) -> None:
    body = urlencode([*{**ADA, "form": world.form(), "name": "First Name"}.items(), ("name", "Last Name")])
    assert world.post(f"{FORM}/signatures?name=Address+Name&signature=Address", raw=body.encode()).status == 200
    signature = world.letter()
    assert signature
    assert (signature.words.name, signature.words.signature) == ("Last Name", ADA["signature"])
