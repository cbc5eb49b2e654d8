"""Planning very many targets: the calls of a plan, and how long they take one after the other and at once.

The calls are counted on AWS in memory; what each takes is assumed, as in the rush.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, override

import pytest

from benchmarks.goals import Benchmark, Limit
from benchmarks.rush import LATENCY
from tests.aws_from_template import environment_of
from tests.world import CAMPAIGN, Watch, client_of, world
from undersigned.aws.dynamodb import to_item
from undersigned.aws.signatures import signature_key, tray_shards
from undersigned.domain.campaigns import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.goals import Figures, Size

TARGETS: dict[Size, int] = {"full": 10_000, "small": 200}

PROCESSOR = 0.001
"""Seconds of a processor that boto3 takes for a call, measured with 16 threads against a server on the same machine."""

GOALS = (
    Limit("10,000 *", ("calls for each",), at_most=1.2, only="full"),
    # For few targets, a plan asks for each tray, and each target has a greater share of what it reads once.
    Limit("200 targets with letters", ("calls for each",), at_most=2.3, only="small"),
    Limit("200 targets without", ("calls for each",), at_most=5.1, only="small"),
    Limit("10,000 *", ("seconds",), at_most=30, only="full"),
)
"""A plan has five minutes, and a week's emails should begin to leave within half a minute."""


class Calls(Watch):
    """Counts calls by operation."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        self.counted[operation.partition(":")[2]] += 1

    @override
    def after(self, function: str, operation: str) -> None:
        """Count before."""

    @override
    def retries(self, function: str, operation: str) -> bool:
        return False


def measure(size: Size) -> Figures:
    """Return for targets with and without letters: calls for each, seconds one after the other, and at once."""
    at_once = int(environment_of("PlanDeliveries", **_KNOWN)["PLANS_AT_ONCE"])
    figures: Figures = {}
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, fast=True) as made:
        made.clock.now = datetime(2026, 11, 30, 15, tzinfo=UTC)
        already = len(made.wiring.campaigns.targets(CAMPAIGN))
        for number in range(TARGETS[size]):
            made.wiring.campaigns.put_target(CAMPAIGN, target_of(number))
        figures[f"{TARGETS[size]:,} targets without"] = _planned(made, TARGETS[size] + already, at_once, queued=0)
        for number in range(TARGETS[size]):
            row = signature_key(CAMPAIGN, f"{number:032x}")._asdict()
            shard = tray_shards(CAMPAIGN, target_of(number).id)[0]
            _put(made.wiring.settings.table_name, row | {"due": shard, "due_at": "2026-11-25"})
        with_letters = _planned(made, TARGETS[size] + already, at_once, queued=TARGETS[size])
        figures[f"{TARGETS[size]:,} targets with letters"] = with_letters
    return figures


_KNOWN = dict.fromkeys(
    (
        "TABLE_NAME",
        "DELIVERY_QUEUE_URL",
        "SECRET_ARN",
        "API_URL",
        "SENDER_ADDRESS",
        "CONFIGURATION_SET",
        "DELIVERY_DAY",
        "DELIVERY_HOUR",
        "DELIVERY_TIME_ZONE",
    ),
    "none",
)


def _planned(made: Any, targets: int, at_once: int, *, queued: int) -> dict[str, float]:
    made.watch = calls = Calls()
    planned = made.plan()
    made.watch = None
    assert len(planned["deliveries"]) == queued
    # The call for all trays reads a megabyte, before the threads begin.
    trays = LATENCY["Scan"] * calls.counted["Scan"]
    others = sum(LATENCY[operation] * number for operation, number in calls.counted.items()) - trays
    processor = PROCESSOR * (calls.counted.total() - calls.counted["Scan"])
    return {
        "calls for each": round(calls.counted.total() / targets, 2),
        "seconds one by one": round(trays + others + processor, 1),
        # Threads wait at once, and share one processor.
        "seconds": round(trays + max(others / at_once, processor), 1),
    }


def target_of(number: int) -> Target:
    return Target(
        id=f"town-{number}",
        title="Police Chief",
        name="Avery Sample",
        department=f"Town {number} Police Department",
        locality=f"Town {number}",
        email=f"chief@town-{number}.example",
        postal_codes=("60201",),
    )


def _put(table: str, values: dict[str, Any]) -> None:
    client_of("dynamodb").put_item(TableName=table, Item=to_item(values))


BENCHMARK = Benchmark("Planning very many targets", GOALS, measure)
