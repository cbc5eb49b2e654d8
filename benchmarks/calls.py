"""Count the AWS calls and DynamoDB units of each step of a letter, a browser's requests, and bytes of answers and logs.

From these, `capacity` computes how many signers each part of a stack takes, and what a million of them cost.
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
from benchmarks.goals import Goal
from benchmarks.meter import Meter, size_of
from tests.support.world import ADA, CAMPAIGN, CONTEXT, World, client_of, world
from undersigned.base.assets import asset_path
from undersigned.base.table import to_item
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.signing.rules.signatures import Signature, signer_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.goals import Figures
    from tests.support.world import Answer

LETTERS = 99
"""Letters of the delivery: as many as one transaction seals."""

RUSH = 100
"""Letters that are signed and confirmed at once."""

REQUESTS = (
    "GET /campaigns/{campaign}",
    "GET /assets/caveat.woff2",
    "GET /campaigns/{campaign}/targets",
    "POST /campaigns/{campaign}/signatures",
    "GET /confirm/{token}",
    "POST /confirm/{token}",
)
"""A browser's requests while one person signs and confirms; a test compares them with a real browser's."""

GOALS = (
    Goal("signature row", "bytes", at_most=1_023),
    *capacity.GOALS,
)
"""A signature row of more than 1,024 bytes would take two write units each time."""


def measure(*, small: bool) -> Figures:  # noqa: ARG001  (it takes seconds)
    """Return each step's calls by operation, read units and write units. All functions but `deliver` are warm."""
    rows: Figures = {}
    for counted in (_Counting.one_letter, _Counting.a_delivery, _Counting.a_rush, _Counting.a_visit):
        with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, fast=True, bundle_size=99) as made:
            made.confirmed(email="warm@signers.example")
            rows |= counted(_Counting(made, Meter(client_of("dynamodb"))))
    return rows | capacity.figures_of(rows, {route: rows[route] for route in REQUESTS}, RUSH, LETTERS)


@dataclass(frozen=True, slots=True)
class _Counting:
    """Takes each step with a meter beside it, and then checks that the step had its effect."""

    world: World
    meter: Meter

    def one_letter(self) -> Figures:
        self.world.get(f"/campaigns/{CAMPAIGN}/count")
        sign = self._step(lambda: self.world.sign().status, 200)
        signed = self.world.new_records()
        # Otherwise no email would take any time, and no metric would say how much.
        self.world.clock.advance(seconds=1)
        mail = self._mail(signed)
        assert (len(self.world.sent), self.world.sent[-1].to) == (2, ADA["email"])
        assert self._counted() == 1
        confirm = self._step(lambda: self.world.post(self.world.sent[-1].link("confirm")).status, 200)
        confirmed = self.world.new_records()
        tally = self._stream("tally", confirmed)
        assert (self._status(), self._counted()) == ("confirmed", 2)
        self.world.clock.advance(seconds=2)
        return {
            "sign": sign,
            "send the confirmation mail": mail,
            "confirm": confirm,
            "tally": tally,
            "signature row": {"bytes": size_of(self._row())},
            "count": self._step(lambda: self.world.get(f"/campaigns/{CAMPAIGN}/count").json["signatures"], 2),
        }

    def a_delivery(self) -> Figures:
        for number in range(LETTERS - 1):
            self.world.confirmed(email=f"signer{number}@signers.example")
        self.world.plan()
        sent = self._step(self.world.run_queue, [{"batchItemFailures": []}])
        [delivery] = Deliveries(self.world.stack.table).deliveries(CAMPAIGN, "evanston")
        assert (delivery.state, delivery.letters, len(self.world.deliveries)) == ("sent", LETTERS, 1)
        rows = self._step(self.world.reconcile, None)
        return {f"deliver {LETTERS} letters to one chief": sent, f"reconcile {LETTERS} letters": rows}

    def a_rush(self) -> Figures:
        """Count letters that come in one batch of the stream."""
        for number in range(RUSH):
            values = {**ADA, "form": self.world.form(), "email": f"signer{number}@signers.example"}
            path = f"/campaigns/{CAMPAIGN}/signatures"
            assert self.world.post(path, values, source=f"198.51.{number}.7").status == 200
        signed = self.world.new_records()
        self.world.clock.advance(seconds=1)
        mails = self._mail(signed)
        for mail in self.world.sent[-RUSH:]:
            self.world.post(mail.link("confirm"))
        confirmed = self.world.new_records()
        tally = self._stream("tally", confirmed)
        counters = self.meter.writes_to["COUNT"]
        assert self._counted() == RUSH + 1
        return {
            f"tally {RUSH} confirmed letters at once": tally | {"write units of counters": counters},
            f"send {RUSH} confirmation emails at once": mails,
        }

    def a_visit(self) -> Figures:
        """Count each request that a browser makes while one person signs and confirms."""
        path, form = f"/campaigns/{CAMPAIGN}", {**ADA, "form": self.world.form(), "asks": "1"}
        opened = self._request("GET", path)
        face = self._request("GET", asset_path("caveat.woff2"))
        found = self._request("GET", f"{path}/targets?lang=en&postal_code={ADA['postal_code']}")
        sent = self._request("POST", f"{path}/signatures?lang=en", form, accept="application/json")
        self.world.run_stream()
        link = self.world.sent[-1].link("confirm")
        shown, pressed = self._request("GET", link), self._request("POST", link, {})
        assert self._status() == "confirmed"
        return dict(zip(REQUESTS, (opened, face, found, sent, shown, pressed), strict=True))

    def _request(self, method: str, path: str, values: object = None, accept: str = "text/html") -> dict[str, Any]:
        """Count a request and the bytes of its answer. Anyone may cache an answer that says `public`."""
        answers: list[Answer] = []
        headers = {"accept": accept, "accept-encoding": "gzip"}

        def request() -> bool:
            # From a network that nobody else has.
            answers.append(self.world.request(method, path, values, headers=headers, source="198.51.100.7"))
            return answers[0].status in {200, 202}

        counted, [answer] = self._step(request, expected=True), answers
        size = len(answer.content) + sum(len(name) + len(text) + 4 for name, text in answer.headers.items())
        return counted | {"bytes": size, "cacheable": "public" in answer.headers.get("cache-control", "")}

    def _stream(self, function: str, records: list[Any]) -> dict[str, Any]:
        handler = self.world.handlers[function]
        return self._step(lambda: handler({"Records": records}, CONTEXT), {"batchItemFailures": []})

    def _mail(self, records: list[Any]) -> dict[str, Any]:
        """Queue the emails that records request, and send them."""

        def mail() -> bool:
            answers = [self.world.handlers["send_confirmations"]({"Records": records}, CONTEXT)]
            answers += self.world.run_waiting_mails()
            return all(answer == {"batchItemFailures": []} for answer in answers)

        return self._step(mail, expected=True)

    def _row(self) -> Any:
        """Return the row of the letter, which is longest while it is in the tray."""
        key = Signature.locate(campaign=CAMPAIGN, signer=signer_id(self.world.stack.secret(), str(ADA["email"])))
        table = self.world.stack.settings.table_name
        return client_of("dynamodb").get_item(TableName=table, Key=to_item(key._asdict()))["Item"]

    def _status(self) -> Any:
        return self._row()["status"]["S"]

    def _counted(self) -> int:
        """Return how many have confirmed."""
        return self.world.counts()["TOTAL"]

    def _step[T](self, act: Callable[[], T], expected: T) -> dict[str, Any]:
        self.meter.reset()
        self.world.watch = self.meter
        with _logged() as log:
            answer = act()
        self.world.watch = None
        assert answer == expected, answer
        return {
            "calls": dict(self.meter.calls),
            "read units": self.meter.reads,
            "write units": self.meter.writes,
            "log bytes": len(log.getvalue().encode()),
        }


@contextmanager
def _logged() -> Iterator[io.StringIO]:
    """Collect the functions' logs and metrics, which benchmarks otherwise keep off the page."""
    log, disabled = io.StringIO(), logging.root.manager.disable
    handlers = [
        handler
        for logger in logging.root.manager.loggerDict.values()
        if isinstance(logger, logging.Logger)
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
