"""Restoring: bring back a campaign's rows that the stack's table has lost, from a recovered table.

The recovered table has the rows of one moment, and the stack's own table has later ones. So only missing rows are
written, and the rows that are left of the later ones win: bundles, erasures, and the tally's record of deleted rows. If
an email may have left without a trace, a person is asked: its delivery comes back in doubt, and letters that may have
been in it come back on hold.

Restored signatures and deliveries have an attribute that tells the stream's readers to send no email and no event for
them. A campaign's settings come last: without them nobody can sign and nothing is planned.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import batched, chain, islice
from typing import TYPE_CHECKING, Literal, get_args

from undersigned.base.errors import DamagedRowsError, NotFoundError, UndersignedError
from undersigned.base.rows import Key
from undersigned.base.table import BATCH_GET, Update, read_row, written
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import counter_key
from undersigned.campaigns.rows.offices import office_partition
from undersigned.campaigns.rows.slots import Slot
from undersigned.campaigns.rules.campaigns import Campaign, Target
from undersigned.campaigns.rules.controls import AuditEntry, Controls
from undersigned.campaigns.rules.counts import TOTAL
from undersigned.counting.rows.marks import GoneRow
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.bundles import Bundle
from undersigned.delivering.rules.deliveries import Delivery
from undersigned.delivering.rules.mail_events import MailEvent, after_event
from undersigned.delivering.rules.plans import next_day
from undersigned.people.rows.people import CampaignOfPerson
from undersigned.people.rules.people import Member
from undersigned.signing.rows.forms import Forms, read_form
from undersigned.signing.rows.mail_claims import mail_claim_partition
from undersigned.signing.rows.signatures import (
    Signatures,
    parse_signature_key,
    read_signature,
    sealing,
    target_at,
)
from undersigned.signing.rules.signatures import Signature, listing_shards, signer_id, tray_shard, tray_shards
from undersigned.signing.stream import RESTORED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from undersigned.base.rows import Values
    from undersigned.base.stack import Stack
    from undersigned.base.table import Table
    from undersigned.delivering.rules.deliveries import DeliveryKey

_WORKERS = 8
"""Writes at the same time, each with a connection."""

_MAY_HAVE_GONE = frozenset({"open", "sending", "held"})
"""The states of a delivery that may have been sent since, without a decision of a person."""

type Outcome = Literal["written", "there", "expired", "erased", "changed", "damaged", "held"]
"""The outcome of a row of the recovered table. A damaged row is written as it is; a letter on hold is written, too."""

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome.__value__)


class OtherTableError(UndersignedError):
    """The stack can't take rows from this table."""


@dataclass(frozen=True, slots=True)
class _Log:
    """The rows of a recipient's deliveries in both tables, by sort key. The stack's own row wins."""

    source: Mapping[str, Values]
    live: Mapping[str, Values]

    @property
    def rows(self) -> Mapping[str, Values]:
        """Return all rows."""
        return {**self.source, **self.live}

    def bundles(self) -> Mapping[str, Mapping[int, list[str]]]:
        """Return the signers of each bundle, by period and number."""
        found: defaultdict[str, dict[int, list[str]]] = defaultdict(dict)
        for sk, row in self.rows.items():
            if sk.startswith(Bundle.beginning()):
                found[sk.split("#")[1]][Bundle.read(row).number] = row["signers"]
        return found

    def has_gaps(self, stored: Iterable[str]) -> bool:
        """Say whether an email may have left with a letter whose bundle is lost.

        A bundle without letters is the last of its delivery. `stored` are the periods whose packets are in the bucket.
        """
        bundles = self.bundles()
        known = (sk.removeprefix(Delivery.beginning()) for sk in self.rows if sk.startswith(Delivery.beginning()))
        unsent = {
            sk.removeprefix(Delivery.beginning())
            for sk, row in self.live.items()
            if sk.startswith(Delivery.beginning()) and not row.get("attempt")
        }
        return any(not _is_complete(bundles.get(period, {})) for period in {*known, *bundles, *stored} - unsent)


def _is_complete(bundles: Mapping[int, list[str]]) -> bool:
    return any(number == len(bundles) and not signers for number, signers in bundles.items())


@dataclass(frozen=True, slots=True)
class Restoring:
    """Writes the rows of a campaign that a stack's table lacks. Running it twice is harmless."""

    opened: Stack
    source: Table
    campaign: str
    written: Counter[Outcome] = field(default_factory=Counter)
    questioned: set[str] = field(default_factory=set)
    """The targets to which an email may have left whose letters no row names."""

    doubts: list[DeliveryKey] = field(default_factory=list)
    """The deliveries whose email may or may not have left."""

    _sealed: dict[str, str] = field(default_factory=dict)
    """The bundles that only the stack's own table has, by signer."""

    _erased: dict[str, str] = field(default_factory=dict)
    """The moments of the erasures that the stack's own table knows, by signer."""

    @property
    def _table(self) -> Table:
        return self.opened.table

    @property
    def _mark(self) -> Values:
        return {RESTORED: written(self.opened.clock())}

    def check(self, name: str) -> None:
        """Raise NotFoundError if the table has no such campaign, and OtherTableError if its signers have other ids."""
        if self.source.get(Campaign.locate(id=self.campaign)) is None:
            message = f"the table {name} has no campaign {self.campaign!r}"
            raise NotFoundError(message)
        secret = self.opened.secret()
        for row in islice(self._listed(), BATCH_GET):
            email, (_, signer) = row.get("words", {}).get("email"), parse_signature_key(row["pk"])
            if email and signer_id(secret, email) != signer:
                message = (
                    f"the signers of {name} have ids under another secret than this stack's, so they could sign twice; "
                    "give the stack the secret that you kept (docs/backups.md)"
                )
                raise OtherTableError(message)

    def run(self) -> Iterator[object]:
        """Write the missing rows, and yield something after each row."""
        is_whole = self._table.get(Campaign.locate(id=self.campaign), consistent=True) is None
        self._pause(is_new=is_whole)
        for entry in Campaigns(self.opened.table).audit(self.campaign):
            if entry.action == "erase":
                self._note_erasures([entry.about], entry.at.isoformat())
        stored = self._stored()
        for target in self._targets():
            yield from self._restore_deliveries(target, stored[target])
        with ThreadPoolExecutor(_WORKERS) as pool:
            for some in batched(chain(self._listed(), self._forms()), BATCH_GET, strict=False):
                for outcome in pool.map(self._restore_signature, self._missing(some)):
                    self.written[outcome] += 1
                    yield outcome
        for signer in self._sealed:
            if Signatures(self.opened.table).signature(self.campaign, signer) is None:
                # Otherwise a letter that was sent could be confirmed and sent again.
                Forms(self.opened.table).delete_all(self.campaign, signer)
        for row in chain(self._of_the_campaign(), self._when_all_is_lost() if is_whole else ()):
            self._put(row)
            yield row

    def _pause(self, *, is_new: bool) -> None:
        """Pause the campaign before anything is written. If its settings are lost, bring back its controls."""
        key = Controls.locate(campaign=self.campaign)
        if is_new and (controls := self.source.get(key)):
            self._table.put_new(controls | {"paused": True})
        self._table.update(Update(key, assign={"paused": True}))

    def _targets(self) -> Iterable[str]:
        rows = self._partition(Campaign.partition(id=self.campaign), Target.beginning())
        return sorted({row["sk"].removeprefix(Target.beginning()) for row in chain.from_iterable(rows)})

    def _stored(self) -> Mapping[str, set[str]]:
        """Return the periods of each target whose packets are in the bucket: they are stored before an email leaves."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name in self.opened.bucket.names(f"packets/{self.campaign}/"):
            _, _, period, target, *_ = name.split("/")
            found[target].add(period)
        return found

    def _partition(self, pk: str, begins_with: str | None = None) -> tuple[Iterator[Values], Iterator[Values]]:
        """Return the rows of a partition in the recovered table, and in the stack's own."""
        return (
            self.source.query(pk, begins_with=begins_with, consistent=True),
            self._table.query(pk, begins_with=begins_with, consistent=True),
        )

    def _put(self, row: Values) -> None:
        self.written["written" if self._table.put_new(row) else "there"] += 1

    # Deliveries

    def _restore_deliveries(self, target: str, stored: Iterable[str]) -> Iterator[object]:
        source, live = self._partition(Delivery.partition(campaign=self.campaign, target=target))
        log = _Log({row["sk"]: row for row in source}, {row["sk"]: row for row in live})
        if log.has_gaps(stored):
            self.questioned.add(target)
        for sk, row in log.live.items():
            if sk.startswith(Delivery.beginning()):
                self._note_erasures(row.get("erased", ()), row.get("erased_at", ""))
            if sk.startswith(Bundle.beginning()) and sk not in log.source:
                self._sealed.update(dict.fromkeys(row["signers"], sk.removeprefix(Bundle.beginning())))
        for sk, row in log.source.items():
            is_lost = sk.startswith(Delivery.beginning()) and sk not in log.live
            self._put(self._delivery(row, log) if is_lost else row)
            yield row
        self.doubts.extend(
            delivery.key
            for delivery in Deliveries(self.opened.table).deliveries(self.campaign, target)
            if delivery.state in {"sending", "in_doubt"}
        )

    def _delivery(self, row: Values, log: _Log) -> Values:
        """Return a delivery as it comes back: with SES's later events, and in doubt if it may have been sent since."""
        delivery = read_row(Delivery.read, row)
        period = delivery.period
        signers = list(chain.from_iterable(log.bundles().get(period, {}).values()))
        if delivery.state in _MAY_HAVE_GONE:
            delivery = replace(
                delivery,
                state="in_doubt",
                # Otherwise it was sent as the next attempt, and SES's events are about that one.
                attempt=delivery.attempt + (delivery.state != "sending"),
                letters=delivery.letters or len(signers),
                last=replace(delivery.last, since=delivery.last.since or delivery.opened_at),
            )
        for sk, event in sorted(log.rows.items()):
            if sk.startswith(f"{MailEvent.beginning()}{period}#"):
                delivery = after_event(delivery, MailEvent.read(event))
        erased = self._erased_of(period, log)
        if erased - delivery.erased:
            delivery = replace(delivery, erased=erased | delivery.erased, erased_at=self.opened.clock())
        return delivery.item() | self._mark

    def _erased_of(self, period: str, log: _Log) -> frozenset[str]:
        """Return the signers whose letters in a delivery were erased since they were sealed."""
        bundles = [row for sk, row in log.rows.items() if sk.startswith(f"{Bundle.beginning()}{period}#")]
        keys = [
            Signature.locate(campaign=self.campaign, signer=signer)
            for bundle in bundles
            for signer in bundle["signers"]
        ]
        for row in self._table.batch_get(keys):
            if row.get("status") == "erased":
                self._note_erasures([parse_signature_key(row["pk"])[1]], row["erased_at"])
        return frozenset(
            signer
            for bundle in bundles
            for signer in bundle["signers"]
            if self._erased.get(signer, "") > bundle["sealed_at"]
        )

    def _note_erasures(self, signers: Iterable[str], at: str) -> None:
        for signer in signers:
            self._erased[signer] = max(at, self._erased.get(signer, ""))

    # Signatures

    def _listed(self) -> Iterator[Values]:
        """Yield the rows of all signatures that the recovered table's index lists."""
        for shard in listing_shards(self.campaign):
            for some in batched(self.source.query(shard, index="listing"), BATCH_GET, strict=False):
                yield from self.source.batch_get(Key(listed["pk"], listed["sk"]) for listed in some)

    def _forms(self) -> Iterator[Values]:
        """Yield the forms that wait in the recovered table."""
        keys = (form.own_key() for _, form in Forms(self.source).listed(self.campaign) if form)
        for some in batched(keys, BATCH_GET, strict=False):
            yield from self.source.batch_get(some)

    def _missing(self, rows: Iterable[Values]) -> list[Values]:
        by_key = {Key(row["pk"], row["sk"]): row for row in rows}
        there = {Key(row["pk"], row["sk"]) for row in self._table.batch_get(by_key)}
        self.written["there"] += len(there)
        return [row for key, row in by_key.items() if key not in there]

    def _restore_signature(self, row: Values) -> Outcome:
        outcome, values = self._form(row) if row["pk"].startswith("FORM#") else self._signature(row)
        if values is None:
            return outcome
        # The counters don't count the row, so it has no mark.
        marked = {name: value for name, value in values.items() if name != "tallied"} | self._mark
        return outcome if self._table.put_new(marked) else "there"

    def _form(self, row: Values) -> tuple[Outcome, Values | None]:
        """Return the outcome of a form, and the item as it comes back; None if it doesn't."""
        try:
            form = read_row(read_form, row)
        except DamagedRowsError:
            return "damaged", row
        if form.signer in self._sealed:
            return "changed", None
        if form.has_expired(self.opened.clock()):
            return "expired", None
        if self._erased.get(form.signer, "") > form.signed_at.isoformat():
            return "erased", None
        # Its email has left, unless it waits.
        return "written", row if form.postponed_until else row | {"mail_request": ""}

    def _signature(self, row: Values) -> tuple[Outcome, Values | None]:
        """Return the outcome of a signature, and the row as it comes back; None if it doesn't."""
        _, signer = parse_signature_key(row["pk"])
        status = row.get("status")
        if status != "erased" and self._erased.get(signer, "") > str(row.get("signed_at", "")):
            return "erased", None
        if bundle := self._sealed.get(signer):
            # A withdrawn letter may have been signed again in other words.
            return ("written", _sealed_in(bundle, row)) if status == "confirmed" else ("changed", None)
        held = self._held(row)
        try:
            signature = read_row(read_signature, row)
        except DamagedRowsError:
            return "damaged", held
        if self._changed_since(signature):
            return "changed", None
        outcome: Outcome = "written" if held == row else "held"
        return outcome, held

    def _held(self, row: Values) -> Values:
        """Put a letter of a tray on hold, if it may have been in an email that has lost rows."""
        if row.get("due") not in tray_shards(self.campaign) or target_at(row["due_at"]) not in self.questioned:
            return row
        return row | {"due": tray_shard(self.campaign, parse_signature_key(row["pk"])[1], "HELD")}

    def _changed_since(self, signature: Signature) -> bool:
        """Say whether the row had changed before it was lost. The tally notes the state of each deleted row."""
        partition = GoneRow.partition(campaign=self.campaign, signer=signature.signer)
        notes = map(GoneRow.read, self._table.query(partition, consistent=True))
        return any(note.signed_at > signature.signed_at or int(note.version) > signature.version for note in notes)

    # The campaign

    def _of_the_campaign(self) -> Iterator[Values]:
        """Yield the rows that stay as long as the campaign: letters, recipients, the activity log."""
        own, of_target = (Campaign.sk, Controls.sk, Slot.beginning()), Target.beginning()
        for row in self.source.query(Campaign.partition(id=self.campaign)):
            if row["sk"].startswith(of_target):
                deliveries = Deliveries(self.opened.table).deliveries(self.campaign, row["sk"].removeprefix(of_target))
                yield row | {"free_from": written(next_day(deliveries))}
            elif not row["sk"].startswith(own):
                yield row
        yield from self.source.query(office_partition(self.campaign))
        yield from self.source.query(AuditEntry.partition(campaign=self.campaign))
        yield from self.source.query(mail_claim_partition(f"organizer:{self.campaign}"))

    def _when_all_is_lost(self) -> Iterator[Values]:
        """Yield the rows that an organizer may have removed since: they come back only with the whole campaign."""
        for row in self.source.query(Member.partition(campaign=self.campaign)):
            yield row
            yield row | CampaignOfPerson.locate(id=row["sk"], campaign=self.campaign)._asdict()
        [row] = self.source.query(Campaign.partition(id=self.campaign), begins_with=Campaign.sk)
        settings = read_row(Campaign.read, row)
        self._table.update(
            Update(counter_key(self.campaign, TOTAL), assign={"goal": settings.goal, "show_goal": settings.show_goal})
        )
        yield row


def _sealed_in(bundle: str, row: Values) -> Values:
    """Return a letter's row, which may be damaged, as sealing leaves it."""
    campaign, signer = parse_signature_key(row["pk"])
    change = sealing(campaign, str(row.get("target")), signer, bundle)
    sealed = {**row, **change.assign}
    return {name: value for name, value in sealed.items() if value is not None and name not in change.remove}
