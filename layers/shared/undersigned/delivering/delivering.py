"""Delivering: seal, typeset, store and send one target's letters in one email, through any crash.

Each step is recorded before the next one begins, so the next try continues where a crash interrupted the last one.
Bundles record the sealed letters, and packets the stored PDFs. The state `sending` records that the email may have been
sent.

A letter whose row is damaged is not sealed. It stays in the tray, the others go, and once it is repaired it goes with
the next email.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, count, islice
from typing import TYPE_CHECKING
from uuid import uuid4

from undersigned.base.errors import (
    BundleTakenError,
    ChangedError,
    LettersNotWaitingError,
    MailRefusedError,
    SendingStoppedError,
    SendingThrottledError,
    UndersignedError,
)
from undersigned.base.languages import Message
from undersigned.delivering.emails import organizer_mails
from undersigned.delivering.emails.delivery import as_test
from undersigned.delivering.rules.bundles import Bundle, sealed_in
from undersigned.delivering.rules.deliveries import PACKET_SIZE, UNSETTLED_FOR, Delivery
from undersigned.delivering.rules.packets import Batch, are_attached, packet_name
from undersigned.delivering.rules.plans import week_for
from undersigned.delivering.storing import OutOfTimeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from undersigned.base.bucket import Bucket
    from undersigned.base.emails import Mail
    from undersigned.base.mailbox import Mailbox
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.delivering.organizer_post import OrganizerPost
    from undersigned.delivering.packing import Packing
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.bundles import Signers
    from undersigned.delivering.rules.deliveries import DeliveryKey, PacketRecord
    from undersigned.delivering.storing import Storing
    from undersigned.signing.rows.signatures import Signatures


_PAUSES_BEFORE_OPENING = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds before a delivery is opened again after a throttle, or a change of its target's free day."""

_CONFLICTS = 6
"""How often sealing waits for conflicting transactions before it fails. The waits add up to six seconds."""

_PAUSES = (1, 2, 4, 8, 15, 30, *[60] * 8)
"""The seconds between tries to write that SES is asked, or its answer; nine minutes in all. An outage should not become
a question."""


class UnsettledError(UndersignedError):
    """The email may have been sent. Wait for its event until the given time; then a person has to decide."""

    def __init__(self, until: datetime) -> None:
        """Keep until when to wait for the event."""
        super().__init__(f"the email may have been sent; wait for its event until {until.isoformat()}")
        self.until = until


@dataclass(kw_only=True, frozen=True, slots=True)
class Delivering:
    """Makes deliveries."""

    packing: Packing
    storing: Storing
    campaigns: Campaigns
    signatures: Signatures
    deliveries: Deliveries
    files: Bucket
    post: Mailbox
    organizer_post: OrganizerPost
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    bundle_size: int

    def deliver(
        self,
        key: DeliveryKey,
        has_time: Callable[[], bool] = lambda: True,
        *,
        again: bool = False,
        until: datetime | None = None,
    ) -> Delivery | None:
        """Make or continue a delivery, and return it; None if there is nothing to send.

        By hand, no email is sent to the target; the first delivery of a period that is ready to print tells the
        organizer. The next try sends that email if it failed, and makes nothing again.

        Does nothing while the campaign is paused; a later plan queues the delivery again. `until` is the moment of the
        page on which somebody pressed *Send now*: a new delivery takes letters that were due by then. Without it, none
        begins in a campaign whose deliveries only *Send now* begins. Unless `again`, it begins only if the target has
        no other delivery less than seven days away. `has_time` is called after each bundle and each packet, and says
        whether there is time for another step.

        An email is never sent again by itself. An hour after an attempt without an answer or an event, the delivery is
        in doubt, and waits for a person. So does one that bounced.

        Raises UnsettledError while the email may have been sent, SendingThrottledError or MailRefusedError if it was
        not sent, DamagedRowsError if a letter was damaged after it was sealed, OutOfTimeError, and NotFoundError for an
        unknown campaign or target.
        """
        delivery = self._deliver(key, has_time, again=again, until=until)
        if delivery and delivery.is_ready_to_print:
            self.organizer_post.send_once(
                "ready", key.campaign, key.period, lambda: self._ready_mail(key), by=key.target
            )
        return delivery

    def _ready_mail(self, key: DeliveryKey) -> Mail:
        campaign, target, _ = self.campaigns.of_target(key.campaign, key.target)
        return organizer_mails.ready(self.packing.sender, campaign, target, key.period)

    def _deliver(  # noqa: PLR0911  (a return for each state)
        self, key: DeliveryKey, has_time: Callable[[], bool], *, again: bool, until: datetime | None
    ) -> Delivery | None:
        campaign, target, controls = self.campaigns.of_target(key.campaign, key.target)
        delivery, waiting = self.deliveries.delivery(key), self._waiting(key, target, until)
        if delivery is None and not controls.paused and (until or not campaign.send_now_only):
            if (first := next(waiting, None)) is None:
                return None
            waiting = chain([first], waiting)
            delivery = self._open(key, target, again=again, until=until)
            # Its address may have changed while the delivery was opened.
            target = self.campaigns.target(key.campaign, key.target)
        if delivery is None:
            return None
        if delivery.takes_until(campaign) != until:
            until = delivery.takes_until(campaign)
            waiting = self._waiting(key, target, until)
        if delivery.state == "sending":
            return self._doubt(delivery)
        if controls.paused or not delivery.goes_on:
            return delivery
        delivery = replace(delivery, way=delivery.way_to(target))
        if why := target.why_held(delivery.way):
            return self._hold(delivery, target, why)
        if delivery.is_held_without_week:
            delivery = self._open(key, target, delivery, again=again)
            if delivery is None or delivery.state != "open":
                # It is too soon, or another process opened it and has gone on.
                return delivery
        sealed = self._seal_all(key, target, until, waiting, has_time)
        by_hand = delivery.way == "by hand"
        batch = Batch(campaign, target, key, sealed, delivery.erased, delivery.packet_size, by_hand)
        return self._pack(batch, delivery, has_time)

    def _open(
        self,
        key: DeliveryKey,
        target: Target,
        known: Delivery | None = None,
        *,
        again: bool,
        until: datetime | None = None,
    ) -> Delivery | None:
        """Open a delivery, a new one or one that had given its week back. If that is too soon, return it as it is."""
        for pause in (*_PAUSES_BEFORE_OPENING, None):
            # The size is kept, so that another version of the code makes the same packets.
            new = Delivery(key, "open", opened_at=self.clock(), packet_size=PACKET_SIZE, way=target.way, until=until)
            opened = replace(known.opened_again(), way=known.way_to(target)) if known else new
            others = self.deliveries.deliveries(key.campaign, key.target)
            week = week_for(opened.day, known, target.free_from, others, again=again)
            if week is None:
                return known
            try:
                self.deliveries.open(opened, week, known)
            except ChangedError:
                # Another process took a week of the target, or DynamoDB throttled the transaction.
                if pause is None:
                    raise
                self.sleep(pause)
            else:
                return opened
            target, known = self.campaigns.target(key.campaign, key.target), self.deliveries.delivery(key)
            if known and not known.is_held_without_week:
                return known
        return known

    def _doubt(self, delivery: Delivery) -> Delivery:
        """Leave an attempt without an outcome to a person, once its hour is over. Raises UnsettledError until then."""
        until = delivery.may_have_event_until(self.clock())
        if until is not None:
            raise UnsettledError(until)
        return self._note(delivery.in_doubt(), delivery)

    def _hold(self, delivery: Delivery, target: Target, reason: str) -> Delivery:
        sealed = sum(len(bundle.signers) for bundle in self.deliveries.bundles(delivery.key))
        held = delivery.held(sealed, target.email, reason)
        if held != delivery:
            self.deliveries.change(held, delivery)
        return held

    def _waiting(self, key: DeliveryKey, target: Target, until: datetime | None) -> Iterator[str]:
        """List the signers of the letters in the tray, oldest first, but damaged ones."""
        rows = self.signatures.readable(key.campaign, key.target, until=until)
        return (row.signer for row in rows if self.packing.can_make(row, target))

    def _seal_all(
        self,
        key: DeliveryKey,
        target: Target,
        until: datetime | None,
        waiting: Iterator[str],
        has_time: Callable[[], bool],
    ) -> Signers:
        """Seal all `waiting` letters, close the delivery, and return its signers in order.

        They were due `until` a moment.
        """
        gone: set[str] = set()
        conflicts = 0
        while not ((bundles := self.deliveries.bundles(key)) and bundles[-1].closes):
            passed = gone.union(*(bundle.signers for bundle in bundles))
            try:
                self._seal(key, (signer for signer in waiting if signer not in passed), len(bundles), has_time)
            except LettersNotWaitingError as error:
                # They were withdrawn, or sealed by another process, after the index was read.
                gone.update(error.signers)
            except BundleTakenError:
                pass  # Another process is sealing, too. Its bundle is read below.
            except ChangedError:
                # DynamoDB refuses concurrent transactions on one row, such as this one and a tally.
                conflicts += 1
                if conflicts > _CONFLICTS:
                    raise
                self.sleep(0.05 * 2**conflicts)
            waiting = self._waiting(key, target, until)
        return sealed_in(bundles)

    def _seal(self, key: DeliveryKey, letters: Iterator[str], bundles: int, has_time: Callable[[], bool]) -> None:
        """Seal letters in bundles that follow so many, and then an empty one, which closes the delivery."""
        for number in count(bundles + 1):
            bundle = Bundle(number, tuple(islice(letters, self.bundle_size)))
            self.deliveries.seal(key, bundle, self.clock())
            if bundle.closes:
                return
            if not has_time():
                raise OutOfTimeError

    def _attached(self, key: DeliveryKey, packets: Sequence[PacketRecord]) -> list[bytes] | None:
        """Read the PDFs that the email has attached; None if it has a link to them."""
        if not are_attached(packets):
            return None
        sent = (packet for packet in packets if packet.is_in_email)
        return [self.files.get(packet_name(key, packet.number, packet.erased)) for packet in sent]

    def _pack(self, batch: Batch, delivery: Delivery, has_time: Callable[[], bool]) -> Delivery:
        """Store the packets of sealed letters, and send their email, or record that they are ready to print."""
        if not batch.letters:
            empty = delivery.emptied()
            self.deliveries.change(empty, delivery)
            return empty
        packets = self.storing.store(batch, has_time, to_send=True)
        if delivery.way == "by hand":
            ready = delivery.ready(packets, self.clock())
            # If this write fails, another process made it ready, or an organizer has stopped the delivery.
            self.deliveries.begin_sending(ready, delivery)
            return ready
        pdfs = self._attached(batch.key, packets)
        mail = self.packing.mail(batch, packets, delivery.attempt + 1, pdfs, sent_at=self.clock(), to_office=True)
        return self._send(mail, delivery, packets, has_time)

    def _send(
        self, mail: Mail, delivery: Delivery, packets: Sequence[PacketRecord], has_time: Callable[[], bool]
    ) -> Delivery:
        # Before anything is marked: a crash while SES is asked leaves no doubt about an email.
        self.post.get_ready()
        since = self.clock()
        sending = delivery.begun(packets, mail.to, since)
        # If this write is refused, another process sends the email, or an organizer has stopped the delivery. If only
        # its answer is lost, the token tells that this process wrote it, and SES has not been asked yet.
        token = str(uuid4())
        self._patiently(lambda: self.deliveries.begin_sending(sending, delivery, token), has_time)
        try:
            message_id = self.post.send(mail)
        except (SendingThrottledError, SendingStoppedError, MailRefusedError) as error:
            # It was certainly not sent, so the next attempt needn't wait for an event.
            refused = sending.opened_again(str(error))
            self._patiently(lambda: self._note(refused, sending), has_time)
            raise
        except Exception as error:
            # SES may have it: its answer was 5xx, or none came. Only an event or a person can tell.
            raise UnsettledError(since + UNSETTLED_FOR) from error
        sent = sending.sent(message_id, self.clock())
        return self._patiently(lambda: self._note(sent, sending), has_time)

    def _patiently[T](self, write: Callable[[], T], has_time: Callable[[], bool]) -> T:
        """Write what nobody else knows about an attempt. Tries for minutes, unless the row has changed."""
        pauses = iter(_PAUSES)
        while True:
            try:
                return write()
            except ChangedError:
                raise
            except Exception:
                pause = next(pauses, None)
                if pause is None or not has_time():
                    raise
                self.sleep(pause)

    def _note(self, noted: Delivery, sending: Delivery) -> Delivery:
        try:
            self.deliveries.change(noted, sending)
        except ChangedError:
            # An SES event came first, and its state is newer.
            return self.deliveries.delivery(noted.key) or noted
        return noted

    def test(self, key: DeliveryKey, to: str) -> str | None:
        """Send an address the email that the target would get now.

        Return its message id, or None if no letters are waiting. Nothing is recorded, so repeating it is harmless.
        """
        notice = Message(
            "This is a test, and only you get this email. The recipient has not received what is in it, which is still "
            "waiting."
        )
        preview = self.packing.preview(key, notice=notice)
        return self.post.send(as_test(preview.mail, to)) if preview and preview.mail else None
