"""Back up: read a whole campaign while people sign and letters are sealed.

No read order gives a snapshot of a table that changes, so this order prevents the errors that a restore could make:

1. Read which bundles exist.
2. Read the signatures. Every letter in one of these bundles is read as sealed in it.
3. Read the deliveries: first a delivery's state, then its bundles. So a delivery read as sent has every bundle that it
   was sent with.
4. Read again the signatures in bundles that are new since step 1. They may have been read as still in the tray, and a
   restore would send them again.
5. Read the campaign itself. A signature names a letter version and a target, and these are never deleted.
6. Read the draft: all parts of one revision, and then its head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import batched
from typing import TYPE_CHECKING

from undersigned.aws.campaigns import RESTORED_FROM, TARGETS, audit_partition, campaign_partition
from undersigned.aws.deliveries import BUNDLES, DELIVERIES, MAIL_EVENTS, PACKETS, delivery_partition
from undersigned.aws.drafts import Drafts
from undersigned.aws.dynamodb import BATCH_GET
from undersigned.aws.hourly_runs import HOURLY
from undersigned.aws.mail_claims import mail_claim_partition
from undersigned.aws.people import of_person, people_partition
from undersigned.aws.signatures import listing_shards, parse_signature_key, signature_key
from undersigned.domain.errors import UndersignedError
from undersigned_cli.backup.backup_file import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from undersigned.aws.dynamodb import Table, Values

_OF_DELIVERIES = (DELIVERIES, BUNDLES, PACKETS, MAIL_EVENTS)
"""The kinds of rows of a target's deliveries, in the order in which they are read."""


_OF_THE_STACK = (RESTORED_FROM, HOURLY)
"""The rows of a campaign that say what this stack has done with it."""


class MovedOnError(UndersignedError):
    """The campaign changed during the backup in a way that the file can't represent. A new backup fixes it."""


@dataclass(frozen=True, slots=True)
class BackingUp:
    """Reads one campaign's rows from a table."""

    table: Table
    campaign: str
    _sealed: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[Line]:
        """Yield the campaign's rows; raises MovedOnError.

        Leaves out what can be counted again, what expires within days (sessions, requests to sign in), and keys.
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
        yield from self._people()
        for partition in (audit_partition(self.campaign), organizer, campaign_partition(self.campaign)):
            yield from (Line(row) for row in self._partition(partition) if not row["sk"].startswith(_OF_THE_STACK))
        yield from map(Line, Drafts(self.table).rows(self.campaign))

    def _people(self) -> Iterator[Line]:
        """Yield the rows of people's roles, as the campaign has them and as each person has them."""
        for row in self._partition(people_partition(self.campaign)):
            yield Line(row)
            of_them = of_person(row["sk"], self.campaign)
            yield Line(row | of_them._asdict())

    def _deliveries(self, target: str) -> Iterator[Values]:
        """Yield the rows of a target's deliveries.

        Raises MovedOnError for a bundle whose delivery is new since the deliveries were read, because its letters would
        have no email. Also raises it for an event of a later attempt than the delivery's, because a restore would send
        the email again.
        """
        attempts: dict[str, int] = {}
        for kind in _OF_DELIVERIES:
            for row in self._partition(target, kind):
                period = row["sk"].split("#")[1]
                if kind == DELIVERIES:
                    attempts[period] = row["attempt"]
                elif period not in attempts:
                    raise MovedOnError(_moved_on(target))
                if kind == MAIL_EVENTS and row["attempt"] > attempts[period]:
                    raise MovedOnError(_moved_on(target))
                if kind == BUNDLES:
                    self._sealed.add(_address(row))
                yield row

    def _check_bundle(self, row: Values) -> None:
        """Raise MovedOnError when a letter's bundle was not read: the letter would be in no delivery.

        A damaged row may not say which bundle that is. It comes from one that was read.
        """
        bundle, of = row.get("bundle"), row.get("target")
        if bundle is None or of is None:
            return
        target = delivery_partition(self.campaign, of)
        if f"{target} {BUNDLES}{bundle}" not in self._sealed:
            raise MovedOnError(_moved_on(target))

    def _targets(self) -> Iterator[str]:
        """Yield the partition of each target's deliveries."""
        for row in self._partition(campaign_partition(self.campaign), TARGETS):
            yield delivery_partition(self.campaign, row["sk"].removeprefix(TARGETS))

    def _listed(self) -> Iterator[Values]:
        """Yield every signature that the index lists."""
        for shard in listing_shards(self.campaign):
            listed = self.table.query(shard, index="listing")
            yield from self._signatures(parse_signature_key(row["pk"])[1] for row in listed)

    def _signatures(self, signers: Iterable[str]) -> Iterator[Values]:
        """Yield the current rows of signatures."""
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
