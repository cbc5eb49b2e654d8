"""Test every route of organizers, as the router lists them, with everyone who could ask for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.organizer_routes import (
    KEY_SCOPES,
    PEOPLE,
    Route,
    add_everyone,
    ask,
    filled,
    routes_of_organizers,
    tokens_of,
)
from tests.organizers import SAME_ORIGIN, Browser, signed_in
from tests.world import CAMPAIGN
from undersigned.organizing.actions import ACTIONS
from undersigned.people.rows.people import People

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.world import Answer, World
    from undersigned.people.rules.people import Role

PAGES = "/organizer/dashboard/{campaign}"

OPEN = {
    ("GET", "/organizer/sign-in"),
    ("POST", "/organizer/sign-in"),
    ("GET", "/organizer/sign-in/{asked}"),
    ("POST", "/organizer/sign-in/{asked}"),
}
"""Routes without a session or a key: links in emails, and signing in."""

NEEDS_SESSION = {
    ("GET", "/organizer"),
    ("GET", "/organizer/guide/{page}"),
    ("POST", "/organizer/sign-out"),
    # Only the administrator makes campaigns.
    ("GET", "/organizer/new"),
    ("POST", "/organizer/new"),
}
"""Routes about no campaign."""


@pytest.fixture
def peopled(world: World) -> World:
    add_everyone(world)
    return world


def ask_api(world: World, route: Route, key: str | None, campaign: str = CAMPAIGN) -> Answer:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return world.request(route.method, filled(world, route, campaign), as_json=True, headers=headers)


def as_before(world: World) -> Iterator[None]:
    """Undo what a request did, so that the next one finds the same rows."""
    assert world.memory
    restore = world.memory.save()
    yield
    restore()


@pytest.mark.asvs("13.4.5")
def test_every_route_takes_a_scope_or_is_listed_as_open(world: World) -> None:
    del world
    for route in routes_of_organizers():
        is_open = (route.method, route.path) in OPEN
        assert (route.scope is None) == is_open, route
        assert route.is_of_campaign or is_open or (route.method, route.path) in NEEDS_SESSION, route
    assert {(route.method, route.path) for route in routes_of_organizers()} >= OPEN | NEEDS_SESSION


def test_each_action_has_its_address_with_its_scope(world: World) -> None:
    del world
    found = {(route.method, route.path): route.scope for route in routes_of_organizers()}
    for deed in ACTIONS.values():
        if deed.page:
            assert found["POST", PAGES + re.sub(r"<(\w+)>", r"{\1}", deed.page)] == deed.scope, deed


def test_nobody_gets_anything_without_a_session_or_a_key(peopled: World) -> None:
    for route in routes_of_organizers():
        if (route.method, route.path) in OPEN:
            continue
        if route.is_api:
            assert ask_api(peopled, route, None).status == 401, route
            continue
        answer = Browser(peopled).request(route.method, filled(peopled, route), {} if route.method == "POST" else None)
        if route.path == "/organizer":
            assert "Your email address" in answer.body
        else:
            assert (answer.status, answer.headers["location"]) == (303, "/organizer"), route


@pytest.mark.asvs("8.2.2", "8.4.1")
def test_another_campaigns_people_and_keys_find_nothing(peopled: World) -> None:
    browser = signed_in(peopled, "foreign@enddemand.example")
    for route in routes_of_organizers():
        if not route.is_of_campaign:
            continue
        if route.is_api:
            foreign, missing = ask_api(peopled, route, "us_foreign"), ask_api(peopled, route, "us_foreign", "none-such")
            assert foreign.status in {401, 429}, route
            assert missing.status in {401, 429}, route
            continue
        foreign, missing = ask(browser, route), ask(browser, route, "none-such")
        assert (foreign.status, foreign.body) == (missing.status, missing.body) == (404, missing.body), route


@pytest.mark.asvs("8.2.1")
def test_a_person_may_do_what_their_role_may_and_nothing_else(peopled: World) -> None:
    for role, email in PEOPLE.items():
        check_pages(signed_in(peopled, email), role)


def test_a_key_reads_what_its_scope_may_and_changes_nothing(peopled: World) -> None:
    assert peopled.memory
    before = sorted(map(str, peopled.memory.items()))
    for route in routes_of_organizers():
        if route.is_api:
            assert route.method == "GET", route
            for scope in KEY_SCOPES:
                answer = ask_api(peopled, route, f"us_{scope}")
                assert (answer.status == 403) == (route.scope != "counts" and scope == "counts"), (route, answer.status)
                assert answer.status in {200, 403, 410}, (route, answer.status)
    assert sorted(map(str, peopled.memory.items())) == before


def check_pages(browser: Browser, role: Role) -> None:
    """Check every page and button of the campaign, and that those that are refused change nothing."""
    world = browser.world
    assert world.memory
    for route in routes_of_organizers():
        if route.is_of_campaign and not route.is_api and route.scope:
            may = is_open_to(role, route)
            before = [] if may else sorted(map(str, world.memory.items()))
            for _ in as_before(world):
                answer = ask(browser, route)
                assert (answer.status == 403) != may, (route, answer.status)
                assert answer.status not in {401, 500, 303} or may, route
                if not may:
                    assert sorted(map(str, world.memory.items())) == before, route


_ENOUGH: Mapping[str, tuple[Role, ...]] = {
    "read": ("viewer", "editor", "owner"),
    "manage": ("editor", "owner"),
    "own": ("owner",),
}


def is_open_to(role: Role, route: Route) -> bool:
    return route.scope is None or role in _ENOUGH[route.scope]


def test_a_viewer_never_sees_who_signed(peopled: World) -> None:
    def shows(answer: Answer) -> bool:
        return bool(re.search(rb"Ada Specimen|signers\.example|1 Sample", answer.content))

    routes = routes_of_organizers()
    read = [route for route in routes if route.method == "GET" and (route.method, route.path) not in OPEN]
    viewer, owner, seen = signed_in(peopled, PEOPLE["viewer"]), signed_in(peopled, PEOPLE["owner"]), 0
    for route in read:
        if route.is_api:
            assert not shows(ask_api(peopled, route, "us_counts")), route
            seen += shows(ask_api(peopled, route, "us_letters"))
            continue
        assert not shows(ask(viewer, route)), route
        seen += shows(ask(owner, route))
    assert seen > 5, "others see them"


@pytest.mark.parametrize("role", PEOPLE)
def test_a_page_has_no_button_and_no_link_that_refuses_whoever_reads_it(peopled: World, role: Role) -> None:
    """A viewer sees what needs attention, without the buttons of those who may do something about it."""
    peopled.feedback("bounce", peopled.deliveries[0])
    peopled.sign(email="bot@signers.example", form="")
    peopled.run_stream()
    peopled.clock.advance(days=4)
    routes, reader = routes_of_organizers(), signed_in(peopled, PEOPLE[role])
    patterns = [(route, re.compile(re.sub(r"{\w+}", "[^/]+", route.path))) for route in routes]
    seen = 0
    for route in routes:
        if route.method != "GET" or route.is_api or (route.method, route.path) in OPEN:
            continue
        page = ask(reader, route)
        if page.status != 200 or "text/html" not in page.headers.get("content-type", ""):
            continue
        found = {("POST", address) for address in re.findall(r'<form method="post" action="([^"#]+)', page.body)}
        found |= {("GET", address) for address in re.findall(r'<a[^>]* href="(/organizer[^"#?]*)', page.body)}
        for method, address in found:
            meant = [it for it, like in patterns if it.method == method and like.fullmatch(address)]
            assert any(is_open_to(role, it) for it in meant), (route, method, address)
            seen += 1
    assert seen > 30


def test_a_post_of_a_person_needs_the_token_of_the_session(peopled: World) -> None:
    owner, other = signed_in(peopled, PEOPLE["owner"]), signed_in(peopled, PEOPLE["editor"])
    refused: list[dict[str, str]] = [{}, {"token": ""}, {"token": tokens_of(other)}]
    for values in refused:
        answer = owner.post("/people", {**values, "email": "new@enddemand.example", "role": "owner"})
        assert answer.status == 403
        assert owner.post("/organizer/sign-out", values).status == 403
    assert len(People(peopled.stack.table).members(CAMPAIGN)) == 4
    values = {"token": tokens_of(owner), "email": "new@enddemand.example", "role": "owner"}
    assert owner.post("/people", values, headers={"sec-fetch-site": "cross-site"}).status == 403
    assert owner.post("/people", values, headers=SAME_ORIGIN).status == 303
