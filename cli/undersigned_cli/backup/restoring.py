"""Restoring: a campaign is written into a stack that has none of its name, and nothing goes out because of it.

Every item is put only where there is none, and the campaign's settings come last. Without them nobody can sign and
nothing is planned, so a restore that was cut off is simply run again. Signatures and deliveries carry the backup's id,
by which the stream's readers know that their mails and events are history. The tally counts restored rows like any.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from undersigned.aws import items, keys, requests
from undersigned.aws.failures import CONDITION_FAILED, code_of
from undersigned.domain.controls import AuditEntry
from undersigned.domain.deliveries import Delivery, DeliveryKey, MailEvent, after
from undersigned.domain.errors import UndersignedError
from undersigned.domain.tallies import TOTAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

    from undersigned_cli.backup.backup_file import BackupFile, Item, Line

type Progress = Literal["new", "begun", "done"]
"""How a stack stands to a backup: it has nothing of the campaign, a part, or all of it."""

_AT_ONCE = 8
"""Writes under way; a connection each."""

_BETWEEN_NEWS = 400

_ASSUMED = "assumed {} when the campaign was restored"


class NotEmptyError(UndersignedError):
    """The stack has a campaign of this name that is not this backup's."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file's items mean for each other.

    `again` are the partitions of signatures that come a second time, `deliveries` those that are not settled, the mails
    under way among them, each as SES's events in the file leave it; `controls` is the campaign's, if it has any.
    """

    again: frozenset[str]
    deliveries: Mapping[DeliveryKey, Delivery]
    controls: Item | None = None

    @property
    def under_way(self) -> tuple[DeliveryKey, ...]:
        """Return the deliveries of which nobody knows whether their mail has left."""
        return tuple(key for key, delivery in self.deliveries.items() if delivery.state == "sending")


def survey(lines: Iterable[Line]) -> Survey:
    """Read a file through, and keep what must be known before the first item is written."""
    again: set[str] = set()
    unsettled: dict[DeliveryKey, Delivery] = {}
    events: defaultdict[DeliveryKey, list[MailEvent]] = defaultdict(list)
    controls: Item | None = None
    for line in lines:
        pk, sk = line.item["pk"]["S"], line.item["sk"]["S"]
        if sk == keys.controls("").sk:
            controls = line.item
        if line.again:
            again.add(pk)
        elif sk.startswith(keys.DELIVERIES):
            delivery = items.read_delivery(items.from_item(line.item))
            if not delivery.is_settled:
                unsettled[delivery.key] = delivery
        elif sk.startswith(keys.MAIL_EVENTS) and (key := _delivery_of(line.item)) in unsettled:
            events[key].append(items.read_mail_event(key, items.from_item(line.item)))
    for key, of_mail in events.items():
        for event in of_mail:
            if unsettled[key].state == "sending":
                unsettled[key] = after(unsettled[key], event)
    return Survey(frozenset(again), unsettled, controls)


def _delivery_of(item: Item) -> DeliveryKey:
    """Return the delivery that a bundle, packet or event is of."""
    _, campaign, target = item["pk"]["S"].split("#")
    return DeliveryKey(campaign, target, item["sk"]["S"].split("#")[1])


@dataclass(frozen=True, slots=True)
class Decisions:
    """What an organizer says of mails that were under way: those that have left, and those that go again."""

    sent: frozenset[DeliveryKey] = frozenset()
    unsent: frozenset[DeliveryKey] = frozenset()

    def applied_to(self, delivery: Delivery) -> Delivery:
        """Return a delivery as it shall stand."""
        if delivery.state == "sending" and delivery.key in self.sent:
            return replace(delivery, state="sent", sent_at=delivery.sending_since, reason=_ASSUMED.format("sent"))
        if delivery.state == "sending" and delivery.key in self.unsent:
            return replace(delivery, state="open", sending_since=None, reason=_ASSUMED.format("not sent"))
        return delivery


@dataclass(frozen=True, slots=True)
class Restoring:
    """Writes a checked backup into a table."""

    client: DynamoDBClient
    table: str
    file: BackupFile
    found: Survey
    decisions: Decisions
    now: datetime
    written: Counter[str] = field(default_factory=Counter)
    """How many items were put, and how many were `there` or had `expired`."""

    def progress(self) -> Progress:
        """Say how the stack stands to the backup; raises NotEmptyError when the campaign is there by another way."""
        campaign = self.file.header.campaign
        marked = self._get(keys.restored(campaign))
        there = self._get(keys.campaign(campaign)) is not None
        if marked is not None and marked["backup"]["S"] == self.file.header.id:
            return "done" if "finished_at" in marked else "begun"
        if marked is not None and "finished_at" not in marked:
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
        """Write what is not there yet; tell from time to time how many items were read. Twice is the same as once."""
        header = self.file.header
        mark = {**keys.restored(header.campaign)._asdict(), "backup": header.id, "begun_at": self.now.isoformat()}
        self._put(items.to_item(mark))
        # Before the first letter: whoever pushes the campaign over half a restore must not let it go.
        self._put(self._pausing())
        last: list[Item] = []
        read = 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for some in batched(self.file.lines(), _BETWEEN_NEWS, strict=False):
                due = [item for line in some if (item := self._restored(line)) is not None]
                last += (item for item in due if _is_settings(item))
                for outcome in pool.map(self._put, (item for item in due if not _is_settings(item))):
                    self.written[outcome] += 1
                read += len(some)
                yield read
        self._put(items.to_item(self._audited()))
        for settings in last:
            goal = requests.update(
                self.table, keys.counter(header.campaign, TOTAL), assign={"goal": items.from_item(settings)["goal"]}
            )
            self.client.update_item(**goal)
            self._put(settings)
        finished = requests.update(
            self.table, keys.restored(header.campaign), assign={"finished_at": self.now.isoformat()}
        )
        self.client.update_item(**finished)

    def _restored(self, line: Line) -> Item | None:
        """Return an item as it is written, or None when it is left out."""
        item, sk = line.item, line.item["sk"]["S"]
        mark = {items.RESTORED: {"S": self.file.header.id}}
        match item["pk"]["S"].partition("#")[0]:
            case "SIGNATURE":
                signature = self._signature(line)
                return signature | mark if signature else None
            case "DELIVERY" if sk.startswith(keys.DELIVERIES):
                return self._delivery(item) | mark
            case "DELIVERY" if sk.startswith(keys.PACKETS) and self._is_unsettled(item):
                # Its PDF lies in the other stack's bucket; it is typeset again.
                return None
            case "CAMPAIGN" if sk == keys.controls("").sk:
                # It was the first to be written.
                return None
            case _:
                return item

    def _signature(self, line: Line) -> Item | None:
        if not line.again and line.item["pk"]["S"] in self.found.again:
            return None
        if items.read_signature(items.from_item(line.item)).has_expired(self.now):
            self.written["expired"] += 1
            return None
        # The counts begin at nothing here, so they hold nothing of the row.
        return {name: value for name, value in line.item.items() if name != "tallied"}

    def _delivery(self, item: Item) -> Item:
        """Return a delivery with what SES's events and the organizer say of a mail that was under way."""
        delivery = items.read_delivery(items.from_item(item))
        as_is = self.decisions.applied_to(self.found.deliveries.get(delivery.key, delivery))
        kept = item.keys() - items.delivery_values(delivery).keys()
        return {name: item[name] for name in kept} | items.to_item(items.delivery_values(as_is))

    def _is_unsettled(self, packet: Item) -> bool:
        delivery = self.found.deliveries.get(_delivery_of(packet))
        return delivery is not None and not self.decisions.applied_to(delivery).is_settled

    def _pausing(self) -> Item:
        """Return the campaign's controls, paused."""
        key = items.to_item(keys.controls(self.file.header.campaign)._asdict())
        return {**(self.found.controls or key), "paused": {"BOOL": True}}

    def _audited(self) -> items.Values:
        """Note the restore once, at the moment when it was begun."""
        header = self.file.header
        begun = self._get(keys.restored(header.campaign)) or {}
        at = datetime.fromisoformat(begun["begun_at"]["S"])
        entry = AuditEntry(header.campaign, at, "restore", "command line", header.id, f"made {header.made_at:%Y-%m-%d}")
        return items.audit_values(entry, header.id)

    def _put(self, item: Item) -> Literal["put", "there"]:
        request = requests.put_new(self.table, {})
        request["Item"] = item
        try:
            self.client.put_item(**request)
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED:
                raise
            return "there"
        return "put"

    def _get(self, key: keys.Key) -> Item | None:
        return self.client.get_item(**requests.get(self.table, key, consistent=True)).get("Item")

    def _has_any(self, campaign: str) -> bool:
        """Say whether the table has anything of a campaign without settings."""
        queries: list[QueryInputTypeDef] = [
            requests.query(self.table, keys.campaign_partition(campaign), limit=1, consistent=True),
            *(
                requests.query(self.table, keys.listing_shard(campaign, shard), index="listing", limit=1)
                for shard in range(keys.LISTING_SHARDS)
            ),
        ]
        return any(self.client.query(**query)["Items"] for query in queries)


def _is_settings(item: Item) -> bool:
    return bool(item["pk"]["S"].startswith("CAMPAIGN#") and item["sk"]["S"] == keys.META)
