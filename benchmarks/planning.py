"""Planning very many targets: the calls of a plan, and how long they take one after the other and at once.

The same of an approval: the email that asks for it, together with its plan, the page of its link, and its button. The
calls are counted on AWS in memory; what each takes is assumed, in `latency`.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, override

import pytest

from benchmarks.goals import Benchmark, Limit
from benchmarks.latency import seconds_of
from tests.waiting_rows import waiting_row
from tests.world import CAMPAIGN, Watch, client_of, world
from undersigned.aws.dynamodb import to_item
from undersigned.domain.campaigns import Target
from undersigned_cli.local.template import environment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.goals import Figures, Size

TARGETS: dict[Size, int] = {"full": 10_000, "small": 200}

PROCESSOR = 0.001
"""Seconds of a processor that boto3 takes for a call, measured with 16 threads against a server on the same machine."""

GOALS = (
    Limit("10,000 *", ("calls for each",), at_most=1.2, only="full"),
    # For few targets, a plan asks for each tray, and reads one letter: it may be damaged. Each target has a greater
    # share of what is read once.
    Limit("200 targets with letters", ("calls for each",), at_most=3.3, only="small"),
    Limit("200 targets without", ("calls for each",), at_most=5.1, only="small"),
    Limit("10,000 targets with*", ("seconds",), at_most=30, only="full"),
    Limit("10,000 targets: the email that asks", ("seconds",), at_most=300, only="full"),
    Limit("10,000 targets: the page", ("seconds",), at_most=14.5, only="full"),
    Limit("10,000 targets: the button", ("seconds",), at_most=14.5, only="full"),
    Limit("200 targets: the email that asks", ("calls for each",), at_most=7.1, only="small"),
    Limit("200 targets: the page", ("calls for each",), at_most=5.1, only="small"),
    Limit("200 targets: the button", ("calls for each",), at_most=3.3, only="small"),
)
"""A plan has five minutes, and a week's emails should begin to leave within half a minute. The email that asks for an
approval is sent in the plan's five minutes, too. A person waits for the page and the button, which
end after 29 seconds, so half of that is their goal: each target's deliveries are a call of their own."""


class Calls(Watch):
    """Counts calls by operation, and those that are made in threads."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self.in_threads: Counter[str] = Counter()
        self._lock = threading.Lock()

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        name = operation.partition(":")[2]
        with self._lock:
            self.counted[name] += 1
            self.in_threads[name] += threading.current_thread() is not threading.main_thread()

    @override
    def after(self, function: str, operation: str) -> None:
        """Count before."""

    @override
    def retries(self, function: str, operation: str) -> bool:
        return False

    def figures(self, targets: int, at_once: int) -> dict[str, float]:
        """Return how many calls there were for each target, and how long they take."""
        one_by_one = seconds_of(self.counted) + PROCESSOR * self.counted.total()
        waits, processor = seconds_of(self.in_threads), PROCESSOR * self.in_threads.total()
        # Threads wait at once, and share one processor.
        saved = waits + processor - max(waits / at_once, processor)
        return {
            "calls for each": round(self.counted.total() / targets, 2),
            "seconds one by one": round(one_by_one, 1),
            "seconds": round(one_by_one - saved, 1),
        }


def measure(size: Size) -> Figures:
    """Return for targets with and without letters: calls for each, seconds one after the other, and at once."""
    figures: Figures = {}
    many = f"{TARGETS[size]:,} targets"
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, fast=True) as made:
        at_once = environment_of("RunJobs", **_KNOWN)["PLANS_AT_ONCE"]
        made.variables |= {"PLANS_AT_ONCE": at_once}
        for function in ("run_jobs", "organizer_api"):
            made.restart(function)
        made.clock.now = datetime(2026, 11, 30, 15, tzinfo=UTC)
        targets = TARGETS[size] + len(made.wiring.campaigns.targets(CAMPAIGN))
        for number in range(TARGETS[size]):
            made.wiring.campaigns.put_target(CAMPAIGN, target_of(number))

        def counted(do: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
            made.watch = calls = Calls()
            done = do()
            made.watch = None
            return done, calls.figures(targets, int(at_once))

        planned, figures[f"{many} without"] = counted(made.plan)
        assert not planned["deliveries"]
        _put_letters(made.wiring.settings.table_name, TARGETS[size])
        planned, figures[f"{many} with letters"] = counted(made.plan)
        assert len(planned["deliveries"]) == TARGETS[size]
        made.wiring.campaigns.put_campaign(replace(made.wiring.campaigns.campaign(CAMPAIGN), approval=True))
        planned, figures[f"{many}: the email that asks"] = counted(made.plan)
        assert len(planned["awaiting_approval"]) == TARGETS[size]
        [link] = [mail.link("organizer/approve") for mail in made.sent]
        page, figures[f"{many}: the page"] = counted(lambda: made.get(link))
        assert "<button>" in page.body
        answer, figures[f"{many}: the button"] = counted(lambda: made.post(link))
        assert answer.status == HTTPStatus.SEE_OTHER
    return figures


def _put_letters(table: str, targets: int) -> None:
    """Let a letter wait for each target."""
    for number in range(targets):
        _put(table, waiting_row(CAMPAIGN, target_of(number).id, f"{number:032x}"))


_KNOWN = dict.fromkeys(
    (
        "TABLE_NAME",
        "DELIVERY_QUEUE_URL",
        "ORGANIZERS_SECRET_ARN",
        "PUBLIC_URL",
        "SENDER_ADDRESS",
        "CONFIGURATION_SET",
        "WAITING_MAILS_URL",
        "RECONCILIATION_QUEUE_URL",
        "PACKET_BUCKET",
        "OPERATOR_TOPIC",
        "DELIVERY_DAY",
        "DELIVERY_HOUR",
        "DELIVERY_TIME_ZONE",
    ),
    "none",
)


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
