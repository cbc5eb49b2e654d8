"""How much the tests try: what `pytest --scale=quick`, `ci` and `nightly` leave out, and the sizes of all searches.

`quick` is `make test`, `ci` is what `.ci/run` adds, and what pytest does without the option, `nightly` is everything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What a run leaves out, and the sizes of what it tries.

    `crashes`, `weather` and `other_code` are options of `tests.search.every_crash`, and `campaigns` of
    `tests.search.simulation`. `make fuzz` takes a minute for each property, and four seconds in `.ci/run`.
    """

    without: frozenset[str]
    """The marks of the tests that are left out."""
    on_moto: frozenset[str] = frozenset()
    """The files of tests that run on moto, which takes seven times as long as our own memory."""
    looks: bool = False
    """Whether pages are seen in every width, color scheme and language, and not only in the hardest."""
    requests: int = 2
    """The odd requests that are made for each route of the API."""
    rows: int = 5_000
    changes: int = 400
    """The changes that people make at once on the local stack."""
    weeks: int = 3
    """The random weeks of races."""
    preemptions: int = 1
    schedules: int = 6
    """The orders of two things at once with so many switches, and with each smaller number."""
    steps: int = 2
    """The campaigns of the state machine."""
    stormy: tuple[int, ...] = (21,)
    """The seeds of simulated campaigns with many faults."""
    histories: int = 16
    """The histories of counting at once; 2,000 take some minutes."""
    without_ses: timedelta = timedelta(hours=6)
    rush: timedelta = timedelta(seconds=90)
    waiting_emails: int = 600
    throttled: timedelta = timedelta(hours=2)
    crashes: tuple[str, ...] = ("--sample", "0.04")
    other_code: tuple[str, ...] = ("--sample", "0.04", "a week")
    weather: tuple[str, ...] = ("--sample", "0.08", "--twice", "--pairs", "0.3")
    campaigns: tuple[str, ...] = ("--campaigns", "40")

    @property
    def is_long(self) -> bool:
        """Whether searches try other cases in each run, and their figures are kept for docs/reliability.md."""
        return not self.without


_CI = Scale(without=frozenset({"nightly"}))

SCALES = {
    "quick": replace(_CI, without=frozenset({"slow", "nightly"})),
    "ci": _CI,
    "nightly": Scale(
        without=frozenset(),
        # The use cases that write under conditions, with what their offices and organizers do. Moto's own parser reads
        # the expressions of every other file in our memory, so moto would tell nothing new about them.
        on_moto=frozenset(
            {
                "test_signing",
                "test_delivering",
                "test_counting",
                "test_erasing",
                "test_seven_days",
                "test_delivery_controls",
                "test_listing",
                "test_targets_as_signed",
                "test_restoring",
                "test_exporting",
                "test_reporting",
                "test_office",
                "test_answers",
                "test_stopping",
            }
        ),
        looks=True,
        requests=5,
        rows=50_000,
        changes=1_000,
        weeks=50,
        preemptions=2,
        schedules=12,
        steps=10,
        stormy=(21, 33, 10, 34),
        histories=200,
        without_ses=timedelta(days=14) - timedelta(hours=1),
        rush=timedelta(hours=1),
        waiting_emails=100_000,
        throttled=timedelta(days=1),
        crashes=("--sample", "0.5", "--twice", "--pairs", "0.3", "--to-the-end"),
        other_code=("--sample", "0.06", "--pairs", "0.3", "--to-the-end"),
        campaigns=("--seconds", "600"),
    ),
}

scale: Scale
"""The scale of this run. pytest sets it once it has read its options, before it imports a test."""
