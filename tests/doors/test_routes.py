"""Test that each door is in the table of scopes, and that each route answers its own address."""

from __future__ import annotations

import re

import pytest

from tests.doors.doors import OPEN, PAGES, SCOPES, Door, doors, entry_of
from tests.support.openapi_document import routes
from undersigned.organizing.actions import ACTIONS

pytestmark = pytest.mark.usefixtures("world")


@pytest.mark.asvs("6.3.4", "13.4.5")
def test_every_route_takes_the_scope_of_the_table() -> None:
    for method, path, route in routes("organizer_api"):
        assert entry_of(path), path
        assert (route.scope or OPEN) == Door(method, path).scope, (method, path)
    assert not [path for _, path, route in routes("public_api") if route.scope or entry_of(path)]
    used = {(entry_of(door.path), door.method) for door in doors()}
    listed = [(entry, scopes) for entry, scopes in SCOPES.items()]
    assert used == {
        (entry, method)
        for entry, scopes in listed
        for method, scope in zip(("GET", "POST"), scopes, strict=True)
        if scope != "-"
    }


def test_each_action_has_its_address_with_its_scope() -> None:
    buttons = {door.path: door.scope for door in doors() if door.method == "POST"}
    for deed in ACTIONS.values():
        if deed.page:
            assert buttons[PAGES + re.sub(r"<(\w+)>", r"{\1}", deed.page)] == deed.scope, deed


@pytest.mark.parametrize("function", ["public_api", "organizer_api"])
def test_no_two_routes_fit_one_address_so_that_their_order_does_not_matter(function: str) -> None:
    listed = doors(function)
    for door in listed:
        address = re.sub(r"\{\w+\}", "some-one", door.path)
        fitting = [it for it in listed if it.method == door.method and re.fullmatch(_pattern(it.path), address)]
        assert fitting == [door]


def _pattern(path: str) -> str:
    """Return what a route matches: a variable part has no slash."""
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
