"""All rows of a campaign, to delete them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, override

from undersigned.aws.api_keys import key_partition
from undersigned.aws.campaigns import SETTINGS, TARGETS, audit_partition, campaign_partition
from undersigned.aws.counts import counter_partitions
from undersigned.aws.deliveries import delivery_partition
from undersigned.aws.disowned import disowned_partition
from undersigned.aws.drafts import draft_partition
from undersigned.aws.dynamodb import Key
from undersigned.aws.people import of_person, people_partition
from undersigned.aws.signatures import listing_shards
from undersigned.services.ports import CampaignRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from undersigned.aws.dynamodb import Table


class Rows(CampaignRows):
    """Rows in the table. Those that expire by themselves, such as exports and mail claims, are left."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table

    @override
    def delete_letters(self, campaign: str, is_late: Callable[[], bool]) -> int:
        return self._delete(self._letters(campaign), is_late)

    @override
    def delete_others(self, campaign: str, is_late: Callable[[], bool]) -> int:
        return self._delete(self._others(campaign), is_late)

    @override
    def delete_access(self, campaign: str) -> None:
        keys = chain(self._people(campaign), self._all_of(key_partition(campaign), audit_partition(campaign)))
        self._delete(keys, lambda: False)

    def _delete(self, keys: Iterable[Key], is_late: Callable[[], bool]) -> int:
        deleted = 0
        for key in keys:
            if is_late():
                break
            self._table.delete(key)
            deleted += 1
        return deleted

    def _letters(self, campaign: str) -> Iterator[Key]:
        for shard in listing_shards(campaign):
            for listed in self._table.query(shard, index="listing"):
                yield Key(listed["pk"], listed["sk"])

    def _others(self, campaign: str) -> Iterator[Key]:
        """Return the keys of all other rows, in an order in which what is left is still found by the next run."""
        own = campaign_partition(campaign)
        targets = [row["sk"].removeprefix(TARGETS) for row in self._table.query(own, begins_with=TARGETS)]
        partitions = [
            *(delivery_partition(campaign, target) for target in targets),
            audit_partition(campaign),
            *counter_partitions(campaign),
            draft_partition(campaign),
            disowned_partition(campaign),
            own,
        ]
        yield from (key for key in self._all_of(*partitions) if key != Key(own, SETTINGS))
        yield from self._people(campaign)
        if self._table.get(Key(own, SETTINGS), consistent=True):
            yield Key(own, SETTINGS)
        yield from self._all_of(key_partition(campaign))

    def _all_of(self, *partitions: str) -> Iterator[Key]:
        for partition in partitions:
            yield from (Key(row["pk"], row["sk"]) for row in self._table.query(partition, consistent=True))

    def _people(self, campaign: str) -> Iterator[Key]:
        """Return the keys of people's rows, the owners' last: only an owner can go on with deleting."""
        rows = self._table.query(people_partition(campaign), consistent=True)
        for row in sorted(rows, key=lambda row: row["role"] == "owner"):
            yield of_person(row["sk"], campaign)
            yield Key(row["pk"], row["sk"])
