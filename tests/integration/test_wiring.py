"""Each use case gets parts of the types that its fields name. No type checker sees that, because names decide."""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import World


def made_by(cases: object) -> Iterator[Any]:
    """Make every use case of a subject that takes nothing more."""
    for name, made in vars(type(cases)).items():
        if isinstance(made, cached_property):
            yield getattr(cases, name)


@pytest.mark.parametrize("subject", ["signing", "counting", "people", "authoring", "delivering", "operating"])
def test_each_use_case_has_parts_of_the_right_types(world: World, subject: str) -> None:
    wiring = world.wiring
    made = [*made_by(getattr(wiring, subject))]
    match subject:
        case "authoring":
            made += [wiring.authoring.sampling(wiring.sender)]
        case "delivering":
            made += [wiring.delivering.delivering(print), wiring.delivering.storing(print)]
        case "operating":
            made += [wiring.operating.reconciling(print)]
    for case in filter(None, made):
        for field in fields(case):
            if str(field.type).isidentifier():
                types = {one.__name__ for one in type(getattr(case, field.name)).__mro__}
                assert field.type in types, (type(case).__name__, field.name)
