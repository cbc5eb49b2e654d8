"""What a move of marks depends on: each fact that another tally, or the signer, can have changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.memory import Memory
from tests.support.signatures import adas_signature
from undersigned.base.table import Table, TransactionCanceledError
from undersigned.campaigns.rows.counters import Counters
from undersigned.counting.rows.marks import Marks
from undersigned.counting.rules.tallies import mark_of
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
ADA = adas_signature(status="confirmed", confirmed_at=NOW, confirmed_on=NOW.date())


@pytest.mark.parametrize("meanwhile", [{"tallied": mark_of(ADA)}, {"version": ADA.version + 1}, None], ids=str)
def test_a_letter_that_was_counted_or_changed_meanwhile_is_not_counted_as_it_was(
    meanwhile: Mapping[str, Any] | None,
) -> None:
    table = Table(Memory(lambda: NOW).client("dynamodb", None), "table")
    changed = replace(ADA, **meanwhile) if meanwhile else None
    if changed:
        table.put(changed.item())
    with pytest.raises(TransactionCanceledError):
        Marks(table).move_marks(ADA.campaign, [(ADA, mark_of(ADA))], 0)
    assert Signatures(table).signature(ADA.campaign, ADA.signer) == changed
    assert not Counters(table).exist(ADA.campaign)
