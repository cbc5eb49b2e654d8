"""Slots: the last one that each job of the hourly run did, for a campaign or the stack.

A campaign's slot of `reconcile` is the moment of its last reconciliation, with the buckets that `differed` then.

| row | pk | sk |
|---|---|---|
| slot of a campaign | `CAMPAIGN#<campaign>` | `SLOT#<job>` |
| slot of the stack | `SLOT#<job>` | `META` |
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, Literal

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Key
from undersigned.base.table import ConditionFailedError, Repository, Update, read_moment, read_row, written
from undersigned.campaigns.rows.keys import campaign_partition

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


type Job = Literal["plan", "report", "weekly email", "reconcile"]

SLOTS = "SLOT#"


def slot_key(job: Job, campaign: str | None) -> Key:
    """Return the key of a job's last slot, of a campaign or of the stack."""
    return Key(campaign_partition(campaign), SLOTS + job) if campaign else Key(f"SLOT#{job}", "META")


class Slots(Repository):
    """Slots in the table."""

    def last(self, job: Job, campaign: str | None, cadence: str) -> datetime | None:
        """Read the slot consistently; None before the first run, and after a change of the cadence."""
        values = self._table.get(slot_key(job, campaign), consistent=True) or {}
        return read_row(lambda row: read_moment(row["slot"]), values) if values.get("cadence") == cadence else None

    def begin(self, job: Job, campaign: str | None, cadence: str, slot: datetime) -> None:
        """Record a cadence, and its last slot that needs no work."""
        values = {"cadence": cadence, "slot": written(slot.astimezone(UTC))}
        self._table.update(Update(slot_key(job, campaign), assign=values))

    def note(self, job: Job, campaign: str | None, slot: datetime) -> None:
        """Record a slot, unless a later one is recorded."""
        # In UTC, texts sort in the order of their moments.
        moment = written(slot.astimezone(UTC))
        with suppress(ConditionFailedError):  # Another run was faster, or the campaign was deleted.
            self._table.update(Update(slot_key(job, campaign), assign={"slot": moment}, when=Attr("slot").lt(moment)))

    def differed(self, campaign: str) -> tuple[str, ...]:
        """Read the buckets that differed in the campaign's last reconciliation."""
        values = self._table.get(slot_key("reconcile", campaign), consistent=True) or {}
        return tuple(values.get("differed", ()))

    def note_differed(self, campaign: str, buckets: Iterable[str], at: datetime) -> None:
        """Record the buckets that differ in a reconciliation, in place of those of the one before."""
        values = {"slot": written(at), "differed": sorted({*buckets})}
        self._table.update(Update(slot_key("reconcile", campaign), assign=values))
