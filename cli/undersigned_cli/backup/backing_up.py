"""Backing up: reading all that a campaign is, while people sign it and letters are sealed.

No order of reading shows one moment of a table that changes, so the order is chosen by what must not happen later:

1. Which bundles there are.
2. The signatures. Every letter in one of these bundles is seen in it.
3. What was delivered: first a delivery's state, then its bundles. So one that is "sent" has every bundle that it was
   sent with.
4. Again, the signatures in bundles that are new since 1: they may have been seen in the tray, and would go once more.
5. The campaign itself: a signature names a letter version and a target, and these are never taken away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import batched
from typing import TYPE_CHECKING

from undersigned.aws.campaigns import RESTORED, TARGETS, audit_partition, campaign_partition
from undersigned.aws.deliveries import BUNDLES, DELIVERIES, MAIL_EVENTS, PACKETS, delivery_partition
from undersigned.aws.dynamodb import BATCH_GET
from undersigned.aws.mail_claims import mail_claim_partition
from undersigned.aws.signatures import listing_shards, parse_signature_key, read_signature, signature_key
from undersigned.domain.errors import UndersignedError
from undersigned_cli.backup.backup_file import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from undersigned.aws.dynamodb import Table, Values

_OF_DELIVERIES = (DELIVERIES, BUNDLES, PACKETS, MAIL_EVENTS)
"""What a target's deliveries consist of, in the order in which it is read."""


class MovedOnError(UndersignedError):
    """The campaign changed while it was read in a way that the file can't hold; nothing is wrong, read it again."""


@dataclass(frozen=True, slots=True)
class BackingUp:
    """Reads one campaign's rows from a table."""

    table: Table
    campaign: str
    _sealed: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[Line]:
        """Read everything but what can be counted again, is gone in days, or opens a door (organizers' keys).

        Raises MovedOnError.
        """
        known = {_address(row) for target in self._targets() for row in self._partition(target, BUNDLES)}
        for row in self._listed():
            yield Line(row)
        new: list[str] = []
        for target in self._targets():
            for row in self._deliveries(target):
                if row["sk"].startswith(BUNDLES) and _address(row) not in known:
                    new += row["signers"]
                yield Line(row)
        for row in self._signatures(dict.fromkeys(new)):
            self._check_bundle(row)
            yield Line(row, again=True)
        organizer = mail_claim_partition(f"organizer:{self.campaign}")
        for partition in (audit_partition(self.campaign), organizer, campaign_partition(self.campaign)):
            yield from (Line(row) for row in self._partition(partition) if row["sk"] != RESTORED)

    def _deliveries(self, target: str) -> Iterator[Values]:
        """Read a target's deliveries; a bundle of one that was not there a moment ago would have no email to go with.

        Nor may SES have told of a later attempt than the delivery knows of: restored, it would be sent once more.
        """
        begun: dict[str, int] = {}
        for kind in _OF_DELIVERIES:
            for row in self._partition(target, kind):
                period = row["sk"].split("#")[1]
                if kind == DELIVERIES:
                    begun[period] = row["attempt"]
                elif period not in begun:
                    raise MovedOnError(_moved_on(target))
                if kind == MAIL_EVENTS and row["attempt"] > begun[period]:
                    raise MovedOnError(_moved_on(target))
                if kind == BUNDLES:
                    self._sealed.add(_address(row))
                yield row

    def _check_bundle(self, row: Values) -> None:
        """Make sure that a letter's bundle was read, too: without it, the letter would lie nowhere."""
        signature = read_signature(row)
        if signature.bundle is None:
            return
        target = delivery_partition(self.campaign, signature.target)
        if f"{target} {BUNDLES}{signature.bundle}" not in self._sealed:
            raise MovedOnError(_moved_on(target))

    def _targets(self) -> Iterator[str]:
        """Return the partition of each target's deliveries."""
        for row in self._partition(campaign_partition(self.campaign), TARGETS):
            yield delivery_partition(self.campaign, row["sk"].removeprefix(TARGETS))

    def _listed(self) -> Iterator[Values]:
        """Read every signature that the index lists."""
        for shard in listing_shards(self.campaign):
            listed = self.table.query(shard, index="listing")
            yield from self._signatures(parse_signature_key(row["pk"])[1] for row in listed)

    def _signatures(self, signers: Iterable[str]) -> Iterator[Values]:
        """Read signatures as they stand now."""
        for some in batched(signers, BATCH_GET, strict=False):
            yield from self.table.batch_get([signature_key(self.campaign, signer) for signer in some])

    def _partition(self, pk: str, begins_with: str | None = None) -> Iterator[Values]:
        return self.table.query(pk, begins_with=begins_with, consistent=True)


def _address(row: Values) -> str:
    return f"{row['pk']} {row['sk']}"


def _moved_on(target: str) -> str:
    return (
        f"letters were sealed while the backup read them ({target}); try again in a minute, or pause the campaign first"
    )
