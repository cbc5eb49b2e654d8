"""AWS calls and DynamoDB units of each step of a letter, from the form to the email with the packet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.bookmarks import signers_in
from benchmarks.capacity import Meter, size_of
from benchmarks.goals import Benchmark, Limit
from tests.world import ADA, CAMPAIGN, CONTEXT, World, client_of, world
from undersigned.aws.dynamodb import to_item
from undersigned.aws.signatures import signature_key
from undersigned.domain.signatures import signer_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.goals import Goal, Size

LETTERS: dict[Size, int] = {"full": 99, "small": 9}
"""Letters of the delivery; 99 are what one transaction seals."""


def _step(row: str, *, calls: int, reads: float, writes: int, only: Size | None = None) -> tuple[Goal, ...]:
    return (
        Limit(row, ("calls",), at_most=calls, only=only),
        Limit(row, ("read units",), at_most=reads, only=only),
        Limit(row, ("write units",), at_most=writes, only=only),
    )


GOALS = (
    *_step("sign", calls=3, reads=1, writes=6),
    *_step("send the confirmation mail", calls=4, reads=1, writes=2),
    *_step("tally the new signature", calls=3, reads=1, writes=5),
    *_step("confirm", calls=1, reads=0, writes=2),
    *_step("tally", calls=2, reads=1, writes=14),
    *_step("count", calls=1, reads=0.5, writes=0),
    *_step("show the form", calls=2, reads=1, writes=0),
    Limit("signature row", ("bytes",), at_most=1_023),
    *_step("deliver 99 letters to one chief", calls=28, reads=210, writes=341, only="full"),
    *_step("deliver 9 letters to one chief", calls=28, reads=29, writes=65, only="small"),
    *_step("reconcile 99 letters", calls=71, reads=157, writes=0, only="full"),
    *_step("reconcile 9 letters", calls=67, reads=67, writes=0, only="small"),
)
"""As docs/data-model.md has them under "Access patterns"; a delivery's units grow with its letters. A signature row of
more than 1,024 bytes would take two write units each time."""


def measure(size: Size) -> dict[str, dict[str, Any]]:
    """Return for each step its calls by operation, read units and write units; functions are warm but for `deliver`."""
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, bundle_size=99) as made:
        counting = _Counting(made, Meter(client_of("dynamodb")))
        return counting.one_letter() | counting.a_delivery(LETTERS[size])


@dataclass(frozen=True, slots=True)
class _Counting:
    """Takes each step with a meter beside it, and then looks whether the step did what it is for."""

    world: World
    meter: Meter

    def one_letter(self) -> dict[str, dict[str, Any]]:
        self.world.confirmed(email="warm@signers.example")
        self.world.get(f"/campaigns/{CAMPAIGN}/count")
        sign = self._step(lambda: self.world.sign().status, 303)
        signed = self.world.new_records()
        mail = self._step(lambda: self._stream("send_confirmations", signed), None)
        assert (len(self.world.sent), self.world.sent[-1].to) == (2, ADA["email"])
        tally_signed = self._step(lambda: self._stream("tally", signed), None)
        assert (self._status(), self._counts()) == ("pending", (2, 1))
        confirm = self._step(lambda: self.world.post(self.world.sent[-1].link("confirm")).status, 303)
        confirmed = self.world.new_records()
        tally = self._step(lambda: self._stream("tally", confirmed), None)
        row = {"bytes": size_of(self._row())}
        assert (self._status(), self._counts()) == ("confirmed", (2, 2))
        return {
            "sign": sign,
            "send the confirmation mail": mail,
            "tally the new signature": tally_signed,
            "confirm": confirm,
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
        return {f"deliver {letters} letters to one chief": delivery, f"reconcile {letters} letters": rows}

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
        return counts["SIGNED#signers.example"], counts["TOTAL"]

    def _step[T](self, act: Callable[[], T], expected: T) -> dict[str, Any]:
        self.meter.reset()
        self.world.watch = self.meter
        answer = act()
        self.world.watch = None
        assert answer == expected
        return {"calls": dict(self.meter.calls), "read units": self.meter.reads, "write units": self.meter.writes}


BENCHMARK = Benchmark("AWS calls and DynamoDB units, counted", GOALS, measure)
