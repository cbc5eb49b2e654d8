"""Backing up: reading all that a campaign is, while people sign it and letters are sealed.

No order of reading shows one moment of a table that changes, so the order is chosen by what must not happen later:

1. Which bundles there are.
2. The signatures. Whatever lies in one of these bundles is seen in it.
3. What was delivered: first a delivery's state, then its bundles. So one that is "sent" has every bundle that it was
   sent with.
4. Again, the signatures in bundles that are new since 1: they may have been seen in the tray, and would go once more.
5. The campaign itself: a signature names a letter version and a target, and these are never taken away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import batched
from typing import TYPE_CHECKING, Any

from undersigned.aws import items, keys, requests
from undersigned.domain.errors import UndersignedError
from undersigned_cli.backup.backup_file import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

    from undersigned_cli.backup.backup_file import Item

_BATCH_GET = 100
"""Items that DynamoDB reads in one BatchGetItem."""

_OF_DELIVERIES = (keys.DELIVERIES, keys.BUNDLES, keys.PACKETS, keys.MAIL_EVENTS)
"""What a target's deliveries consist of, in the order in which it is read."""


class MovedOnError(UndersignedError):
    """The campaign changed while it was read in a way that the file can't hold; nothing is wrong, read it again."""


@dataclass(frozen=True, slots=True)
class BackingUp:
    """Reads one campaign's items off a table."""

    client: DynamoDBClient
    table: str
    campaign: str
    _sealed: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[Line]:
        """Read everything but what can be counted again, is gone in days, or opens a door (organizers' keys).

        Raises MovedOnError.
        """
        known = {_place(item) for target in self._targets() for item in self._partition(target, keys.BUNDLES)}
        for item in self._listed():
            yield Line(item)
        new: list[str] = []
        for target in self._targets():
            for item in self._deliveries(target):
                if item["sk"]["S"].startswith(keys.BUNDLES) and _place(item) not in known:
                    new += items.from_item(item)["signers"]
                yield Line(item)
        for item in self._signatures(new):
            self._check_bundle(item)
            yield Line(item, again=True)
        organizer = keys.recipient(f"organizer:{self.campaign}", "").pk
        for partition in (keys.audit_partition(self.campaign), organizer, keys.campaign_partition(self.campaign)):
            yield from (Line(item) for item in self._partition(partition) if item["sk"]["S"] != keys.RESTORED)

    def _deliveries(self, target: str) -> Iterator[Item]:
        """Read a target's deliveries; a bundle of one that was not there a moment ago would have no mail to go with.

        Nor may SES have told of a later try than the delivery knows of: restored, it would go once more.
        """
        begun: dict[str, int] = {}
        for kind in _OF_DELIVERIES:
            for item in self._partition(target, kind):
                period = item["sk"]["S"].split("#")[1]
                if kind == keys.DELIVERIES:
                    begun[period] = int(item["attempt"]["N"])
                elif period not in begun:
                    raise MovedOnError(_moved_on(target))
                if kind == keys.MAIL_EVENTS and int(item["attempt"]["N"]) > begun[period]:
                    raise MovedOnError(_moved_on(target))
                if kind == keys.BUNDLES:
                    self._sealed.add(_place(item))
                yield item

    def _check_bundle(self, item: Item) -> None:
        """Make sure that a letter's bundle was read, too: without it, the letter would lie nowhere."""
        signature = items.read_signature(items.from_item(item))
        if signature.bundle is None:
            return
        target = keys.delivery_partition(self.campaign, signature.target)
        if f"{target} {keys.BUNDLES}{signature.bundle}" not in self._sealed:
            raise MovedOnError(_moved_on(target))

    def _targets(self) -> Iterator[str]:
        """List the partitions of deliveries, one a target."""
        for item in self._partition(keys.campaign_partition(self.campaign), keys.TARGETS):
            yield keys.delivery_partition(self.campaign, item["sk"]["S"].removeprefix(keys.TARGETS))

    def _listed(self) -> Iterator[Item]:
        """Read every signature that the index lists."""
        for shard in range(keys.LISTING_SHARDS):
            request = requests.query(self.table, keys.listing_shard(self.campaign, shard), index="listing")
            yield from self._signatures(keys.parse_signature(item["pk"]["S"])[1] for item in self._query(request))

    def _signatures(self, signers: Iterable[str]) -> Iterator[Item]:
        """Read signatures as they stand now."""
        for some in batched(signers, _BATCH_GET, strict=False):
            wanted = [items.to_item(keys.signature(self.campaign, signer)._asdict()) for signer in dict.fromkeys(some)]
            pending: dict[str, Any] = {self.table: {"Keys": wanted, "ConsistentRead": True}}
            while pending:
                answer = self.client.batch_get_item(RequestItems=pending)
                yield from answer["Responses"].get(self.table, [])
                pending = dict(answer.get("UnprocessedKeys", {}))

    def _partition(self, pk: str, begins_with: str | None = None) -> Iterator[Item]:
        return self._query(requests.query(self.table, pk, begins_with=begins_with, consistent=True))

    def _query(self, request: QueryInputTypeDef) -> Iterator[Item]:
        while True:
            page = self.client.query(**request)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request = {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}


def _place(item: Item) -> str:
    return f"{item['pk']['S']} {item['sk']['S']}"


def _moved_on(target: str) -> str:
    return (
        f"letters were sealed while the backup read them ({target}); try again in a minute, or pause the campaign first"
    )
