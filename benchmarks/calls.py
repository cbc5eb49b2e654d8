"""AWS calls and DynamoDB units of a signature, a confirmation, a count and a sealed letter: counted, not timed."""

from __future__ import annotations

import importlib
from typing import Any

import boto3
import pytest

from benchmarks.capacity import Meter
from tests.world import CAMPAIGN, CONTEXT, World, world

SEALED = 99


def measure() -> dict[str, dict[str, Any]]:
    """Return for each step its calls by operation, read units and write units, warm."""
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, bundle_size=99) as made:
        return _Counting(made).measure()


class _Counting:
    def __init__(self, made: World) -> None:
        self._world = made
        self._meter = Meter(boto3.client("dynamodb"))
        for function in made.handlers:
            module = importlib.import_module(f"functions.{function}.app")
            module = getattr(module, "wired", module)
            for name in ("signing", "confirmations", "tallying", "planning", "delivering", "feedback"):
                if hasattr(module, name):
                    self._meter.attach(_table_of(getattr(module, name))._client)

    def measure(self) -> dict[str, dict[str, Any]]:
        self._world.confirmed(email="warm@signers.example")
        self._world.get(f"/campaigns/{CAMPAIGN}/count")
        steps = {
            "sign": self._step(self._world.sign),
            "send the confirmation mail": self._step(lambda: self._stream("send_confirmations")),
            "confirm": self._step(lambda: self._world.post(self._world.sent[-1].link("confirm"))),
            "tally": self._step(lambda: self._stream("tally")),
            "count": self._step(lambda: self._world.get(f"/campaigns/{CAMPAIGN}/count")),
            "show the form": self._step(lambda: self._world.get(f"/campaigns/{CAMPAIGN}")),
        }
        for number in range(SEALED - 2):
            self._world.confirmed(email=f"signer{number}@signers.example")
        self._world.plan()
        delivery = self._step(self._world.run_queue)
        return steps | {f"deliver {SEALED} letters to one chief": delivery}

    def _stream(self, function: str) -> None:
        self._world.handlers[function]({"Records": self._records}, CONTEXT)

    def _step(self, step: Any) -> dict[str, Any]:
        self._records = self._world.new_records() or getattr(self, "_records", [])
        self._meter.reset()
        step()
        meter = self._meter
        return {"calls": dict(meter.calls), "read units": meter.reads, "write units": meter.writes}


def _table_of(use_case: Any) -> Any:
    """Return the table behind a use case, whichever of its stores it is."""
    names = getattr(use_case, "__slots__", None) or vars(use_case)
    stores = (getattr(use_case, name) for name in names)
    return next(store for store in stores if hasattr(store, "move_marks"))
