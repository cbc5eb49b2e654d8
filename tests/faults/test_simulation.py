"""A few simulated campaigns. `make soak` simulates as many as fit into ten minutes: see `simulation.py`."""

from __future__ import annotations

import random

import pytest

from tests.faults.simulated_campaign import Outcome, simulate
from tests.faults.simulation import replay

SEEDS = (10, 17, 30, 34)
"""Campaigns with many faults."""


def check(outcome: Outcome) -> None:
    assert not outcome.broken, "\n".join([*outcome.steps, *outcome.broken, f"This was {replay(outcome)}"])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_campaign_loses_doubles_and_forgets_nothing(seed: int) -> None:
    outcome = simulate(seed, 5)
    check(outcome)
    assert outcome.letters
    assert outcome.faults


def test_a_new_campaign_loses_doubles_and_forgets_nothing() -> None:
    check(simulate(random.SystemRandom().randrange(10**9), 5))


def test_a_seed_decides_everything() -> None:
    assert simulate(SEEDS[0], 2).trace == simulate(SEEDS[0], 2).trace
