"""AWS calls and DynamoDB units of each step of a letter, from the form to the email with the packet.

It also counts the requests of a browser, and the bytes of answers and logs. `capacity` says what follows from all this.
"""

from __future__ import annotations

import io
import logging
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from benchmarks import capacity
from benchmarks.bookmarks import signers_in
from benchmarks.goals import Benchmark, Limit
from benchmarks.meter import Meter, size_of
from benchmarks.visit import Browser, Seen
from tests.world import ADA, CAMPAIGN, CONTEXT, World, client_of, world
from undersigned.aws.dynamodb import to_item
from undersigned.aws.signatures import signature_key
from undersigned.domain.signatures import signer_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.goals import Goal, Size
    from tests.world import Answer

LETTERS: dict[Size, int] = {"full": 99, "small": 9}
"""Letters of the delivery; 99 are what one transaction seals."""

RUSH: dict[Size, int] = {"full": 100, "small": 30}
"""Letters that are signed and confirmed at once."""


def _step(row: str, *, calls: int, reads: float, writes: int, only: Size | None = None) -> tuple[Goal, ...]:
    return (
        Limit(row, ("calls",), at_most=calls, only=only),
        Limit(row, ("read units",), at_most=reads, only=only),
        Limit(row, ("write units",), at_most=writes, only=only),
    )


GOALS = (
    *_step("sign", calls=3, reads=1, writes=3),
    *_step("send the confirmation mail", calls=9, reads=3, writes=5),
    *_step("give it back to its budgets", calls=5, reads=1, writes=4),
    *_step("tally the new signature", calls=3, reads=1, writes=5),
    *_step("confirm", calls=2, reads=0.5, writes=2),
    *_step("tally", calls=2, reads=1, writes=14),
    *_step("tally 100 new letters at once", calls=1, reads=0, writes=1, only="full"),
    *_step("tally 100 confirmed letters at once", calls=3, reads=100, writes=228, only="full"),
    *_step("send 100 confirmation emails at once", calls=331, reads=301, writes=120, only="full"),
    *_step("give 100 back to their budgets at once", calls=22, reads=1, writes=21, only="full"),
    *_step("send 30 confirmation emails at once", calls=111, reads=91, writes=42, only="small"),
    *_step("give 30 back to their budgets at once", calls=14, reads=1, writes=13, only="small"),
    Limit("a signer among 100", ("write units",), at_most=12, only="full"),
    *_step("tally 30 new letters at once", calls=3, reads=30, writes=63, only="small"),
    *_step("tally 30 confirmed letters at once", calls=2, reads=30, writes=74, only="small"),
    *_step("count", calls=1, reads=0.5, writes=0),
    *_step("show the form", calls=2, reads=1, writes=0),
    Limit("signature row", ("bytes",), at_most=1_023),
    *_step("deliver 99 letters to one chief", calls=30, reads=261, writes=341, only="full"),
    *_step("deliver 9 letters to one chief", calls=30, reads=35, writes=65, only="small"),
    *_step("reconcile 99 letters", calls=73, reads=159, writes=0, only="full"),
    *_step("reconcile 9 letters", calls=69, reads=69, writes=0, only="small"),
    *capacity.GOALS,
)
"""As docs/data-model.md has them under "Access patterns"; a delivery's units grow with its letters. A signature row of
more than 1,024 bytes would take two write units each time. A batch writes each of its three budgets once; here it has
one email."""


def measure(size: Size) -> dict[str, dict[str, Any]]:
    """Return for each step its calls by operation, read units and write units; functions are warm but for `deliver`."""
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, bundle_size=99) as made:
        counting = _Counting(made, Meter(client_of("dynamodb")))
        one = counting.one_letter() | counting.a_delivery(LETTERS[size])
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, fast=True) as made:
        one |= _Counting(made, Meter(client_of("dynamodb"))).a_rush(RUSH[size])
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, fast=True) as made:
        rows = one | _Counting(made, Meter(client_of("dynamodb"))).a_visit()
    rows |= {f"a signer among {RUSH[size]}": {"write units": _of_a_signer(rows, RUSH[size])}}
    return rows | capacity.figures_of(rows, RUSH[size], LETTERS[size])


def _of_a_signer(rows: dict[str, dict[str, Any]], letters: int) -> float:
    """Return the write units of one who signs and confirms in a rush, in all steps before the delivery."""
    at_once = sum(row["write units"] for name, row in rows.items() if name.endswith("at once"))
    units: float = rows["sign"]["write units"] + rows["confirm"]["write units"] + at_once / letters
    return round(units, 2)


@dataclass(frozen=True, slots=True)
class _Counting:
    """Takes each step with a meter beside it, and then looks whether the step did what it is for."""

    world: World
    meter: Meter

    def one_letter(self) -> dict[str, dict[str, Any]]:
        self.world.confirmed(email="warm@signers.example")
        self.world.get(f"/campaigns/{CAMPAIGN}/count")
        sign = self._step(lambda: self.world.sign().status, 200)
        signed = self.world.new_records()
        self.world.clock.advance(seconds=1)
        mail = self._step(lambda: self._stream("send_confirmations", signed), None)
        assert (len(self.world.sent), self.world.sent[-1].to) == (2, ADA["email"])
        tally_signed = self._step(lambda: self._stream("tally", signed), None)
        assert (self._status(), self._counts()) == ("pending", (2, 1))
        confirm = self._step(lambda: self.world.post(self.world.sent[-1].link("confirm")).status, 200)
        confirmed = self.world.new_records()
        give_back = self._step(lambda: self._stream("send_confirmations", confirmed), None)
        tally = self._step(lambda: self._stream("tally", confirmed), None)
        row = {"bytes": size_of(self._row())}
        assert (self._status(), self._counts()) == ("confirmed", (2, 2))
        return {
            "sign": sign,
            "send the confirmation mail": mail,
            "tally the new signature": tally_signed,
            "confirm": confirm,
            "give it back to its budgets": give_back,
            "tally": tally,
            "signature row": row,
            "count": self._step(lambda: self.world.get(f"/campaigns/{CAMPAIGN}/count").json["signatures"], 2),
            "show the form": self._step(self._inputs_for_the_name, 1),
        }

    def a_delivery(self, letters: int) -> dict[str, dict[str, Any]]:
        for number in range(letters - 2):
            self.world.confirmed(email=f"signer{number}@signers.example")
        self.world.plan()
        delivery = self._step(self.world.run_queue, [{"batchItemFailures": []}])
        [sent] = self.world.deliveries
        assert [len(signers_in(pdf)) for pdf in sent.pdfs] == [letters]
        self.world.begin_reconciling()
        rows = self._step(self.world.run_reconciliations, [{"batchItemFailures": []}])
        return {
            f"deliver {letters} letters to one chief": delivery,
            f"reconcile {letters} letters": rows,
        }

    def a_rush(self, letters: int) -> dict[str, dict[str, Any]]:
        """Count letters that come in one batch of the stream."""
        self.world.confirmed(email="warm@signers.example")
        for number in range(letters):
            values = {**ADA, "form": self.world.form(), "email": f"signer{number}@signers.example"}
            path = f"/campaigns/{CAMPAIGN}/signatures"
            assert self.world.post(path, values, source=f"198.51.{number}.7").status == 200
        signed = self.world.new_records()
        # Otherwise no email would take any time, and no metric would say how much.
        self.world.clock.advance(seconds=1)
        tally_signed = self._step(lambda: self._stream("tally", signed), None)
        mails = self._step(lambda: self._stream("send_confirmations", signed), None)
        for mail in self.world.sent[-letters:]:
            self.world.post(mail.link("confirm"))
        confirmed = self.world.new_records()
        give_back = self._step(lambda: self._stream("send_confirmations", confirmed), None)
        tally = self._step(lambda: self._stream("tally", confirmed), None)
        counters = {"write units": self.meter.writes_to["COUNT"]}
        assert self._counts() == (letters + 1, letters + 1)
        return {
            f"tally {letters} new letters at once": tally_signed,
            f"tally {letters} confirmed letters at once": tally,
            f"of these, in counters of {letters}": counters,
            f"send {letters} confirmation emails at once": mails,
            f"give {letters} back to their budgets at once": give_back,
        }

    def a_visit(self) -> dict[str, dict[str, Any]]:
        """Count each request that a browser makes while one person signs and confirms."""
        self.world.confirmed(email="warm@signers.example")
        rows: dict[str, dict[str, Any]] = {}

        def request(route: str, act: Callable[[], Answer]) -> Answer:
            answers: list[Answer] = []
            counted = self._step(lambda: answers.append(act()), None)
            seen = Seen(route, answers[0])
            assert seen.name not in rows, f"{route} is requested twice"
            rows[seen.name] = counted | {"bytes": seen.size}
            return seen.answer

        browser = Browser(self.world, request)
        browser.sign()
        self.world.run_stream()
        browser.confirm(self.world.sent[-1].link("confirm"))
        assert self._status() == "confirmed"
        return rows

    def _stream(self, function: str, records: list[Any]) -> None:
        self.world.handlers[function]({"Records": records}, CONTEXT)

    def _inputs_for_the_name(self) -> int:
        return self.world.get(f"/campaigns/{CAMPAIGN}").body.count(' name="name"')

    def _row(self) -> Any:
        """Return the row of the letter, which is longest while it is in the tray."""
        key = signature_key(CAMPAIGN, signer_id(self.world.wiring.secret(), str(ADA["email"])))
        table = self.world.wiring.settings.table_name
        return client_of("dynamodb").get_item(TableName=table, Key=to_item(key._asdict()))["Item"]

    def _status(self) -> str | None:
        signer = signer_id(self.world.wiring.secret(), str(ADA["email"]))
        row = self.world.wiring.signatures.signature(CAMPAIGN, signer)
        return row.status if row else None

    def _counts(self) -> tuple[int, int]:
        """Return how many signed and how many of them confirmed."""
        counts = self.world.wiring.counts.counts(CAMPAIGN)
        return counts["PROVIDER#other"], counts["TOTAL"]

    def _step[T](self, act: Callable[[], T], expected: T) -> dict[str, Any]:
        self.meter.reset()
        self.world.watch = self.meter
        with _logged() as log:
            answer = act()
        self.world.watch = None
        assert answer == expected
        return {
            "calls": dict(self.meter.calls),
            "read units": self.meter.reads,
            "write units": self.meter.writes,
            "log bytes": len(log.getvalue().encode()),
        }


@contextmanager
def _logged() -> Iterator[io.StringIO]:
    """Collect what functions log, metrics included. Benchmarks otherwise keep it off the page."""
    log, disabled = io.StringIO(), logging.root.manager.disable
    loggers = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    handlers = [
        handler
        for logger in loggers
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler) and isinstance(handler.formatter, LambdaPowertoolsFormatter)
    ]
    streams = [handler.setStream(log) for handler in handlers]
    logging.disable(logging.NOTSET)
    try:
        with redirect_stdout(log):
            yield log
    finally:
        logging.disable(disabled)
        for handler, stream in zip(handlers, streams, strict=True):
            handler.setStream(stream)


BENCHMARK = Benchmark("AWS calls and DynamoDB units, counted", GOALS, measure)
