"""Restore: write a campaign to a stack that has no campaign of this name, without sending any email.

Items never replace existing items, and the campaign's settings come last. Without them, nobody can sign and nothing is
planned, so a restore that was interrupted can run again. Restored signatures and deliveries have the backup's id, which
tells the stream's readers to send no emails and events for them. The tally counts restored rows like any other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched, chain
from typing import TYPE_CHECKING, Literal

from undersigned.aws.campaigns import (
    SETTINGS,
    UNFINISHED_RESTORES,
    audit_values,
    campaign_key,
    campaign_partition,
    controls_key,
    restored_key,
)
from undersigned.aws.counts import counter_key
from undersigned.aws.deliveries import (
    DELIVERIES,
    MAIL_EVENTS,
    PACKETS,
    delivery_values,
    read_delivery,
    read_mail_event,
)
from undersigned.aws.dynamodb import Key, Update
from undersigned.aws.signatures import DAMAGED, listing_shards, read_signature
from undersigned.aws.stream import RESTORED
from undersigned.domain.controls import AuditEntry
from undersigned.domain.deliveries import Delivery, DeliveryKey, MailEvent, after
from undersigned.domain.errors import UndersignedError
from undersigned.domain.tallies import TOTAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from undersigned.aws.dynamodb import Table, Values
    from undersigned_cli.backup.backup_file import BackupFile, Line

type Progress = Literal["new", "begun", "done"]
"""How much of a backup a stack has: nothing, a part, or everything."""

_WORKERS = 8
"""Writes at the same time, each with a connection."""

_BETWEEN_UPDATES = 400

_UNKNOWN = frozenset({"sending", "in_doubt"})
"""The states of a delivery whose email may or may not have been sent. No event about it will reach the new stack."""

_ASSUMED = "assumed {} when the campaign was restored"


class NotEmptyError(UndersignedError):
    """The stack has a campaign of this name that doesn't come from this backup."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What must be known of a file's items before the first one is written.

    `again` has the partitions of signatures that a later line replaces. `deliveries` has the deliveries that are not
    settled, including those being sent, with the file's SES events applied. `controls` has the campaign's controls, if
    any.
    """

    again: frozenset[str]
    deliveries: Mapping[DeliveryKey, Delivery]
    controls: Values | None = None

    @property
    def under_way(self) -> tuple[DeliveryKey, ...]:
        """Return the deliveries whose email may or may not have been sent."""
        return tuple(key for key, delivery in self.deliveries.items() if delivery.state in _UNKNOWN)


def survey(lines: Iterable[Line]) -> Survey:
    """Read all lines, and return what must be known before the first item is written."""
    again: set[str] = set()
    unsettled: dict[DeliveryKey, Delivery] = {}
    events: defaultdict[DeliveryKey, list[MailEvent]] = defaultdict(list)
    controls: Values | None = None
    for line in lines:
        pk, sk = line.values["pk"], line.values["sk"]
        if sk == _CONTROLS:
            controls = line.values
        if line.again:
            again.add(pk)
        elif sk.startswith(DELIVERIES):
            delivery = read_delivery(line.values)
            if not delivery.is_settled:
                unsettled[delivery.key] = delivery
        elif sk.startswith(MAIL_EVENTS) and (key := _delivery_of(line.values)) in unsettled:
            events[key].append(read_mail_event(key, line.values))
    for key, of_delivery in events.items():
        for event in of_delivery:
            if unsettled[key].state in _UNKNOWN:
                unsettled[key] = after(unsettled[key], event)
    return Survey(frozenset(again), unsettled, controls)


def _delivery_of(row: Values) -> DeliveryKey:
    """Return the delivery of a bundle, packet or event."""
    _, campaign, target = row["pk"].split("#")
    return DeliveryKey(campaign, target, row["sk"].split("#")[1])


@dataclass(frozen=True, slots=True)
class Decisions:
    """An organizer's decisions about emails that may have been sent: those that were sent, and those that were not."""

    sent: frozenset[DeliveryKey] = frozenset()
    unsent: frozenset[DeliveryKey] = frozenset()

    def applied_to(self, delivery: Delivery, now: datetime) -> Delivery:
        """Return a delivery with the decision about it applied."""
        if delivery.state in _UNKNOWN and delivery.key in self.sent:
            since = delivery.sending_since
            return replace(delivery, state="sent", sent_at=since, settled_at=now, reason=_ASSUMED.format("sent"))
        if delivery.state in _UNKNOWN and delivery.key in self.unsent:
            return replace(delivery, state="open", sending_since=None, reason=_ASSUMED.format("not sent"))
        return delivery


@dataclass(frozen=True, slots=True)
class Restoring:
    """Writes a checked backup to a table."""

    table: Table
    file: BackupFile
    found: Survey
    decisions: Decisions
    now: datetime
    written: Counter[str] = field(default_factory=Counter)
    """How many items were `put`, were already `there`, or have `expired`, and how many rows are `damaged`."""

    def progress(self) -> Progress:
        """Return how much of the backup the stack has; raises NotEmptyError when the campaign is from elsewhere."""
        campaign = self.file.header.campaign
        restored = self._get(restored_key(campaign))
        there = self._get(campaign_key(campaign)) is not None
        if restored is not None and restored["backup"] == self.file.header.id:
            return "done" if "finished_at" in restored else "begun"
        if restored is not None and "finished_at" not in restored:
            message = f"another backup of {campaign} is only partly restored; finish that restore first"
            raise NotEmptyError(message)
        if there or self._has_any(campaign):
            message = (
                f"the stack has {campaign} already, and people may have signed there since the backup was made; "
                "restore it to a stack that doesn't have it (--stack-name). Nothing was changed"
            )
            raise NotEmptyError(message)
        return "new"

    def run(self) -> Iterator[int]:
        """Write what is missing, and yield now and then how many items were read. Running it twice is harmless."""
        header = self.file.header
        key = restored_key(header.campaign)
        listed = {"listed": UNFINISHED_RESTORES, "listed_at": header.campaign}
        self._put({**key._asdict(), **listed, "backup": header.id, "begun_at": self.now.isoformat()})
        # Pause before the first letter is written, so that a push during the restore doesn't send anything.
        self._put(self._pausing())
        last: list[Values] = []
        read = 0
        with ThreadPoolExecutor(_WORKERS) as pool:
            for some in batched(self.file.lines(), _BETWEEN_UPDATES, strict=False):
                due = [row for line in some if (row := self._restored(line)) is not None]
                last += (row for row in due if _is_settings(row))
                for outcome in pool.map(self._put, (row for row in due if not _is_settings(row))):
                    self.written[outcome] += 1
                read += len(some)
                yield read
        self._put(self._audited())
        for settings in last:
            self.table.update(Update(counter_key(header.campaign, TOTAL), assign={"goal": settings["goal"]}))
            self._put(settings)
        finished = {"finished_at": self.now.isoformat(), "listed": None, "listed_at": None}
        self.table.update(Update(key, assign=finished))

    def _restored(self, line: Line) -> Values | None:
        """Return a row as it is to be written; None when it is left out."""
        row, sk = line.values, line.values["sk"]
        origin = {RESTORED: self.file.header.id}
        match row["pk"].partition("#")[0]:
            case "SIGNATURE":
                signature = self._signature(line)
                return signature | origin if signature else None
            case "DELIVERY" if sk.startswith(DELIVERIES):
                return self._delivery(row) | origin
            case "DELIVERY" if sk.startswith(PACKETS) and self._is_unsettled(row):
                # The file is in the other stack's bucket, so it is made again. If it is copied here, its name must be
                # known, because it goes with an erased letter.
                return {name: value for name, value in row.items() if name != "stored_at"}
            case "CAMPAIGN" if sk == _CONTROLS:
                # Written first, as paused.
                return None
            case _:
                return row

    def _signature(self, line: Line) -> Values | None:
        if not line.again and line.values["pk"] in self.found.again:
            return None
        try:
            signature = read_signature(line.values)
        except DAMAGED:
            # It stays as it is, for a person to repair. The tally and the daily reconciliation report it.
            self.written["damaged"] += 1
            return {name: value for name, value in line.values.items() if name != "tallied"}
        # A row that remembers an erasure stays, as it does in the table. The daily reconciliation erases it again.
        if signature.has_expired(self.now) and signature.erased_at is None:
            self.written["expired"] += 1
            return None
        # This stack's counters don't count the row yet, so it has no mark. The other stack sends a postponed email.
        omitted = {"tallied", "due", "due_at"} if signature.mail_postponed else {"tallied"}
        return {name: value for name, value in line.values.items() if name not in omitted}

    def _delivery(self, row: Values) -> Values:
        """Return a delivery with SES's events and the organizer's decision applied to an email that was being sent."""
        delivery = read_delivery(row)
        current = delivery_values(
            self.decisions.applied_to(self.found.deliveries.get(delivery.key, delivery), self.now)
        )
        # The other stack's bucket was swept, not this one, into which old files may be copied.
        return {name: value for name, value in row.items() if name not in current and name != "swept"} | current

    def _is_unsettled(self, packet: Values) -> bool:
        delivery = self.found.deliveries.get(_delivery_of(packet))
        return delivery is not None and not self.decisions.applied_to(delivery, self.now).is_settled

    def _pausing(self) -> Values:
        """Return the campaign's controls, paused."""
        return controls_key(self.file.header.campaign)._asdict() | (self.found.controls or {}) | {"paused": True}

    def _audited(self) -> Values:
        """Return the audit entry of the restore, dated when it started, so that a second run adds none."""
        header = self.file.header
        restored = self._get(restored_key(header.campaign)) or {}
        at = datetime.fromisoformat(restored["begun_at"])
        entry = AuditEntry(header.campaign, at, "restore", "command line", header.id, f"made {header.made_at:%Y-%m-%d}")
        return audit_values(entry, header.id)

    def _put(self, row: Values) -> Literal["put", "there"]:
        return "put" if self.table.put_new(row) else "there"

    def _get(self, key: Key) -> Values | None:
        return self.table.get(key, consistent=True)

    def _has_any(self, campaign: str) -> bool:
        """Return whether the table has any row of a campaign that has no settings."""
        found = chain(
            self.table.query(campaign_partition(campaign), read_ahead=1, consistent=True),
            *(self.table.query(shard, index="listing", read_ahead=1) for shard in listing_shards(campaign)),
        )
        return any(found)


_CONTROLS = controls_key("").sk


def _is_settings(row: Values) -> bool:
    return bool(row["pk"].startswith("CAMPAIGN#") and row["sk"] == SETTINGS)
