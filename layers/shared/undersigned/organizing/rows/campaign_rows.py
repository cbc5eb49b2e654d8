"""All rows of a campaign, to delete them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.rows import Key
from undersigned.base.table import Delete, Repository
from undersigned.campaigns.rows.counters import counter_key, counter_partitions
from undersigned.campaigns.rows.offices import office_partition
from undersigned.campaigns.rules.campaigns import Campaign, Target
from undersigned.campaigns.rules.controls import AuditEntry, Controls
from undersigned.campaigns.rules.counts import TOTAL
from undersigned.delivering.rows.tellings import Telling
from undersigned.delivering.rules.deliveries import Delivery
from undersigned.people.rows.people import People
from undersigned.people.rules.api_keys import ApiKey
from undersigned.signing.rows.disowned import DisownedForms
from undersigned.signing.rules.signatures import listing_shards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Rows(Repository):
    """Rows in the table. Rows that expire, such as exports and mail claims, are left to that."""

    def delete_letters(self, campaign: str, is_late: Callable[[], bool]) -> int:
        """Delete the campaign's signatures."""
        return self._delete(self._letters(campaign), is_late)

    def delete_others(self, campaign: str, is_late: Callable[[], bool]) -> int:
        """Delete everything else of the campaign: at the end its people, and with the last owner the settings."""
        deleted = self._delete(self._others(campaign), is_late)
        if is_late():
            return deleted
        # Together: without its controls, a closed campaign would be open while the rest of it is deleted, and without
        # an owner, nobody could go on.
        last = [*People(self._table).keys(campaign), Campaign.locate(id=campaign), Controls.locate(campaign=campaign)]
        self._table.transact([Delete(key) for key in last])
        return deleted + len(last)

    def _delete(self, keys: Iterable[Key], is_late: Callable[[], bool]) -> int:
        deleted = 0
        for key in keys:
            if is_late():
                break
            self._table.delete(key)
            deleted += 1
        return deleted

    def _letters(self, campaign: str) -> Iterator[Key]:
        for shard in (*listing_shards(campaign, "FORMS"), *listing_shards(campaign)):
            for listed in self._table.query(shard, index="listing"):
                yield Key(listed["pk"], listed["sk"])

    def _others(self, campaign: str) -> Iterator[Key]:
        """Return the keys of all other rows but the last, in an order that lets the next run find the rest."""
        own = Campaign.partition(id=campaign)
        of_targets = self._table.query(own, begins_with=Target.beginning())
        targets = [row["sk"].removeprefix(Target.beginning()) for row in of_targets]
        yield from self._all_of(*(Delivery.partition(campaign=campaign, target=target) for target in targets))
        # Without the total, the tally counts nothing more, and the other counters need not add up.
        total = counter_key(campaign, TOTAL)
        yield from sorted(self._all_of(*counter_partitions(campaign)), key=lambda key: key != total)
        last = {Campaign.locate(id=campaign), Controls.locate(campaign=campaign)}
        # Without its targets, no office says anything any more.
        of_offices = office_partition(campaign)
        of_keys, log = ApiKey.partition(campaign=campaign), AuditEntry.partition(campaign=campaign)
        rest = (of_keys, log, DisownedForms.partition(campaign=campaign), own, of_offices)
        yield from (key for key in self._all_of(*rest) if key not in last)
        # Nor does anybody let signers be told.
        tellings = self._table.query(Telling.pk, begins_with=f"{campaign}#", consistent=True)
        yield from (Key(row["pk"], row["sk"]) for row in tellings)
        # The last person's two rows are among the last.
        yield from [*People(self._table).keys(campaign)][:-2]

    def _all_of(self, *partitions: str) -> Iterator[Key]:
        for partition in partitions:
            yield from (Key(row["pk"], row["sk"]) for row in self._table.query(partition, consistent=True))
