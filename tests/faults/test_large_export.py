"""A file of very many letters: each once, written in little memory."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, override

import pytest

from tests.support.exports import asked, file_of, rows_of
from tests.support.scale import scale
from tests.support.waiting_rows import put_letters
from tests.support.world import CAMPAIGN, Watch, world
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.organizing.exporting import get_export
from undersigned.organizing.rules.exports import ExportFilter

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.nightly

_MOST_BYTES = 10_000_000
"""The most bytes that the product's code may hold at a call: the next 500 letters, and one part of the file."""

_OURS = tracemalloc.Filter(True, "*/undersigned/*")  # noqa: FBT003


@dataclass
class Memory(Watch):
    """Notes how many bytes our code holds before every tenth call of AWS."""

    held: list[int] = field(default_factory=list)
    calls: int = 0

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        self.calls += 1
        if self.calls % 10 == 0:
            found = tracemalloc.take_snapshot().filter_traces([_OURS]).statistics("filename")
            self.held.append(sum(each.size for each in found))


def test_very_many_letters_are_in_a_file_once_and_held_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    with world(monkeypatch, fast=True) as made:
        put_letters(made, [Campaigns(made.stack.table).target(CAMPAIGN, "evanston")], scale.rows)
        export = asked(made, ExportFilter(None, "confirmed"))
        made.watch = memory = Memory()
        tracemalloc.start()
        try:
            assert made.run_exports() == [{"batchItemFailures": []}]
        finally:
            tracemalloc.stop()
            made.watch = None
        done = get_export(made.stack, CAMPAIGN, export.id)
        found = [row["email_address"] for row in rows_of(file_of(made, done))]
    assert (done.state, done.rows) == ("done", scale.rows)
    assert sorted(found) == sorted(f"signer{number}@signers.example" for number in range(scale.rows))
    print(f"{scale.rows:,} letters: {max(memory.held) / 1e6:.1f} MB held at most")  # noqa: T201
    assert max(memory.held) < _MOST_BYTES
