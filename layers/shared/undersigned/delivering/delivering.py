"""Deliver: seal one target's letters, make their packets, and send them in one email, through any crash.

A message of the queue asks for a delivery (`proceed`). `deliver` opens it, or goes on with it: `seal`, `make_packets`
and `send` each return what the next function takes.

Each step is recorded before the next one begins, so the next try continues where a crash interrupted the last one.
Bundles record the sealed letters, and packets the stored PDFs. The state `sending` records that the email may have been
sent.

A letter whose row is damaged is not sealed. It stays in the tray, the others go, and once it is repaired it goes with
the next email.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Literal, NamedTuple
from uuid import uuid4

from undersigned.base.errors import (
    BundleTakenError,
    ChangedError,
    DamagedRowsError,
    LettersNotWaitingError,
    MailRefusedError,
    SendingStoppedError,
    SendingThrottledError,
    UndersignedError,
)
from undersigned.base.languages import Message
from undersigned.base.logs import facts_of, report_replaced
from undersigned.base.queue import LONGEST_DELAY, seconds_until_next_try
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.emails import organizer_mails
from undersigned.delivering.emails.delivery import as_test
from undersigned.delivering.organizer_post import tell_organizer
from undersigned.delivering.packing import can_make, email_of, make_packet, preview_delivery
from undersigned.delivering.queue import DraftTest, delivery_queue, read_message
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.bundles import Bundle, sealed_in
from undersigned.delivering.rules.deliveries import UNSETTLED_FOR, Delivery
from undersigned.delivering.rules.packets import Batch, are_attached, packet_name
from undersigned.delivering.rules.plans import week_for
from undersigned.delivering.storing import sent_packets, sweep
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.queue import DeliveryMessage
    from undersigned.delivering.rules.deliveries import DeliveryKey, PacketRecord

    type HasTime = Callable[[], bool]
    """Says after each bundle and each packet whether there is time for another step."""

_ONE_STEP = 120_000
"""The most milliseconds that a step takes.

A packet takes seconds. An email takes up to half a minute until SES has capacity, and up to half a minute at SES.
"""

_MOST_RECEIPTS = 8
"""After so many receipts, a new message replaces a message that waits for an event, so that the wait can't use up its
tries (template.yaml: `maxReceiveCount`)."""

UNTIL_SES_IS_ASKED_AGAIN = LONGEST_DELAY
"""Seconds before SES is tried again. When a quota is used up, SES recommends waiting for up to ten minutes.

Source: "Errors related to the sending quotas for your Amazon SES account", SES developer guide."""

LONGEST_WAIT = timedelta(days=14)
"""How long new messages continue a delivery that SES doesn't take: as long as SQS would keep a message. Without a
bound, each plan would begin one more chain of messages that goes on for ever."""

_PAUSES_BEFORE_OPENING = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds before a delivery is opened again after a throttle, or a change of its target's free day."""

_CONFLICTS = 6
"""How often sealing waits for conflicting transactions before it fails. The waits add up to six seconds."""

_PAUSES = (1, 2, 4, 8, 15, 30, *[60] * 8)
"""The seconds between tries to write that SES is asked, or its answer; nine minutes in all. An outage should not become
a question."""


class OutOfTimeError(UndersignedError):
    """The time for this try is up. Its finished steps are kept, and the next try continues from there.

    Raised after a step only, so that every try completes at least one.
    """


class UnsettledError(UndersignedError):
    """The email may have been sent. Wait for its event until the given time; then a person has to decide."""

    def __init__(self, until: datetime) -> None:
        """Keep until when to wait for the event."""
        super().__init__(f"the email may have been sent; wait for its event until {until.isoformat()}")
        self.until = until


class Handled(NamedTuple):
    """What was done for a message: a line of the log, and in how many seconds the message comes again, if it must."""

    what: str
    facts: Mapping[str, object]
    level: Literal["info", "warning", "error"] = "info"
    again_after: int | None = None


def proceed(
    stack: Stack,
    body: str,
    received: int,
    milliseconds_left: Callable[[], int],
    send_draft_test: Callable[[Stack, DraftTest], str | None],
) -> Handled:
    """Do what a message asks for. It was `received` so many times.

    After an error the message comes again, each time later. A delivery that waits for SES goes on in new messages, for
    two weeks at most, because the tries of a single message would end sooner.
    """

    def has_time() -> bool:
        return milliseconds_left() > _ONE_STEP

    try:
        message = read_message(body)
        if isinstance(message, DraftTest):
            return _send_draft_test(stack, message, send_draft_test)
        if message.test_to:
            message_id = send_test(stack, message.key, message.test_to)
            return Handled("test email", {**asdict(message.key), "message_id": message_id or "no letter waits"})
        if message.is_repacking:
            return _proceed_with_repacking(stack, message.key, has_time)
        return _proceed_with_delivery(stack, message, received, has_time)
    except Exception as error:  # noqa: BLE001  (one bad message must not stop the others; it is reported)
        facts = {**facts_of(error), "received": received}
        return Handled("a delivery failed", facts, "error", seconds_until_next_try(received))


def _send_draft_test(stack: Stack, test: DraftTest, send: Callable[[Stack, DraftTest], str | None]) -> Handled:
    try:
        message_id = send(stack, test)
    except SendingStoppedError:
        raise
    except MailRefusedError as error:
        facts = {"campaign": test.campaign, "reason": str(error)}
        return Handled("SES refused a test of a draft", facts, "warning")
    return Handled("test email of a draft", {"campaign": test.campaign, "message_id": message_id or "no draft"})


def _proceed_with_repacking(stack: Stack, key: DeliveryKey, has_time: HasTime) -> Handled:
    try:
        return Handled("repacked", {**asdict(key), "packets": repack(stack, key, has_time)})
    except OutOfTimeError:
        delivery_queue(stack).put_repacking(key)
        return Handled("a repacking continues in another run", asdict(key))


def _proceed_with_delivery(stack: Stack, message: DeliveryMessage, received: int, has_time: HasTime) -> Handled:
    about = asdict(message.key)
    try:
        delivery = deliver(stack, message.key, has_time, again=message.again, until=message.until)
    except OutOfTimeError:
        return _go_on(stack, message, Handled("a delivery continues in another run", about))
    except (SendingThrottledError, SendingStoppedError) as error:
        done = Handled("a delivery must wait", {**about, "reason": str(error)}, "error")
        return _go_on(stack, message, done, after=UNTIL_SES_IS_ASKED_AGAIN)
    except UnsettledError as error:
        wait = max(1, int((error.until - stack.clock()).total_seconds()) + 1)
        done = Handled("an email may have been sent", {"until": error.until.isoformat()}, again_after=wait)
        if error.__cause__:
            facts = {**done.facts, **facts_of(error.__cause__)}
            done = Handled("SES gave no answer", facts, "warning", wait)
        if received >= _MOST_RECEIPTS:
            return _go_on(stack, message, done._replace(again_after=None), after=min(wait, LONGEST_DELAY))
        return done
    state = delivery.state if delivery else "nothing to send now"
    # A person must decide about an email in doubt, so it is logged as an error, which an alarm counts.
    return Handled("delivery", {**about, "state": state}, "error" if state == "in_doubt" else "info")


def _go_on(stack: Stack, message: DeliveryMessage, done: Handled, after: int = 0) -> Handled:
    """Let a new message continue a delivery, unless it has waited for too long. The next plan queues that again."""
    now = stack.clock()
    since = message.since or now
    if now - since >= LONGEST_WAIT:
        return Handled("a delivery waited for two weeks", asdict(message.key), "error")
    delivery_queue(stack).put_again(message.key, since, after=after)
    return done


def deliver(
    stack: Stack,
    key: DeliveryKey,
    has_time: HasTime = lambda: True,
    *,
    again: bool = False,
    until: datetime | None = None,
) -> Delivery | None:
    """Make or continue a delivery, and return it; None if there is nothing to send.

    By hand, no email goes to the target: the first delivery of a period that is ready to print emails the organizer. If
    that email fails, the next try sends it, and makes nothing else again.

    Does nothing while the campaign is paused; a later plan queues the delivery again. `until` is the moment of the page
    on which somebody pressed *Send now*: a new delivery takes letters that were due by then. Without it, none begins in
    a campaign whose deliveries only *Send now* begins. Unless `again`, it begins only if the target has no other
    delivery less than seven days away.

    An email is never sent again by itself. An hour after an attempt without an answer or an event, the delivery is in
    doubt, and waits for a person. So does one that bounced.

    Raises UnsettledError while the email may have been sent, SendingThrottledError or MailRefusedError if it was not
    sent, DamagedRowsError if a letter was damaged after it was sealed, OutOfTimeError, and NotFoundError for an unknown
    campaign or target.
    """
    delivery = _deliver(stack, key, has_time, again=again, until=until)
    if delivery and delivery.is_ready_to_print:
        campaign, target, _ = Campaigns(stack.table).of_target(key.campaign, key.target)
        tell_organizer(
            stack,
            "ready",
            key.campaign,
            key.period,
            lambda: organizer_mails.ready(stack.settings.sender, campaign, target, key.period),
            by=key.target,
        )
    return delivery


def _deliver(
    stack: Stack, key: DeliveryKey, has_time: HasTime, *, again: bool, until: datetime | None
) -> Delivery | None:
    campaigns = Campaigns(stack.table)
    campaign, target, controls = campaigns.of_target(key.campaign, key.target)
    delivery, waiting = Deliveries(stack.table).delivery(key), _waiting(stack, campaign, target, until)
    if delivery is None and not controls.paused and (until or not campaign.send_now_only):
        if (first := next(waiting, None)) is None:
            return None
        waiting = chain([first], waiting)
        delivery = _open(stack, key, campaign, target, again=again, until=until)
        # Its address may have changed while the delivery was opened.
        target = campaigns.target(key.campaign, key.target)
    if delivery is None:
        return None
    if delivery.takes_until(campaign) != until:
        waiting = _waiting(stack, campaign, target, delivery.takes_until(campaign))
    if delivery.state == "sending":
        if (event_until := delivery.may_have_event_until(stack.clock())) is not None:
            raise UnsettledError(event_until)
        return _note(stack, delivery.in_doubt(), delivery)
    if controls.paused or not delivery.goes_on:
        return delivery
    batch = Batch(campaign, target, replace(delivery, way=delivery.way_to(target)))
    return _seal_and_send(stack, batch, waiting, has_time, again=again)


def _seal_and_send(
    stack: Stack, batch: Batch, waiting: Iterator[str], has_time: HasTime, *, again: bool
) -> Delivery | None:
    deliveries, delivery, target = Deliveries(stack.table), batch.delivery, batch.target
    if why := target.why_held(delivery.way):
        held = delivery.held(len(sealed_in(deliveries.bundles(delivery.key))), target.email, why)
        if held != delivery:
            deliveries.change(held, delivery)
        return held
    if delivery.is_held_without_week:
        opened = _open(stack, delivery.key, batch.campaign, target, delivery, again=again)
        if opened is None or opened.state != "open":
            # It is too soon, or another process opened it and has gone on.
            return opened
        batch = replace(batch, delivery=opened)
    sealed = seal(stack, batch, waiting, has_time)
    if not sealed.letters:
        empty = batch.delivery.emptied()
        deliveries.change(empty, batch.delivery)
        return empty
    return send(stack, sealed, make_packets(stack, sealed, has_time), has_time)


def _open(  # noqa: PLR0913  (the delivery, and what it depends on)
    stack: Stack,
    key: DeliveryKey,
    campaign: Campaign,
    target: Target,
    known: Delivery | None = None,
    *,
    again: bool,
    until: datetime | None = None,
) -> Delivery | None:
    """Open a new delivery, or a delivery that had given its week back. If that is too soon, return it as it is."""
    deliveries = Deliveries(stack.table)
    for pause in (*_PAUSES_BEFORE_OPENING, None):
        # The sizes are kept, so that another version of the code, or of the campaign, makes the same packets.
        new = Delivery(
            key.campaign,
            key.target,
            key.period,
            state="open",
            opened_at=stack.clock(),
            packet_size=stack.limits.packet_size,
            way=target.way,
            until=until,
            paper_size=campaign.paper_size,
        )
        opened = replace(known.opened_again(), way=known.way_to(target)) if known else new
        others = deliveries.deliveries(key.campaign, key.target)
        week = week_for(opened.day, known, target.free_from, others, again=again)
        if week is None:
            return known
        try:
            deliveries.open(opened, week, known)
        except ChangedError:
            # Another process took a week of the target, or DynamoDB throttled the transaction.
            if pause is None:
                raise
            stack.sleep(pause)
        else:
            return opened
        target, known = Campaigns(stack.table).target(key.campaign, key.target), deliveries.delivery(key)
        if known and not known.is_held_without_week:
            return known
    return known


def _waiting(stack: Stack, campaign: Campaign, target: Target, until: datetime | None) -> Iterator[str]:
    """List the signers of the letters in the tray that were due by a moment, oldest first. Leaves out damaged rows."""
    rows = Signatures(stack.table).readable(campaign.id, target.id, until=until)
    return (row.signer for row in rows if can_make(stack, campaign, target, row))


def seal(stack: Stack, batch: Batch, waiting: Iterator[str], has_time: HasTime) -> Batch:
    """Seal the letters that are `waiting`, in bundles, close the delivery, and return all that were sealed, in order.

    The last bundle is empty.
    """
    deliveries, key = Deliveries(stack.table), batch.delivery.key
    gone: set[str] = set()
    conflicts = 0
    while not ((bundles := deliveries.bundles(key)) and bundles[-1].closes):
        passed = gone.union(*(bundle.signers for bundle in bundles))
        letters = (signer for signer in waiting if signer not in passed)
        try:
            for number in count(len(bundles) + 1):
                bundle = Bundle(number, tuple(islice(letters, stack.settings.bundle_size)), stack.clock())
                deliveries.seal(key, bundle)
                if bundle.closes:
                    break
                if not has_time():
                    raise OutOfTimeError
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
            stack.sleep(0.05 * 2**conflicts)
        waiting = _waiting(stack, batch.campaign, batch.target, batch.delivery.takes_until(batch.campaign))
    return replace(batch, signers=sealed_in(bundles))


def make_packets(stack: Stack, batch: Batch, has_time: HasTime, *, to_send: bool = True) -> tuple[PacketRecord, ...]:
    """Make the packets that are not stored yet, without erased letters, and return all packets of the delivery.

    They are typeset one at a time, so that memory use stays flat. If they are made `to_send`, packets of another day
    are stored again, because PDFs are not kept forever. A packet with a damaged letter waits until that is repaired;
    the other packets don't. Raises DamagedRowsError at the end, OutOfTimeError, and ChangedError if a letter was erased
    meanwhile.
    """
    made = {packet.number: packet for packet in Deliveries(stack.table).packets(batch.delivery.key)}
    damaged: list[str] = []
    for number in batch.spans:
        packet, erased = made.get(number), batch.erased_in[number]
        if packet and (
            packet.is_ready_to_send(erased, stack.clock(), by_hand=batch.by_hand)
            if to_send
            else packet.erased == erased
        ):
            continue
        try:
            made[number] = _store(stack, batch, number, to_send=to_send)
        except DamagedRowsError as error:
            damaged += error.rows
        else:
            if not has_time():
                raise OutOfTimeError
    if damaged:
        raise DamagedRowsError(*damaged)
    return tuple(made[number] for number in batch.spans)


def _store(stack: Stack, batch: Batch, number: int, *, to_send: bool) -> PacketRecord:
    """Make one packet, store its PDF, then record it: so no link leads to a file that isn't there."""
    record, made = make_packet(stack, stack.settings.sender, batch, number)
    if made.replaced:
        report_replaced(batch.name_of(number), made.replaced)
    deliveries, key = Deliveries(stack.table), batch.delivery.key
    name = packet_name(key, number, record.erased)
    if made.pdf:
        stack.bucket.put(name, made.pdf)
    packet = replace(record, stored_at=stack.clock())
    try:
        if to_send:
            deliveries.put_packet(key, packet)
        else:
            deliveries.put_file(key, packet)
    except ChangedError:
        # Another process was faster, and one of these letters was erased since.
        stack.bucket.delete(name)
        raise
    return packet


def send(stack: Stack, batch: Batch, packets: Sequence[PacketRecord], has_time: HasTime) -> Delivery:
    """Send the email of a batch's packets, and return its delivery; by hand, record that they are ready to print.

    Raises UnsettledError, and SendingThrottledError, SendingStoppedError or MailRefusedError if it was not sent.
    """
    deliveries, delivery = Deliveries(stack.table), batch.delivery
    if batch.by_hand:
        ready = delivery.ready(packets, stack.clock())
        # If this write fails, another process made it ready, or an organizer has stopped the delivery.
        deliveries.begin_sending(ready, delivery)
        return ready
    files = [packet_name(delivery.key, each.number, each.erased) for each in packets if each.is_in_email]
    pdfs = [stack.bucket.get(name) for name in files] if are_attached(packets, stack.limits.attached) else None
    mail = email_of(stack, stack.settings.sender, batch, packets, pdfs, sent_at=stack.clock(), to_office=True)
    # Before anything is marked: a crash while SES is asked leaves no doubt about an email.
    stack.mailbox.get_ready()
    since = stack.clock()
    sending = delivery.begun(packets, mail.to, since)
    # If this write is refused, another process sends the email, or an organizer has stopped the delivery. If only
    # its answer is lost, the token tells that this process wrote it, and SES has not been asked yet.
    token = str(uuid4())
    _patiently(stack, lambda: deliveries.begin_sending(sending, delivery, token), has_time)
    try:
        message_id = stack.mailbox.send(mail)
    except (SendingThrottledError, SendingStoppedError, MailRefusedError) as error:
        # It was certainly not sent, so the next attempt needn't wait for an event.
        refused = sending.opened_again(str(error))
        _patiently(stack, lambda: _note(stack, refused, sending), has_time)
        raise
    except Exception as error:
        # SES may have it: its answer was 5xx, or none came. Only an event or a person can tell.
        raise UnsettledError(since + UNSETTLED_FOR) from error
    sent = sending.sent(message_id, stack.clock())
    return _patiently(stack, lambda: _note(stack, sent, sending), has_time)


def _patiently[T](stack: Stack, write: Callable[[], T], has_time: HasTime) -> T:
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
            stack.sleep(pause)


def _note(stack: Stack, noted: Delivery, sending: Delivery) -> Delivery:
    try:
        Deliveries(stack.table).change(noted, sending)
    except ChangedError:
        # An SES event came first, and its state is newer.
        return Deliveries(stack.table).delivery(noted.key) or noted
    return noted


def repack(stack: Stack, key: DeliveryKey, has_time: HasTime = lambda: True) -> int:
    """Delete a delivery's PDFs that have an erased letter, make them again without it, and return their number.

    Once the links to them have ended, nothing is made again: the bucket deletes old PDFs. Doing it twice is harmless.
    Raises the errors of `make_packets`, and NotFoundError for an unknown campaign or target.
    """
    deliveries = Deliveries(stack.table)
    delivery = deliveries.delivery(key)
    if delivery is None or delivery.cleared_at is not None:
        return 0
    sweep(stack, key)
    outdated = sum(packet.is_outdated for packet in sent_packets(stack, delivery))
    if delivery.has_ended_links(stack.clock()) or not outdated:
        return 0
    campaign, target, _ = Campaigns(stack.table).of_target(key.campaign, key.target)
    make_packets(stack, Batch(campaign, target, delivery, sealed_in(deliveries.bundles(key))), has_time, to_send=False)
    # Another erasure may have looked for files before one of these was stored.
    sweep(stack, key)
    return outdated


def send_test(stack: Stack, key: DeliveryKey, to: str) -> str | None:
    """Send an address the email that the target would get now.

    Return its message id, or None if no letters are waiting. Nothing is recorded, so repeating it is harmless.
    """
    notice = Message(
        "This is a test, and only you get this email. The recipient has not received what is in it, which is still "
        "waiting."
    )
    made = preview_delivery(stack, stack.settings.sender, key, notice=notice)
    return stack.mailbox.send(as_test(made.mail, to)) if made and made.mail else None
