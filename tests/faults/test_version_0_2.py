"""Version 0.2 itself beside today's code, on one table: a deploy from it, and one that is rolled back to it.

`make nightly PART=versions` also crashes at each call of either version, and goes on with the other one
(`every_crash --version-0-2`).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.faults import version_0_2
from tests.faults.memory import check_permission
from tests.faults.two_versions import STEPS, VERSIONS, both_versions, every_order
from tests.faults.version_0_2 import Refusing, needs_version_0_2
from tests.world import CAMPAIGN
from tests.world import world as in_memory
from undersigned.aws.counts import counter_key
from undersigned.aws.dynamodb import Update

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.slow


@needs_version_0_2
def test_each_step_by_either_version_sends_each_letter_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ways, refused = 0, Counter[tuple[str, ...]]()
    with both_versions(monkeypatch) as versions:
        for way, wrong in every_order(versions):
            assert not wrong, (dict(zip(STEPS, way, strict=True)), wrong)
            ways += 1
            if versions.refused:
                refused[*way[1:3], *versions.refused] += 1
    assert ways == len(VERSIONS) ** len(STEPS)
    # Version 0.2 can't read today's links. Nothing else is refused, and the same link works after the deploy.
    assert refused == {("today", "0.2", "confirm by 0.2", "confirm by 0.2"): ways // 4}


@needs_version_0_2
def test_version_0_2_with_todays_permissions_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation changes a function's role before its code, so the old code runs with the new role for a moment."""
    check = Refusing(check_permission, set())
    with both_versions(monkeypatch, check) as versions:
        for step in STEPS:
            versions.run(step, "0.2")
        # Today's code does what the other may not do. The links are in its emails, which version 0.2 can't read.
        assert versions.refused == ["mail by 0.2", "confirm by 0.2", "confirm by 0.2", "deliver by 0.2"]
        versions.finish_the_upgrade()
        assert len(versions.world.deliveries) == 1


@needs_version_0_2
def test_after_a_recount_version_0_2_shows_what_was_counted_in_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    with in_memory(monkeypatch, fast=True) as world:
        counts = world.wiring.counts
        for name in ("ada", "bo", "cy"):
            world.confirmed(email=f"{name}@signers.example")
        counts._move_to_another_shard(CAMPAIGN)
        [elsewhere] = [shard for campaign, shard in counts._shards.items() if campaign == CAMPAIGN]
        for counter, amount in counts.counts(CAMPAIGN).items():
            counts._table.update(Update(counter_key(CAMPAIGN, counter), add={"signatures": -amount}))
            moves = {"moves": 1} if counter == "TOTAL" else {}
            row = counter_key(CAMPAIGN, counter, elsewhere)
            counts._table.update(Update(row, add={"signatures": amount, **moves}))
        counts.sum_up(CAMPAIGN, after_others=True)
        old = version_0_2.module("undersigned.aws.counts").Counts(counts._table)
        assert (old.count(CAMPAIGN).signatures, counts.count(CAMPAIGN).signatures) == (0, 3)

        recount = world.wiring.recounting().recount(CAMPAIGN)
        assert (recount.corrected, old.count(CAMPAIGN).signatures) == ((), 3)
        assert {name: count for name, count in old.counts(CAMPAIGN).items() if count} == {
            name: count for name, count in counts.counts(CAMPAIGN).items() if count
        }
        # Back on today's version, nothing counts twice.
        assert counts.count(CAMPAIGN).signatures == 3


def test_a_folder_without_history_has_no_version_0_2(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(version_0_2, "ROOT", tmp_path)
    assert not version_0_2.is_there()
