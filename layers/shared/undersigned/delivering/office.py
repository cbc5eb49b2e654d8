"""The office's page, behind the link in its emails, and the public page behind the link on the covers of packets.

Nothing that it returns has a signer or a letter.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from undersigned.base.errors import MailRefusedError, SendingThrottledError, UndersignedError
from undersigned.base.languages import Message
from undersigned.base.sending_once import Claim, send_once
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.offices import OfficeRows
from undersigned.campaigns.rules.stops import Stop, mailbox_digest, reason_in
from undersigned.people.queue import people_mails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.base.emails import Sender
    from undersigned.base.links import Links
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery, PacketRecord

type StopOutcome = Literal["sent", "sent before", "lifted before"]

_ISSUED_ON_COVERS = datetime(2026, 1, 1, tzinfo=UTC)


def office_url(sender: Sender, links: Links, campaign: str, target: Target) -> str:
    """Return the address of an office's page, for an email that goes to it; no preview, test or copy may have it."""
    return f"{sender.public_url}/office/{links.sign('office', campaign, target.id, mailbox_digest(target.email))}"


def cover_url(sender: Sender, links: Links, campaign: str, target: str) -> str:
    """Return the address of the public page of what was sent to a target, for covers.

    It is always the same, so that a packet made twice is, too.
    """
    return f"{sender.public_url}/packets-sent/{links.sign('cover', campaign, target, issued_at=_ISSUED_ON_COVERS)}"


class AnotherMailboxError(UndersignedError):
    """The link is of a mailbox that no longer gets the target's emails."""

    status = 409
    title = Message("This link only shows what was sent")
    detail = Message(
        "The letters no longer go to the address that got this link. If another address gets them, open the link in "
        "the newest email there."
    )


@dataclass(frozen=True, slots=True)
class SentDelivery:
    """A delivery that somebody at the office may have, and its packets."""

    delivery: Delivery
    packets: tuple[PacketRecord, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent to a target, newest first, without rows that can't be read.

    `may_act` says whether the link is of the mailbox that gets the target's emails.
    """

    campaign: Campaign
    target: Target
    deliveries: tuple[SentDelivery, ...]
    may_act: bool


def office(stack: Stack, token: str) -> Sent:
    """Return what an office's page shows. Raises TokenError, TokenExpiredError, NotFoundError."""
    return _sent(stack, *stack.links.read("office", token).parts)


def cover(stack: Stack, token: str) -> Sent:
    """Return what the page behind a cover's link shows. Raises TokenError, TokenExpiredError, NotFoundError."""
    sent = _sent(stack, *stack.links.read("cover", token).parts)
    arrived = (each for each in sent.deliveries if each.delivery.may_have_arrived)
    return replace(sent, deliveries=tuple(arrived))


def note_received(stack: Stack, token: str, period: str) -> None:
    """Note that somebody at the office has the letters of a period. Changes nothing the second time.

    Raises AnotherMailboxError, and the errors of `office`.
    """
    now, (campaign, target) = stack.clock(), _acting(stack, token)
    for each in _deliveries(stack).deliveries(campaign.id, target.id, whole=False):
        # No name of an attribute is made of what somebody posts.
        if each.key.period == period and each.can_be_received and not each.received_at(target):
            OfficeRows(stack.table).receive(campaign.id, target.id, period, now)


def stop_emails(stack: Stack, token: str, reason: object) -> tuple[Campaign, Target]:
    """Stop the emails to the mailbox of a link.

    If they are stopped already, the stop keeps its moment, and gets the new reason. An email that was handed to SES
    before may still arrive. Raises AnotherMailboxError, and the errors of `office`.
    """
    (campaign, target), given = _acting(stack, token), reason_in(reason)
    new = Stop(stack.clock(), given, _accepted_at(stack, campaign.id, target))
    _, stopped = OfficeRows(stack.table).change_stop(
        campaign.id,
        target.id,
        mailbox_digest(target.email),
        lambda known: replace(known, reason=given or known.reason) if known else new,
    )
    if stopped and not stopped.told:
        # Also after a failure between the two: queueing it twice sends one email.
        people_mails(stack).put_stop(campaign.id, target.id)
    return campaign, target


def tell_of_stop(stack: Stack, campaign: str, target: str) -> StopOutcome:
    """Email the organizer that an office stopped the emails, once at most: it is noted on the stop before it is sent.

    Raises the errors of `Mailbox.send`, NotFoundError.
    """
    from undersigned.delivering.emails import organizer_mails

    settings, known, _ = Campaigns(stack.table).of_target(campaign, target)
    if known.stopped is None:
        return "lifted before"
    claim, stopped = _StopClaim(campaign, known, known.stopped), known.stopped
    was_sent = send_once(
        stack,
        stack.people_mailbox,
        claim,
        lambda: organizer_mails.stopped(stack.settings.sender, settings, known, stopped),
    )
    return "sent" if was_sent else "sent before"


@dataclass(frozen=True, slots=True)
class _StopClaim(Claim):
    """The claim of the email about a stop, which is noted on it before the email is sent."""

    campaign: str
    target: Target
    about: Stop

    def take(self, stack: Stack) -> bool:
        """Note that the organizer is told, and say whether that is new."""
        return self._note(stack, told=True)

    def note_failed(self, stack: Stack, error: Exception) -> None:
        """Note that the organizer is not told, if the email surely did not leave. After any other error it may have."""
        if isinstance(error, (SendingThrottledError, MailRefusedError)):
            self._note(stack, told=False)

    def _note(self, stack: Stack, *, told: bool) -> bool:
        def noted(stop: Stop | None) -> Stop | None:
            return replace(stop, told=told) if stop and stop.at == self.about.at else stop

        mailbox = mailbox_digest(self.target.email)
        before, after = OfficeRows(stack.table).change_stop(self.campaign, self.target.id, mailbox, noted)
        return before != after


def _deliveries(stack: Stack) -> Deliveries:
    # The public API starts without what no form needs.
    from undersigned.delivering.rows.deliveries import Deliveries

    return Deliveries(stack.table)


def _acting(stack: Stack, token: str) -> tuple[Campaign, Target]:
    """Return for whom a link may act. Raises AnotherMailboxError, and the errors of `office`."""
    campaign_id, target_id, mailbox = stack.links.read("office", token).parts
    campaign, target, _ = Campaigns(stack.table).of_target(campaign_id, target_id)
    if not _may_act(mailbox, target):
        message = "the link is of a mailbox that no longer gets these letters"
        raise AnotherMailboxError(message)
    return campaign, target


def _accepted_at(stack: Stack, campaign: str, target: Target) -> datetime | None:
    """Return when SES took the last email to a target's mailbox."""
    mailbox = mailbox_digest(target.email)
    found = _deliveries(stack).deliveries(campaign, target.id, whole=False)
    to_it = (each.last for each in found if each.email and mailbox_digest(each.email) == mailbox)
    return max(filter(None, (attempt.sent_at or attempt.since for attempt in to_it)), default=None)


def _sent(stack: Stack, campaign_id: str, target_id: str, mailbox: str = "") -> Sent:
    """Return what was sent to a target. A cover's link is of no mailbox, and only shows."""
    campaign, target, _ = Campaigns(stack.table).of_target(campaign_id, target_id)
    deliveries = _deliveries(stack)
    found = [*deliveries.deliveries(campaign_id, target_id, whole=False)]
    packets: defaultdict[str, list[PacketRecord]] = defaultdict(list)
    for period, packet in deliveries.packets_to(campaign_id, target_id):
        packets[period].append(packet)
    sent = (_what_was_sent(each, packets[each.key.period]) for each in found)
    return Sent(campaign, target, tuple(filter(None, sent)), may_act=_may_act(mailbox, target))


def _what_was_sent(delivery: Delivery, recorded: Sequence[PacketRecord]) -> SentDelivery | None:
    is_there = delivery.handed if delivery.way == "by hand" else delivery.may_have_arrived or delivery.can_be_received
    return SentDelivery(delivery, tuple(each for each in recorded if each.is_in_email)) if is_there else None


def _may_act(mailbox: str, target: Target) -> bool:
    return bool(target.email) and mailbox == mailbox_digest(target.email)
