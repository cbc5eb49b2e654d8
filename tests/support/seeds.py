"""The seed of the random searches: simulated campaigns, races, crashes and malformed inputs.

A check that gates a change sets UNDERSIGNED_SEED, so that a search of so many cases tries the same ones for each
change. A search of so many seconds begins with the same cases, and tries fewer on a slow machine. `make fuzz` begins
with the same inputs, too, if none are kept from earlier runs. Then it tries inputs like those that reached new lines of
our code, so another change gets others, even with `--inputs`. Without the variable, each run draws other cases, and
prints its seed.
"""

from __future__ import annotations

import os
import secrets

IS_FIXED = "UNDERSIGNED_SEED" in os.environ


def seed(below: int = 10**9) -> int:
    """Return the environment's seed, or draw one from 1 up to a number."""
    return int(os.environ["UNDERSIGNED_SEED"]) if IS_FIXED else secrets.randbelow(below - 1) + 1
