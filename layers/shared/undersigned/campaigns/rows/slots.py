"""Slots: the last slot that each job of the hourly run did, for a campaign or the stack."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Key, Row
from undersigned.base.table import ConditionFailedError, Repository, Update, read_row

if TYPE_CHECKING:
    from collections.abc import Iterable


type Job = Literal["plan", "report", "weekly email", "reconcile"]


@dataclass(frozen=True, slots=True)
class Slot(Row):
    """The last slot of a job for a campaign. In UTC, its texts sort in the order of their moments.

    The slot of `reconcile` is the moment of the last reconciliation, with the buckets that `differed` then.
    """

    pk, sk = "CAMPAIGN#{campaign}", "SLOT#{job}"

    slot: datetime
    cadence: str = ""
    differed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotOfStack(Slot):
    """The last slot of a job for the stack."""

    pk, sk = "SLOT#{job}", "META"


def slot_key(job: Job, campaign: str | None) -> Key:
    """Return the key of a job's last slot, of a campaign or of the stack."""
    return _kind(campaign).locate(job=job, campaign=campaign)


def _kind(campaign: str | None) -> type[Slot]:
    return Slot if campaign else SlotOfStack


class Slots(Repository):
    """Slots in the table."""

    def last(self, job: Job, campaign: str | None, cadence: str) -> datetime | None:
        """Read the slot consistently; None before the first run, and after a change of the cadence."""
        last = self._read(job, campaign)
        return last.slot if last and last.cadence == cadence else None

    def _read(self, job: Job, campaign: str | None) -> Slot | None:
        values = self._table.get(slot_key(job, campaign), consistent=True)
        return read_row(_kind(campaign).read, values) if values else None

    def begin(self, job: Job, campaign: str | None, cadence: str, slot: datetime) -> None:
        """Record a cadence, and its last slot that needs no work."""
        values = Slot.written(cadence=cadence, slot=slot.astimezone(UTC))
        self._table.update(Update(slot_key(job, campaign), assign=values))

    def note(self, job: Job, campaign: str | None, slot: datetime) -> None:
        """Record a slot, unless a later one is recorded."""
        values = Slot.written(slot=slot.astimezone(UTC))
        later = Attr("slot").lt(values["slot"])
        with suppress(ConditionFailedError):  # Another run was faster, or the campaign was deleted.
            self._table.update(Update(slot_key(job, campaign), assign=values, when=later))

    def differed(self, campaign: str) -> tuple[str, ...]:
        """Read the buckets that differed in the campaign's last reconciliation."""
        last = self._read("reconcile", campaign)
        return last.differed if last else ()

    def note_differed(self, campaign: str, buckets: Iterable[str], at: datetime) -> None:
        """Record the buckets that differ in a reconciliation, in place of the buckets of the last one."""
        values = Slot.written(slot=at, differed=tuple(sorted({*buckets})))
        self._table.update(Update(slot_key("reconcile", campaign), assign=values))
