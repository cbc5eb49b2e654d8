"""Test that each route answers its own address, in whichever room it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.openapi_document import routes

if TYPE_CHECKING:
    from tests.world import World


@pytest.mark.parametrize("function", ["public_api", "organizer_api"])
def test_no_two_routes_fit_one_address_so_that_their_order_does_not_matter(world: World, function: str) -> None:
    assert function in world.stacks
    listed = [(method, path) for method, path, _ in routes(function)]
    for method, path in listed:
        address = re.sub(r"\{\w+\}", "some-one", path)
        fitting = [of for way, of in listed if way == method and re.fullmatch(_pattern(of), address)]
        assert fitting == [path]


def _pattern(path: str) -> str:
    """Return what a route matches: a variable part has no slash."""
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
