"""Test that an address with a slash at its end leads to the page that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.world import CAMPAIGN, CONTEXT, load_event

if TYPE_CHECKING:
    from tests.support.world import World

PAGES = [
    f"/campaigns/{CAMPAIGN}",
    f"/campaigns/{CAMPAIGN}/privacy",
    "/organizer",
    f"/organizer/dashboard/{CAMPAIGN}",
    f"/organizer/campaigns/{CAMPAIGN}/counts",
]


def ask(world: World, function: str, path: str, method: str = "GET", query: str = "") -> dict[str, Any]:
    event = load_event("public_api_get_campaign")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["rawQueryString"] = query
    event["headers"] = {"accept": "text/html", "host": "letters.example"}
    answer: dict[str, Any] = world.handlers[function](event, CONTEXT)
    return answer


# API Gateway's documentation doesn't say whether `/organizer/{proxy+}` has `/organizer/`, so both functions redirect.
@pytest.mark.parametrize("function", ["public_api", "organizer_api"])
@pytest.mark.parametrize("path", PAGES)
def test_a_slash_at_the_end_is_left_out(world: World, function: str, path: str) -> None:
    query = "lang=es&source=flyer%20a"
    for method, asked in (("GET", f"{path}/"), ("HEAD", f"{path}/"), ("GET", f"{path}//")):
        for answer, address in (
            (ask(world, function, asked, method), path),
            (ask(world, function, asked, method, query), f"{path}?{query}"),
        ):
            assert answer["statusCode"] == 308
            assert answer["headers"]["Location"] == address
            assert answer["headers"]["Cache-Control"] == "no-store"
            assert answer["body"] == ""


def test_a_form_is_where_its_redirect_leads(world: World) -> None:
    answer = world.get(f"/campaigns/{CAMPAIGN}/?postal_code=60201")

    assert world.get(answer.headers["location"]).status == 200


@pytest.mark.parametrize("function", ["public_api", "organizer_api"])
def test_no_other_address_is_redirected(world: World, function: str) -> None:
    for path in (
        *("/confirm/token/", "/letters/token/", "/packets/token/", "/packets/token/1/"),
        *("/organizer/sign-in/token/", "/nothing/"),
        *("//evil.example/", "//", "/\\evil.example/", "/campaigns//evil.example/", "/campaigns/\\evil/"),
        *("/campaigns/a\r\nSet-Cookie: a=b/", "/campaigns/../", "/campaigns/é/"),
    ):
        answer = ask(world, function, path)

        assert answer["statusCode"] == 404, path
        assert "Location" not in answer["headers"]


@pytest.mark.parametrize("function", ["public_api", "organizer_api"])
def test_a_post_is_not_redirected(world: World, function: str) -> None:
    for path in PAGES:
        assert ask(world, function, f"{path}/", "POST")["statusCode"] == 404
