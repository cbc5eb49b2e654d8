"""Deliveries: their state, their bundles and packets, and the SES events of their emails.

All rows of a target's deliveries have the pk `DELIVERY#<campaign>#<target>`:

| row | sk |
|---|---|
| delivery | `PERIOD#<period>` |
| bundle | `BUNDLE#<period>#<number>` |
| packet | `PACKET#<period>#<number>` |
| SES event | `EVENT#<period>#<moment>#<attempt>#<kind>` |
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from boto3.dynamodb.conditions import Attr

from undersigned.base.errors import BundleTakenError, DamagedRowsError, LettersNotWaitingError
from undersigned.base.rows import Key
from undersigned.base.table import (
    NEW,
    Check,
    Put,
    Repository,
    TransactionCanceledError,
    Update,
    read_choice,
    read_day,
    read_moment,
    read_row,
    read_rows,
    written,
)
from undersigned.campaigns.rows.campaigns import NO_COMPLAINT, NO_HOLD, NOT_PAUSED
from undersigned.campaigns.rows.offices import not_stopped, office_key
from undersigned.campaigns.rules.campaigns import Target, Way
from undersigned.campaigns.rules.controls import Controls
from undersigned.delivering.rules.bundles import Bundle
from undersigned.delivering.rules.deliveries import (
    Attempt,
    Delivery,
    DeliveryKey,
    HandedOver,
    PacketRecord,
)
from undersigned.delivering.rules.mail_events import MailEvent, MailEventKind
from undersigned.delivering.rules.plans import Week, next_day, taken
from undersigned.delivering.rules.states import DeliveryState
from undersigned.signing.rows.signatures import erasure, is_in_tray
from undersigned.signing.rules.signatures import Signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Values
    from undersigned.base.table import Write

DELIVERIES = "PERIOD#"
BUNDLES = "BUNDLE#"
PACKETS = "PACKET#"
MAIL_EVENTS = "EVENT#"


def delivery_partition(campaign: str, target: str) -> str:
    """Return the partition of a target's deliveries."""
    return f"DELIVERY#{campaign}#{target}"


def delivery_key(key: DeliveryKey) -> Key:
    """Return the key of a delivery."""
    return Key(delivery_partition(key.campaign, key.target), DELIVERIES + key.period)


def part_key(kind: str, key: DeliveryKey, which: str = "") -> Key:
    """Return the key of a bundle, packet or event of a delivery; without `which`, the beginning of all of a kind."""
    return Key(delivery_partition(key.campaign, key.target), f"{kind}{key.period}#{which}")


def bundle_key(key: DeliveryKey, number: int) -> Key:
    """Return the key of a bundle by its number, from 1."""
    return part_key(BUNDLES, key, f"{number:04d}")


def packet_key(key: DeliveryKey, number: int) -> Key:
    """Return the key of a packet by its number, from 1."""
    return part_key(PACKETS, key, f"{number:04d}")


class Deliveries(Repository):
    """Deliveries in the table."""

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Read a delivery consistently."""
        values = self._table.get(delivery_key(key), consistent=True)
        return read_row(read_delivery, values) if values else None

    def deliveries(self, campaign: str, target: str, *, whole: bool = True) -> Iterator[Delivery]:
        """List a target's deliveries consistently, newest first. See `read_rows` for damaged ones."""
        partition = delivery_partition(campaign, target)
        found = self._table.query(partition, begins_with=DELIVERIES, newest_first=True, consistent=True)
        yield from read_rows(read_delivery, found, whole=whole)

    def open(self, delivery: Delivery, week: Week, before: Delivery | None = None) -> None:
        """Write a delivery that takes a week of its target: a new one, or one that had given it back.

        Raises ChangedError unless it is still as `before`, and the target is free from the day that was read.
        """
        write = _change(delivery, before) if before else Put(delivery_values(delivery), NEW)
        self._table.transact([write, _free(delivery.key, week)], wait_for_others=True)

    def change(self, delivery: Delivery, before: Delivery) -> None:
        """Write a changed delivery. If it surely did not arrive, it gives its week back; news can take it again.

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
            return taken(known, delivery.day) if delivery.occupies_week else Week(known, known)
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
        return tuple(sorted(self._parts(read_bundle, BUNDLES, key, whole=True), key=lambda bundle: bundle.number))

    def bundles_to(self, campaign: str, target: str, *, whole: bool = False) -> Iterator[tuple[str, Bundle]]:
        """Read the bundles of all deliveries to a target consistently, each with its period."""
        found = self._table.query(delivery_partition(campaign, target), begins_with=BUNDLES, consistent=True)
        yield from read_rows(lambda values: (_period_of(values), read_bundle(values)), found, whole=whole)

    def seal(self, key: DeliveryKey, bundle: Bundle, at: datetime) -> None:
        """Write a bundle and seal its letters, all or nothing.

        Raises BundleTakenError, LettersNotWaitingError or ChangedError; then nothing was written.
        """
        first = Put(bundle_values(key, bundle, at), NEW)
        taken = f"bundle {bundle.number} of {key.period} exists"
        if bundle.closes:
            # A single write needs no transaction.
            if not self._table.put_new(first.values):
                raise BundleTakenError(taken)
            return
        letters = [_seal_letter(key, bundle.number, signer) for signer in bundle.signers]
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
        return tuple(sorted(self._parts(read_packet, PACKETS, key, whole=whole), key=lambda packet: packet.number))

    def packets_to(self, campaign: str, target: str) -> Iterator[tuple[str, PacketRecord]]:
        """Read the packets of all deliveries to a target consistently, each with its period. See `read_rows`."""
        found = self._table.query(delivery_partition(campaign, target), begins_with=PACKETS, consistent=True)
        yield from read_rows(lambda values: (_period_of(values), read_packet(values)), found)

    def put_packet(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record a packet to send. Raises ChangedError if it is recorded with more erased letters."""
        self._table.put(packet_values(key, packet), NEW | Attr("erased").lte(packet.erased))

    def put_file(self, key: DeliveryKey, packet: PacketRecord) -> None:
        """Record that a packet is stored again. The words of the email about it stay.

        Raises ChangedError if it is recorded with more erased letters, or was deleted.
        """
        changed = {name: packet_values(key, packet)[name] for name in ("erased", "stored_at")}
        unless_newer = Attr("erased").lte(packet.erased)
        self._table.update(Update(packet_key(key, packet.number), assign=changed, when=unless_newer))

    def record_event(self, event: MailEvent) -> bool:
        """Record an SES event. If it is recorded already, change nothing and return False."""
        return self._table.put_new(mail_event_values(event))

    def mail_events(self, key: DeliveryKey) -> tuple[MailEvent, ...]:
        """Read the SES events of a delivery's emails consistently, in order."""
        return tuple(self._parts(partial(read_mail_event, key), MAIL_EVENTS, key))

    def erase_letter(self, key: DeliveryKey, signature: Signature, at: datetime) -> None:
        """Erase all personal data from a row, and remove the letter from any later attempt of its delivery.

        Raises ChangedError if the row has changed, if the delivery's email is being sent, or if another
        transaction was running on either.
        """
        leave = Update(
            delivery_key(key),
            assign={"erased_at": written(at)},
            add={"erased": {signature.signer}},
            when=Attr("state").ne("sending"),
        )
        self._table.transact([erasure(signature, at), leave])

    def note_swept(self, delivery: Delivery) -> None:
        """Note that no stored file has any of a delivery's erased letters.

        Raises ChangedError if another was erased meanwhile, or if the delivery was deleted.
        """
        nothing_erased_since = Attr("erased_at").eq(written(delivery.erased_at))
        self._table.update(Update(delivery_key(delivery.key), remove=["erased_at"], when=nothing_erased_since))

    def _parts[T](
        self, read: Callable[[Values], T], kind: str, key: DeliveryKey, *, whole: bool = False
    ) -> Iterator[T]:
        start = part_key(kind, key)
        return read_rows(read, self._table.query(start.pk, begins_with=start.sk, consistent=True), whole=whole)


def _period_of(part: Values) -> str:
    return str(part["sk"]).split("#")[1]


def _free(key: DeliveryKey, week: Week) -> Update:
    """Return the update of the day from which a target is free, if it is still as it was read: two plans can meet."""
    still = Attr("pk").exists()
    known = Attr("free_from").eq(written(week.known)) if week.known else Attr("free_from").not_exists()
    values = {"free_from": written(week.free_from)}
    return Update(Target.locate(campaign=key.campaign, id=key.target), assign=values, when=still & known)


def _change(delivery: Delivery, before: Delivery) -> Update:
    """Return the update of a delivery that must still have the state and attempt from before, and no letter erased."""
    nothing_erased = Attr("erased").eq({*delivery.erased}) if delivery.erased else Attr("erased").not_exists()
    values = delivery_values(delivery)
    key = Key(values.pop("pk"), values.pop("sk"))
    return Update(key, assign=values, when=_is_still(before) & nothing_erased)


def _is_still(before: Delivery) -> ConditionBase:
    """Return the condition that a delivery has the state and the attempt from before, and its packets if it had them.

    A passing bounce that becomes a permanent one keeps both, and gives its week back.
    """
    same_attempt = Attr("state").eq(before.state) & Attr("attempt").eq(before.attempt)
    as_kept = Attr("cleared_at").exists() if before.cleared_at else Attr("cleared_at").not_exists()
    return same_attempt & Attr("permanent").eq(before.last.permanent) & as_kept


def _seal_letter(key: DeliveryKey, bundle: int, signer: str) -> Update:
    return Update(
        Signature.locate(campaign=key.campaign, signer=signer),
        assign=Signature.written(bundle=f"{key.period}#{bundle:04d}", network=None),
        add={"version": 1},
        remove=["due", "due_at"],
        # The letter must be in this tray. The index can still list one that was sealed, which takes it out for good, or
        # signed again for another target.
        when=Attr("status").eq("confirmed") & is_in_tray(key.campaign, key.target, signer),
    )


def delivery_values(delivery: Delivery) -> Values:
    """Return the item of a delivery."""
    handed = delivery.handed
    return {
        **delivery_key(delivery.key)._asdict(),
        "state": delivery.state,
        "opened_at": written(delivery.opened_at),
        "attempt": delivery.attempt,
        "letters": delivery.letters,
        "packets": delivery.last.packets,
        "bytes": delivery.last.bytes,
        "email": delivery.email,
        "sending_since": written(delivery.last.since),
        "sent_at": written(delivery.last.sent_at),
        "settled_at": written(delivery.last.settled_at),
        "message_id": delivery.last.message_id,
        "reason": delivery.reason,
        "permanent": delivery.last.permanent,
        "reported": delivery.last.reported,
        "left_out": delivery.last.left_out or None,
        "packet_size": delivery.packet_size,
        "cleared_at": written(delivery.cleared_at),
        "told": delivery.told,
        "way": delivery.way,
        "handed": {**asdict(handed), "day": written(handed.day), "at": written(handed.at)} if handed else None,
        "until": written(delivery.until),
    }


def read_delivery(values: Values) -> Delivery:
    """Read a delivery."""
    _, campaign, target = values["pk"].split("#")
    return Delivery(
        key=DeliveryKey(campaign, target, values["sk"].removeprefix(DELIVERIES)),
        state=read_choice(DeliveryState, values["state"]),
        opened_at=datetime.fromisoformat(values["opened_at"]),
        attempt=int(values["attempt"]),
        letters=int(values["letters"]),
        email=values.get("email"),
        reason=values.get("reason"),
        last=Attempt(
            packets=int(values["packets"]),
            bytes=int(values["bytes"]),
            left_out=frozenset(values.get("left_out", ())),
            since=read_moment(values.get("sending_since")),
            sent_at=read_moment(values.get("sent_at")),
            settled_at=read_moment(values.get("settled_at")),
            message_id=values.get("message_id"),
            reported=cast("DeliveryState | None", values.get("reported")),
            permanent=values.get("permanent", False),
        ),
        erased=frozenset(values.get("erased", ())),
        packet_size=int(values["packet_size"]),
        erased_at=read_moment(values.get("erased_at")),
        cleared_at=read_moment(values.get("cleared_at")),
        told=values.get("told"),
        way=read_choice(Way, values["way"]),
        handed=_read_handed(values["handed"]) if "handed" in values else None,
        until=read_moment(values.get("until")),
    )


def _read_handed(values: Values) -> HandedOver:
    day, at = date.fromisoformat(values["day"]), datetime.fromisoformat(values["at"])
    return HandedOver(day, values["note"], values["by"], at)


def bundle_values(key: DeliveryKey, bundle: Bundle, at: datetime) -> Values:
    """Return the item of a bundle. A bundle that closes a delivery has no signers."""
    return {
        **bundle_key(key, bundle.number)._asdict(),
        "number": bundle.number,
        "signers": list(bundle.signers),
        "sealed_at": written(at),
    }


def read_bundle(values: Values) -> Bundle:
    """Read a bundle."""
    return Bundle(int(values["number"]), tuple(values["signers"]))


def packet_values(key: DeliveryKey, packet: PacketRecord) -> Values:
    """Return the item of a packet. The PDF is in the packets' bucket."""
    return {
        **packet_key(key, packet.number)._asdict(),
        "number": packet.number,
        "first": packet.first,
        "last": packet.last,
        "bytes": packet.bytes,
        "residents": packet.residents,
        "since": written(packet.since),
        "left_out": packet.left_out,
        "erased": packet.erased,
        "stored_at": written(packet.stored_at),
        "by_hand": packet.by_hand,
    }


def read_packet(values: Values) -> PacketRecord:
    """Read a packet."""
    return PacketRecord(
        number=int(values["number"]),
        first=int(values["first"]),
        last=int(values["last"]),
        bytes=int(values["bytes"]),
        residents=int(values["residents"]),
        since=date.fromisoformat(values["since"]),
        left_out=int(values["left_out"]),
        erased=int(values["erased"]),
        stored_at=read_moment(values.get("stored_at")),
        by_hand=values["by_hand"],
    )


def mail_event_values(event: MailEvent) -> Values:
    """Return the item of an SES event. The same event always has the same key."""
    key = part_key(MAIL_EVENTS, event.delivery, f"{event.at.isoformat()}#{event.attempt}#{event.kind}")
    return {
        **key._asdict(),
        "kind": event.kind,
        "attempt": event.attempt,
        "message_id": event.message_id,
        "at": written(event.at),
        "reason": event.reason,
        "permanent": event.permanent,
    }


def read_mail_event(key: DeliveryKey, values: Values) -> MailEvent:
    """Read an SES event."""
    return MailEvent(
        kind=read_choice(MailEventKind, values["kind"]),
        delivery=key,
        attempt=int(values["attempt"]),
        message_id=values["message_id"],
        at=datetime.fromisoformat(values["at"]),
        reason=values.get("reason"),
        permanent=values["permanent"],
    )
