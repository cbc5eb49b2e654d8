"""People at the dashboard and at the command line of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.organizers import with_key
from tests.workshop import author_of, beginner_of

if TYPE_CHECKING:
    from tests.organizers import Browser
    from tests.workshop import Author
    from tests.world import World


@pytest.fixture
def manager(world: World) -> Browser:
    world.put_key("us_manage", "manage")
    return with_key(world, "us_manage")


@pytest.fixture
def reader(world: World) -> Browser:
    world.put_key("us_read", "read")
    return with_key(world, "us_read")


@pytest.fixture
def author(world: World) -> Author:
    return author_of(world)


@pytest.fixture
def beginner(world: World) -> Author:
    return beginner_of(world)
