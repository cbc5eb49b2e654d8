"""Test that the form's size on a slow connection stays within the limits that the benchmark prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.page_weight import EMBEDDING_SCRIPT, STYLE_AND_SCRIPTS, VISIT, weights

if TYPE_CHECKING:
    from benchmarks.page_weight import Weight
    from tests.world import World


@pytest.fixture
def weighed(world: World) -> dict[str, Weight]:
    """Return the sizes, in bytes, of what a visit loads."""
    return weights(world)


def test_a_visit_fits_into_one_window_in_each_language_and_in_a_frame(weighed: dict[str, Weight]) -> None:
    visits = {name: weight for name, weight in weighed.items() if name.startswith("one visit")}

    assert {name.rpartition(", ")[2] for name in visits} >= {"en", "es"}
    for weight in visits.values():
        assert weight["total"] <= VISIT
        assert weight["style"] + weight["scripts"] <= STYLE_AND_SCRIPTS


def test_the_embed_script_stays_small(weighed: dict[str, Weight]) -> None:
    assert weighed["embed.js, on the host's page"]["total"] <= EMBEDDING_SCRIPT
