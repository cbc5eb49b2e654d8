"""100 letters to each of very many chiefs: parallel workers send one email each, every letter once, at SES's pace.

The plan, the queue's messages and the deliveries are the real ones, and so are the workers' paces. Time is simulated:
one worker runs at a time, and hands over to the next one whenever it waits for AWS, for its pace or for a packet. The
PDFs stand for real ones: they name their letters.
"""

from __future__ import annotations

import heapq
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, override

import pytest

from benchmarks.latency import A_WRITE_MORE, LATENCY
from tests.support.memory import refuse
from tests.support.waiting_rows import put_letters
from tests.support.world import CAMPAIGN, CONTEXT, Watch, world
from undersigned.base import fonts
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering import packing
from undersigned.delivering.printing import packets
from undersigned.delivering.printing.packets import Packet, PacketLetter
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.signing.rows.signatures import Signatures
from undersigned_cli.local.sources import queue_source
from undersigned_cli.local.template import load_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.support.world import World
    from undersigned.delivering.printing.packets import PacketCover

pytestmark = pytest.mark.nightly

TARGETS = 500
LETTERS = 100
MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)

SES_TODAY = 14.0
"""Assumed emails a second that a new production account has."""

TYPESETTING = 0.004
"""Assumed seconds of a letter; `make bench ARGS=typesetting` has its own figure."""


def target_of(number: int) -> Target:
    town = f"Town {number}"
    address = f"chief@town-{number}.example"
    return Target(
        f"town-{number}", "Police Chief", "Avery Sample", f"{town} Police Department", town, address, ("60201",)
    )


class Turns:
    """Lets one of several threads run at a time: always the one whose moment is next. Time passes when they wait."""

    def __init__(self, moved: Callable[[float], None]) -> None:
        self.now = 0.0
        self._moved = moved
        self._waiting: list[tuple[float, int, threading.Event]] = []
        self._entered = 0

    def wait(self, seconds: float) -> None:
        """Let others run for so many seconds."""
        mine = threading.Event()
        self._enter(self.now + seconds, mine)
        self._hand_over()
        mine.wait()

    def run(self, acts: Sequence[Callable[[], None]]) -> None:
        """Run each in a thread of its own until all have ended. Raises the first error of them."""
        errors: list[BaseException] = []

        def work(act: Callable[[], None], start: threading.Event) -> None:
            start.wait()
            try:
                act()
            except BaseException as error:  # noqa: BLE001  (it is raised below)
                errors.append(error)
            self._hand_over()

        threads = []
        for act in acts:
            start = threading.Event()
            self._enter(0.0, start)
            threads.append(threading.Thread(target=work, args=(act, start), daemon=True))
            threads[-1].start()
        self._hand_over()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def _enter(self, at: float, event: threading.Event) -> None:
        self._entered += 1
        heapq.heappush(self._waiting, (at, self._entered, event))

    def _hand_over(self) -> None:
        if self._waiting:
            self.now, _, event = heapq.heappop(self._waiting)
            self._moved(self.now)
            event.set()


@dataclass
class Allowance:
    """A limit of some rate a second. A second's share can be used at once."""

    rate: float
    left: float = 0.0
    since: float = -1.0

    def take(self, now: float) -> bool:
        """Take one, if there is one left."""
        self.left, self.since = min(self.rate, self.left + (now - self.since) * self.rate), now
        is_left = self.left >= 1
        self.left -= is_left
        return is_left


@dataclass
class Ses(Watch):
    """Lets each call take its time, and SES take so many emails a second and no more."""

    turns: Turns
    allowance: Allowance
    sent_at: list[float] = field(default_factory=list)
    throttled: int = 0

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        name = operation.partition(":")[2]
        self.turns.wait(LATENCY[name] + A_WRITE_MORE * len(params.get("TransactItems", ())))
        if name == "SendEmail":
            if not self.allowance.take(self.turns.now):
                self.throttled += 1
                refuse("SendEmail", "TooManyRequestsException", status=429)
            self.sent_at.append(self.turns.now)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a stack on which LETTERS letters wait for each of TARGETS chiefs."""

    def plain(_stack: Any, _target: Any, signature: Any) -> PacketLetter:
        return PacketLetter((), "en", signature.name, signature.locality)

    monkeypatch.setattr(packing, "_letter", plain)
    monkeypatch.setattr(fonts, "font_book", lambda: None)
    with world(monkeypatch, fast=True, bundle_size=99) as made:
        targets = [target_of(number) for number in range(TARGETS)]
        put_letters(made, targets, LETTERS)
        Campaigns(made.stack.table).put_new_targets(CAMPAIGN, targets)
        made.clock.now = MONDAY
        yield made


@dataclass
class Workers:
    """Processes of `deliver`, each with its own pace. They take messages until none is left."""

    world: World
    turns: Turns
    taken: int = 0
    failed: int = 0

    def worker(self) -> Callable[[], None]:
        """Start a process; return what it does."""
        self.world.restart("deliver")
        handler = self.world.handlers["deliver"]
        process: Any = self.world.stacks["deliver"]
        process.mailbox._spacing._clock = lambda: self.turns.now
        assert self.world.memory
        messages = self.world.memory.queues[self.world.queues["DeliveryQueue"]]

        def work() -> None:
            while messages:
                message = messages.pop(0)
                self.taken += 1
                self.turns.wait(LATENCY["run"])
                if handler(queue_source("DeliveryQueue").event([message]), CONTEXT)["batchItemFailures"]:
                    self.failed += 1
                    messages.append(message)

        return work

    def typeset(self, cover: PacketCover | None, letters: Sequence[PacketLetter], *_: object) -> Packet:
        assert cover
        self.turns.wait(TYPESETTING * len(letters))
        pdf = b"".join(f"<{letter.signer_name}>".encode() for letter in letters)
        return Packet(pdf, {}, accessible=True)


def test_very_many_chiefs_get_their_letters_once_at_the_pace_of_ses(
    stack: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = stack.plan()
    assert len(planned["deliveries"]) == TARGETS
    turns = Turns(lambda now: setattr(stack.clock, "now", MONDAY + timedelta(seconds=now)))
    ses = stack.watch = Ses(turns, Allowance(SES_TODAY))
    at_once = load_template()["Resources"]["DeliverQueue"]["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    workers = Workers(stack, turns)
    monkeypatch.setattr(packets, "typeset", workers.typeset)
    stack.sleep = turns.wait
    turns.run([workers.worker() for _ in range(at_once)])
    stack.watch = None

    pace = TARGETS / turns.now
    print(  # noqa: T201
        f"{TARGETS:,} chiefs with {LETTERS} letters each, {at_once} workers, SES {SES_TODAY:g}/s: {turns.now:.0f} s, "
        f"{pace:.1f} emails a second, {ses.throttled} throttled; at this pace, 10,000 take {10_000 / pace / 60:.1f} min"
    )
    assert Counter(sent.to for sent in stack.deliveries) == {target_of(number).email: 1 for number in range(TARGETS)}
    names = Counter(name for sent in stack.deliveries for name in names_in(sent))
    assert names == {f"Signer Number{number}": 1 for number in range(TARGETS * LETTERS)}
    assert {len(names_in(sent)) for sent in stack.deliveries} == {LETTERS}
    states = Counter(
        (delivery.state, delivery.letters)
        for number in range(TARGETS)
        for delivery in Deliveries(stack.stack.table).deliveries(CAMPAIGN, target_of(number).id)
    )
    assert states == {("sent", LETTERS): TARGETS}
    assert not any(
        Signatures(stack.stack.table).has_waiting(CAMPAIGN, target_of(number).id) for number in range(TARGETS)
    )
    assert (workers.taken, workers.failed) == (TARGETS, 0)
    assert ses.throttled < TARGETS / 10
    # SES lets what one second allows go at once, in the beginning.
    assert 0.8 * SES_TODAY * turns.now < TARGETS <= SES_TODAY * (turns.now + 1)


def names_in(sent: Any) -> list[str]:
    return [name.decode() for pdf in sent.pdfs for name in re.findall(rb"<([^>]+)>", pdf)]
