"""Caches: they never keep what a token or a session opens. integration/base/test_cdn.py has what they may keep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.cdn import Cdn
from tests.support.openapi_document import routes
from tests.support.world import CAMPAIGN, DASHBOARD, FORM

if TYPE_CHECKING:
    from tests.support.world import Answer, World

PRIVATE = "no-store"


def cache_of(answer: Answer) -> str:
    return answer.headers["cache-control"]


def test_the_form_as_data_can_be_kept_like_its_page(world: World) -> None:
    answer = world.get(FORM, as_json=True)
    assert cache_of(answer) == cache_of(world.get(FORM)) == "public, max-age=10"
    assert "Accept" in answer.headers["vary"], "one address has a page and data"


@pytest.mark.asvs("14.2.2")
def test_every_route_of_organizers_is_private(world: World) -> None:
    for method, path, _ in routes("organizer_api"):
        filled = re.sub(r"\{(\w+)\}", lambda match: CAMPAIGN if match[1] == "campaign" else "x", path)
        for as_json in (False, True):
            answer = world.request(method, filled, {} if method == "POST" else None, as_json=as_json)
            assert cache_of(answer) == PRIVATE, (method, path, answer.status)
    assert cache_of(world.get(DASHBOARD)) == PRIVATE


def test_search_engines_list_what_caches_may_keep_and_nothing_else(world: World) -> None:
    """People pass on the links to their letters, and offices those to their packets."""
    world.limit(attached=0)
    confirm = world.confirmed().link("confirm")
    world.week()
    [delivered] = world.deliveries
    letter = re.findall(r"/letters/[^/\"?]+", world.press(confirm).body)[0]
    for path in (confirm, letter, delivered.link("packets")):
        answer = world.get(path)
        assert answer.headers["x-robots-tag"] == "noindex, nofollow", (path, answer.status)
    filled = [
        (method, re.sub(r"\{(\w+)\}", lambda match: CAMPAIGN if match[1] == "campaign" else "x", path))
        for function in ("public_api", "organizer_api")
        for method, path, _ in routes(function)
    ]
    for method, path in filled:
        answer = world.request(method, path, {} if method == "POST" else None)
        assert ("x-robots-tag" in answer.headers) == (answer.headers.get("cache-control") == PRIVATE), (
            method,
            path,
            answer.headers,
        )


def test_no_public_answer_names_a_host_that_a_visitor_chose(world: World) -> None:
    """A cache would give it to others."""
    for as_json in (False, True):
        answer = world.get(FORM, as_json=as_json, headers={"host": "evil.example"})
        assert "evil" not in answer.body
        assert "letters.example" in answer.body


def test_two_people_sign_in_one_page_that_a_cache_kept(world: World) -> None:
    cdn = Cdn(world)
    first, second = (cdn.get(FORM, {"accept": "text/html"}) for _ in range(2))
    assert first is second
    assert cdn.asked == [FORM]
    form = re.findall('name="form" value="([^"]+)"', first.body)[0]
    for name in ("ada", "bo"):
        world.sign(form=form, email=f"{name}@signers.example")
    world.run_stream()
    assert [sent.to for sent in world.sent] == ["ada@signers.example", "bo@signers.example"]
