"""Simulate whole campaigns, as many as fit into the time.

    python -m tests.search.simulation [--seed SEED] [--campaigns N | --seconds SECONDS] [--weeks WEEKS]
        [--processes N] [--trace]

One number, the seed, decides everything in a campaign, so a campaign that fails can be repeated: it prints its seed,
its last steps and what broke. FoundationDB and TigerBeetle are tested in this way ("FoundationDB: A Distributed
Unbundled Transactional Key Value Store", SIGMOD 2021).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count, islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import figures, seeds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.search.simulated_campaign import Outcome


@dataclass
class Total:
    """The results of all campaigns."""

    weeks: int = 0
    campaigns: int = 0
    letters: int = 0
    on_paper: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    questions: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Add a campaign."""
        self.campaigns += 1
        self.weeks += outcome.passed
        self.letters += outcome.letters
        self.on_paper += outcome.on_paper
        self.faults += outcome.faults
        self.questions += outcome.questions
        if outcome.broken:
            self.failed.append(outcome)

    def figures(self) -> dict[str, object]:
        """Return the figures for docs/reliability.md."""
        return {
            "Weeks of campaigns simulated": f"{self.weeks:,}",
            "Letters that arrived in them": f"{self.letters + self.on_paper:,}",
            "Letters among them that were handed over on paper": f"{self.on_paper:,}",
            "Faults in them": f"{self.faults.total():,}",
            "Questions for a person in them": f"{self.questions.total():,}",
            "Simulated campaigns in which something was lost, doubled, miscounted or forgotten": len(self.failed),
        }

    def text(self, seconds: float) -> str:
        """Return the result as text: the kinds of faults and of questions, and each failure with its last steps."""
        lines = [
            f"{self.campaigns} campaigns, {self.weeks} weeks, {seconds:.0f} s",
            f"{self.letters} letters by email, {self.on_paper} on paper",
            *(f"{times:>8} {what}" for what, times in self.faults.most_common()),
            "Questions for a person:",
            *(f"{times:>8} {what}" for what, times in self.questions.most_common()),
        ]
        for outcome in self.failed:
            lines += ["", *outcome.steps, *outcome.broken, f"This was {replay(outcome)}"]
        return "\n".join(lines)


def replay(outcome: Outcome) -> str:
    """Return the command that repeats a campaign."""
    return f"python -m tests.search.simulation --seed {outcome.seed} --weeks {outcome.weeks}"


def run(seed: int, weeks: int | None) -> Outcome:
    """Simulate one campaign."""
    from tests.search.simulated_campaign import simulate  # noqa: PLC0415

    return simulate(seed, weeks)


def outcomes(seeds: Iterator[int], weeks: int | None, processes: int) -> Iterator[Outcome]:
    """Simulate campaigns in several processes, until there are no more seeds."""
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        running = {pool.submit(run, seed, weeks) for seed in islice(seeds, processes)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(run, seed, weeks) for seed in islice(seeds, len(done))}
            yield from (each.result() for each in done)


def main() -> None:
    """Read the command line, simulate campaigns, and print what happened. Exit with 1 if something broke."""
    parser = argparse.ArgumentParser(description="Simulate whole campaigns")
    parser.add_argument("--seed", type=int, default=seeds.seed(), help="the first campaign's seed")
    parser.add_argument("--weeks", type=int, help="the length of each campaign")
    parser.add_argument("--campaigns", type=int, default=1, help="how many, with one seed after the other")
    parser.add_argument("--seconds", type=float, default=0.0, help="simulate campaigns for so long")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="print each step")
    parser.add_argument("--figures-of", help="keep the figures for `make figures`, as this test file's")
    arguments = parser.parse_args()
    # The functions' loggers keep the stdout that they find when they are loaded.
    printed, sys.stdout = sys.stdout, Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    from tests.search.simulated_campaign import simulate  # noqa: PLC0415

    def show(line: str) -> None:
        printed.write(f"{line}\n")
        printed.flush()

    begun, total = time.monotonic(), Total()
    drawn = takewhile(
        lambda seed: seed < arguments.seed + arguments.campaigns or time.monotonic() - begun < arguments.seconds,
        count(arguments.seed),
    )
    show(f"seed {arguments.seed}")
    made = (
        (simulate(seed, arguments.weeks, show if arguments.trace else _hide) for seed in drawn)
        if arguments.processes == 1 or arguments.trace
        else outcomes(drawn, arguments.weeks, arguments.processes)
    )
    for outcome in made:
        total.add(outcome)
        show(f"{outcome.seed}: {outcome.passed} weeks, trace {outcome.trace}{', BROKEN' * bool(outcome.broken)}")
    show(total.text(time.monotonic() - begun))
    if arguments.figures_of:
        figures.keep(arguments.figures_of, total.figures())
    sys.exit(bool(total.failed))


def _hide(_line: str) -> None:
    """Do nothing."""


if __name__ == "__main__":
    main()
