"""Deliveries: their state, their bundles and packets, and the SES events of their emails, a partition a target."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from boto3.dynamodb.conditions import Attr

from undersigned.base.errors import BundleTakenError, DamagedRowsError, LettersNotWaitingError
from undersigned.base.table import (
    NEW,
    Check,
    Put,
    Repository,
    TransactionCanceledError,
    Update,
    as_read,
    read_day,
    read_row,
    read_rows,
)
from undersigned.campaigns.rows.campaigns import NO_COMPLAINT, NO_HOLD, NOT_PAUSED
from undersigned.campaigns.rows.offices import not_stopped, office_key
from undersigned.campaigns.rules.campaigns import Target
from undersigned.campaigns.rules.controls import Controls
from undersigned.delivering.rules.bundles import Bundle
from undersigned.delivering.rules.deliveries import Delivery, DeliveryKey, PacketRecord
from undersigned.delivering.rules.mail_events import MailEvent
from undersigned.delivering.rules.plans import Week, next_day, take_week
from undersigned.signing.rows.signatures import erasure, sealing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Key, Row
    from undersigned.base.table import Write
    from undersigned.signing.rules.signatures import Signature

_OF_ERASURES = {"erased", "erased_at"}
"""The attributes of a delivery that only an erasure changes."""


def delivery_key(key: DeliveryKey) -> Key:
    """Return the key of a delivery."""
    return Delivery.locate(**asdict(key))


class Deliveries(Repository):
    """Deliveries in the table."""

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Read a delivery consistently."""
        values = self._table.get(delivery_key(key), consistent=True)
        return read_row(Delivery.read, values) if values else None

    def deliveries(self, campaign: str, target: str, *, whole: bool = True) -> Iterator[Delivery]:
        """List a target's deliveries consistently, newest first. See `read_rows` for damaged ones."""
        of_target = Delivery.partition(campaign=campaign, target=target)
        found = self._table.query(of_target, begins_with=Delivery.beginning(), newest_first=True, consistent=True)
        yield from read_rows(Delivery.read, found, whole=whole)

    def open(self, delivery: Delivery, week: Week, before: Delivery | None = None) -> None:
        """Write a delivery that takes a week of its target: a new delivery, or one that had given the week back.

        Raises ChangedError unless it is still as `before`, and the target is free from the day that was read.
        """
        write = _change(delivery, before) if before else Put(delivery.item(), NEW)
        self._table.transact([write, _free(delivery.key, week)], wait_for_others=True)

    def change(self, delivery: Delivery, before: Delivery) -> None:
        """Write a changed delivery. If it surely did not arrive, its week is free again, until an event says otherwise.

        Raises ChangedError unless it still has the state and the attempt from before and no letter was erased since it
        was read, and if another delivery of its target takes or gives back a week meanwhile.
        """
        change = _change(delivery, before)
        if delivery.occupies_week == before.occupies_week:
            self._table.update(change)
        else:
            self._table.transact([change, _free(delivery.key, self._week_with(delivery))], wait_for_others=True)

    def _week_with(self, delivery: Delivery) -> Week:
        key = delivery.key
        target = self._table.get(Target.locate(campaign=key.campaign, id=key.target), consistent=True) or {}
        known = read_day(target.get("free_from"))
        try:
            others = [other for other in self.deliveries(key.campaign, key.target) if other.key != key]
        except DamagedRowsError:
            # It may be the one that took the week, so none is given back.
            return take_week(known, delivery.day) if delivery.occupies_week else Week(known, known)
        return Week(known, next_day([delivery, *others]))

    def begin_sending(self, delivery: Delivery, before: Delivery, token: str | None = None) -> None:
        """Write a delivery whose email is about to be sent, or that is ready to print.

        Within ten minutes, a call with the same `token` (at most 36 characters) succeeds if an earlier one took effect.

        Raises ChangedError as `change` does, and if its campaign is paused or its target has a hold; by email, also
        after a stop or a complaint, and if the target has another address.
        """
        key, may_go = delivery.key, cast("ConditionBase", NO_HOLD)
        writes: list[Write] = [_change(delivery, before), Check(Controls.locate(campaign=key.campaign), NOT_PAUSED)]
        if delivery.way == "email":
            may_go &= NO_COMPLAINT & Attr("email").eq(delivery.email)
            writes.append(Check(office_key(key.campaign, key.target), not_stopped(delivery.email or "")))
        writes.append(Check(Target.locate(campaign=key.campaign, id=key.target), may_go))
        # All deliveries of a campaign check its controls, possibly at the same time.
        self._table.transact(writes, wait_for_others=True, token=token)

    def bundles(self, key: DeliveryKey) -> tuple[Bundle, ...]:
        """Read a delivery's bundles consistently, in order, and whole."""
        # Not in the order of the keys: 10000 comes before 9999 there.
        return tuple(sorted(self._parts(Bundle, key, whole=True), key=lambda bundle: bundle.number))

    def bundles_to(self, campaign: str, target: str, *, whole: bool = False) -> Iterator[tuple[str, Bundle]]:
        """Read the bundles of all deliveries to a target consistently, each with its period."""
        yield from self._parts_to(Bundle, campaign, target, whole=whole)

    def seal(self, key: DeliveryKey, bundle: Bundle) -> None:
        """Write a bundle and seal its letters, all or nothing.

        Raises BundleTakenError, LettersNotWaitingError or ChangedError; then nothing was written.
        """
        first = Put(bundle.item(**asdict(key)), NEW)
        taken = f"bundle {bundle.number} of {key.period} exists"
        if bundle.closes:
            # A single write needs no transaction.
            if not self._table.put_new(first.values):
                raise BundleTakenError(taken)
            return
        of_bundle = first.values["sk"].removeprefix(Bundle.beginning())
        letters = [sealing(key.campaign, key.target, signer, of_bundle) for signer in bundle.signers]
        try:
            self._table.transact([first, *letters])
        except TransactionCanceledError as error:
            is_taken, *are_gone = error.unmet
            if is_taken:
                raise BundleTakenError(taken) from error
            gone = tuple(signer for signer, is_gone in zip(bundle.signers, are_gone, strict=True) if is_gone)
            if gone:
                raise LettersNotWaitingError(gone) from error
            raise

    def packets(self, key: DeliveryKey, *, whole: bool = True) -> tuple[PacketRecord, ...]:
        """Read the packets that were recorded of a delivery, consistently, in the order of their numbers."""
        return tuple(sorted(self._parts(PacketRecord, key, whole=whole), key=lambda packet: packet.number))

    def packets_to(self, campaign: str, target: str) -> Iterator[tuple[str, PacketRecord]]:
        """Read the packets of all deliveries to a target consistently, each with its period. See `read_rows`."""
        yield from self._parts_to(PacketRecord, campaign, target)

    def put_packet(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record a packet to send. Raises ChangedError if it is recorded with more erased letters."""
        self._table.put(packet.item(**asdict(key)), _has_no_more_erased(packet))

    def put_file(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record that a packet is stored again. The words of the email about it stay.

        Raises ChangedError if it is recorded with more erased letters, or was deleted.
        """
        changed = PacketRecord.written(erased=packet.erased, stored_at=packet.stored_at)
        still = Attr("pk").exists() & _has_no_more_erased(packet)
        self._table.update(Update(packet.own_key(**asdict(key)), assign=changed, when=still))

    def record_event(self, event: MailEvent) -> bool:
        """Record an SES event. If it is recorded already, change nothing and return False."""
        return self._table.put_new(event.item())

    def mail_events(self, key: DeliveryKey) -> tuple[MailEvent, ...]:
        """Read the SES events of a delivery's emails consistently, in order."""
        return tuple(self._parts(MailEvent, key))

    def erase_letter(self, key: DeliveryKey, signature: Signature, at: datetime) -> None:
        """Erase all personal data from a row, and remove the letter from any later attempt of its delivery.

        Raises ChangedError if the row has changed, if the delivery's email is being sent, or if another
        transaction was running on either.
        """
        leave = Update(
            delivery_key(key),
            assign=Delivery.written(erased_at=at),
            add={"erased": {signature.signer}},
            when=Attr("state").ne("sending"),
        )
        self._table.transact([erasure(signature, at), leave])

    def note_swept(self, delivery: Delivery) -> None:
        """Note that no stored file has any of a delivery's erased letters.

        Raises ChangedError if another letter was erased since, or if the delivery was deleted.
        """
        nothing_erased_since = Attr("pk").exists() & as_read(Delivery.written(erased_at=delivery.erased_at))
        swept = Delivery.written(erased_at=None)
        self._table.update(Update(delivery.own_key(), assign=swept, when=nothing_erased_since))

    def _parts[T: Row](self, kind: type[T], key: DeliveryKey, *, whole: bool = False) -> Iterator[T]:
        parts = self._parts_to(kind, key.campaign, key.target, f"{key.period}#", whole=whole)
        return (part for _, part in parts)

    def _parts_to[T: Row](
        self, kind: type[T], campaign: str, target: str, of: str = "", *, whole: bool = False
    ) -> Iterator[tuple[str, T]]:
        """Read the rows of a kind, of all deliveries to a target or `of` a period, each with its period."""
        of_target, begins_with = kind.partition(campaign=campaign, target=target), kind.beginning() + of
        found = self._table.query(of_target, begins_with=begins_with, consistent=True)
        return read_rows(lambda values: (values["sk"].split("#")[1], kind.read(values)), found, whole=whole)


def _free(key: DeliveryKey, week: Week) -> Update:
    """Return the update of the day from which a target is free, if it is still as it was read: two plans can meet."""
    still = Attr("pk").exists() & as_read(Target.written(free_from=week.known))
    values = Target.written(free_from=week.free_from)
    return Update(Target.locate(campaign=key.campaign, id=key.target), assign=values, when=still)


def _change(delivery: Delivery, before: Delivery) -> Update:
    """Return the update of a delivery that must still have the state and attempt from before, and no letter erased."""
    nothing_erased = as_read(Delivery.written(erased=delivery.erased))
    values = {name: value for name, value in delivery.attributes().items() if name not in _OF_ERASURES}
    return Update(delivery.own_key(), assign=values, when=_is_still(before) & nothing_erased)


def _is_still(before: Delivery) -> ConditionBase:
    """Return the condition that a delivery has the state and the attempt from before, and its packets if it had them.

    A passing bounce that becomes a permanent one keeps both, and gives its week back.
    """
    read = Delivery.written(state=before.state, attempt=before.attempt, cleared_at=before.cleared_at)
    return as_read({**read, "last.permanent": before.last.permanent or None})


def _has_no_more_erased(packet: PacketRecord) -> ConditionBase:
    """Return the condition that a packet has at most as many erased letters, if it is recorded."""
    return cast("ConditionBase", Attr("erased").not_exists() | Attr("erased").lte(packet.erased))
