"""The seed of the random searches: simulated campaigns, races, crashes and malformed inputs.

A check that gates a change sets UNDERSIGNED_SEED, so that it judges the change by the same cases as the one before.
Without it, each run draws other cases, and prints its seed.
"""

from __future__ import annotations

import os
import secrets

IS_FIXED = "UNDERSIGNED_SEED" in os.environ


def seed(below: int = 10**9) -> int:
    """Return the environment's seed, or draw one from 1 up to a number."""
    return int(os.environ["UNDERSIGNED_SEED"]) if IS_FIXED else secrets.randbelow(below - 1) + 1
