"""Delivery controls: send now, retry, settle and so on. Each action is recorded in the activity log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.email_addresses import email_mistake, mailable
from undersigned.base.errors import ChangedError, GivenError, NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.campaigns.actions import FOR_SIGNERS, check_not_stopped
from undersigned.campaigns.rules.answers import read_answer_text, read_day_of_answer
from undersigned.campaigns.rules.campaigns import Answer
from undersigned.campaigns.rules.controls import AuditEntry, checked_reason
from undersigned.delivering.rules.deliveries import DeliveryKey, HandedOver
from undersigned.delivering.rules.plans import taken, week_taken

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.delivering.limits_of_tests import LimitsOfTests
    from undersigned.delivering.planning import Plan, Planning
    from undersigned.delivering.queue import DeliveryQueue
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery, Settlement
    from undersigned.delivering.rules.plans import TooSoon
    from undersigned.signing.rows.signatures import Signatures

_RETRIED = ("open", "held", "bounced", "closed_unsent")


@dataclass(kw_only=True, frozen=True, slots=True)
class DeliveryControls:
    """An organizer's actions on deliveries.

    `by` is a person's address, or the command line. `why` is a reason, and every action raises
    GivenError for one that `checked_reason` refuses, before it does anything.
    """

    campaigns: Campaigns
    signatures: Signatures
    deliveries: Deliveries
    queue: DeliveryQueue
    planning: Planning
    limits: LimitsOfTests
    follow_address: Callable[[Target, Target, str, str], None]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def deliver(  # noqa: PLR0913  (what, who and why)
        self,
        campaign: str,
        period: str,
        by: str,
        why: str,
        *,
        seen_at: datetime,
        only: str | None = None,
        again: bool = False,
    ) -> Plan:
        """Send now: queue the deliveries of a campaign, or of one target.

        They take the letters that were due at `seen_at`, when the person read what is waiting. `again` sends to targets
        that got an email less than seven days before, for a reason. Nothing is recorded if nothing is sent. Raises
        NotFoundError for an unknown campaign or target, NotNowError if the campaign is paused, or if the reason is
        missing.
        """
        why = checked_reason(why)
        settings = self.campaigns.campaign(campaign)
        if only is not None:
            self.campaigns.target(campaign, only)
        _check_reason(why, again=again)
        if self.campaigns.controls(campaign).paused:
            raise _paused()
        planned = self.planning.preview(settings, period, only=only, again=again, counts=False)
        if planned.failed:
            # A read that failed a moment ago often works now.
            planned = self.planning.preview(settings, period, only=only, again=again, counts=False)
        if planned.going:
            about = f"{period} {only}" if only else period
            self.record(campaign, "deliver again" if again else "deliver", by, about=about, why=why)
        queued = self.planning.queue_up(planned, again=again, until=min(seen_at, self.clock()))
        queued.check()
        return queued

    def retry(
        self, key: DeliveryKey, by: str, why: str, *, again: bool = False, revision: str | None = None
    ) -> Delivery:
        """Resend a delivery that failed, bounced, is closed unsent or held. The target's address then counts as good.

        Without an address, its letters go by hand or post. The packets of one that is ready to print are made again,
        because they are kept for 31 days.

        `again` sends it even if the office has it, or got another email less than seven days away. `revision` is what
        the person saw of it. Raises NotFoundError for an unknown delivery, NotNowError if its email was sent or may
        have been sent, if it is too soon for it, or if it is no longer as it was seen.
        """
        why = checked_reason(why)
        target = self.campaigns.target(key.campaign, key.target)
        delivery = self._delivery(key, revision, target)
        if delivery.question(self.clock()) in {"in doubt", "no outcome"}:
            raise NotNowError(
                Message("Nobody knows whether the email arrived. Ask the recipient’s office, then settle the delivery.")
            )
        if delivery.state not in _RETRIED and not delivery.is_ready_to_print:
            raise NotNowError(
                Message(
                    "The delivery’s state is “%(state)s”. Only one that failed, bounced, was closed unsent, is held or "
                    "is ready to print can be sent again.",
                    {"state": delivery.state},
                )
            )
        self._check_not_received(delivery, target, "retry", again=again)
        _check_reason(why, again=again)
        opened = self._open_again(delivery.opened_for(target), delivery, target, again=again)
        if opened.way == "email":
            self.campaigns.set_mail_state(key.campaign, key.target, target.email, "ok")
        self.record(key.campaign, "retry again" if again else "retry", by, about=f"{key.target} {key.period}", why=why)
        self.queue.put([key])
        return opened

    def set_address(self, campaign: str, target: str, email: str, by: str, why: str) -> str:
        """Save and return the address of a target: a corrected one, or the same one, which takes email again.

        New letters go to it; without an address, they go by hand or post. The draft gets the correction, too, so that
        publishing keeps it. A delivery that bounced is sent again only if a person says so. Raises NotFoundError for an
        unknown target, GivenError for an address that can't be one, NotNowError for the same address if the office
        stopped the emails to it.
        """
        why, email = checked_reason(why), email.strip()
        known = self.campaigns.target(campaign, target)
        if email and (mistake := email_mistake(email)):
            raise GivenError(mistake)
        changed = replace(known, email=mailable(email) if email else "")
        if changed == known:
            check_not_stopped(known)
            self.campaigns.set_mail_state(campaign, target, known.email, "ok")
        else:
            self.campaigns.put_target(campaign, changed)
            self.follow_address(known, changed, campaign, by)
        usual: str = "remove address" if changed.by_hand else "correct address"
        self.record(campaign, "address works" if changed == known else usual, by, about=target, why=why)
        return changed.email

    def save_answer(  # noqa: PLR0913  (an answer's parts)
        self, campaign: str, target: str, day: str, text: str, by: str, *, is_public: bool, revision: str
    ) -> Answer | None:
        """Keep and return an answer as somebody typed it, in place of the one that they saw; without a text, none.

        `revision` is that of the answer that they saw, empty if there was none. Saving the same again changes nothing.

        Raises NotFoundError; GivenError for a wrong day or text; NotNowError for an answer to nothing, for one that
        can't be kept, and if somebody has changed the answer since.
        """
        settings, known = self.campaigns.campaign(campaign), self.campaigns.target(campaign, target)
        new, was = None, known.answer
        if words := read_answer_text(text):
            today = settings.local(self.clock()).date()
            if settings.is_over(today):
                raise NotNowError(
                    Message("This campaign no longer keeps what people wrote. Say under Details for how long.")
                )
            made = self.deliveries.deliveries(campaign, target, whole=False)
            new = Answer(read_day_of_answer(day, today, made), words, is_public, by, self.clock())
        elif not revision:
            raise GivenError(Message("Type or paste the answer."))
        changed = new or was
        if changed is None or (new and was and new.says_the_same(was)):
            return was
        if revision != (was.revision if was else ""):
            raise _answer_changed()
        try:
            self.campaigns.put_answer(campaign, known, new)
        except ChangedError as error:
            raise _answer_changed() from error
        self.record(campaign, "record answer" if new else "delete answer", by, about=f"{target} {changed.day}")
        return new

    def settle(  # noqa: PLR0913  (what, who and why)
        self,
        key: DeliveryKey,
        by: str,
        why: str,
        outcome: Settlement,
        *,
        again: bool = False,
        revision: str | None = None,
    ) -> Delivery:
        """Decide about a delivery that is in doubt or has no outcome: its email was sent, or it was not.

        If it was not, it is sent again; without an address, its letters go by hand or post. Until that begins, a late
        event that it arrived still stops it. The office may have said that it has the letters: `again` sends them all
        the same, for a reason. `revision` is what the person saw of it.

        Raises NotFoundError for an unknown delivery, NotNowError if there is nothing to decide, or if it is no longer
        as it was seen.
        """
        why = checked_reason(why)
        target, now = self.campaigns.target(key.campaign, key.target), self.clock()
        delivery = self._delivery(key, revision, target)
        if delivery.question(now) not in {"in doubt", "no outcome"}:
            raise NotNowError(
                Message(
                    "The delivery’s state is “%(state)s”. There is nothing to decide: only a delivery that is in "
                    "doubt, or has had no outcome for three days, can be settled.",
                    {"state": delivery.state},
                )
            )
        _check_reason(why, again=again)
        action: str = "settle as sent"
        if outcome == "sent":
            settled = delivery.settled_as_sent(now)
            self._change(settled, delivery)
        else:
            self._check_not_received(delivery, target, "settle", again=again)
            settled = self._open_again(delivery.opened_for(target), delivery, target, again=again)
            action = "settle as not sent again" if again else "settle as not sent"
        self.record(key.campaign, action, by, about=f"{key.target} {key.period}", why=why)
        if settled.state == "open":
            self.queue.put([key])
        return settled

    def close_unsent(self, key: DeliveryKey, by: str, why: str, *, revision: str | None = None) -> Delivery:
        """Decide that the letters of a delivery are sent no more, for a reason that their signers can read.

        Raises NotFoundError for an unknown delivery, NotNowError without a reason, unless it bounced or is ready to
        print, or if it is no longer as it was seen.
        """
        why = FOR_SIGNERS.read(why)
        target, now = self.campaigns.target(key.campaign, key.target), self.clock()
        delivery = self._delivery(key, revision, target)
        if not delivery.can_be_closed_unsent(now):
            raise NotNowError(Message("Only a delivery that bounced, or is ready to print, can be closed unsent."))
        closed = delivery.closed_unsent(why, now)
        self._change(closed, delivery)
        self.record(key.campaign, "close unsent", by, about=f"{key.target} {key.period}", why=why)
        return closed

    def hand_over(self, key: DeliveryKey, day: date, note: str, by: str, *, revision: str | None = None) -> Delivery:
        """Record that an office got the letters of a delivery by hand. The same record again changes nothing.

        Raises NotFoundError for an unknown delivery, GivenError for a day that can't be, NotNowError if it is not
        ready to print, was handed over before, or is no longer as it was seen.
        """
        note, now = checked_reason(note), self.clock()
        settings, delivery = self.campaigns.campaign(key.campaign), self._delivery(key, None)
        if not delivery.day <= day <= settings.local(now).date():
            raise GivenError(
                Message(
                    "The letters were handed over between %(day)s and today. Give that day.",
                    {"day": delivery.day},
                )
            )
        if known := delivery.handed:
            if (known.day, known.note) == (day, note):
                return delivery
            raise NotNowError(
                Message(
                    "%(by)s recorded that the letters were handed over on %(day)s.", {"by": known.by, "day": known.day}
                )
            )
        if revision not in {None, delivery.revision}:
            raise _changed()
        if not delivery.is_ready_to_print:
            raise NotNowError(Message("Only letters that are ready to print can be handed over."))
        handed = delivery.handed_over(HandedOver(day, note, by, now))
        self._change(handed, delivery)
        self.record(key.campaign, "hand over", by, about=f"{key.target} {key.period}", why=note)
        return handed

    def _delivery(self, key: DeliveryKey, revision: str | None, target: Target | None = None) -> Delivery:
        delivery = self.deliveries.delivery(key)
        if delivery is None:
            message = f"campaign {key.campaign!r} has no delivery {key.period} to {key.target!r}"
            raise NotFoundError(message)
        seen = delivery.with_word_of(target) if target else delivery
        if revision not in {None, seen.revision}:
            raise _changed()
        return delivery

    def _check_not_received(self, delivery: Delivery, target: Target, command: str, *, again: bool) -> None:
        """Raise NotNowError if the office said that it has the letters, unless a person sends them `again`."""
        if again or not (said := delivery.received_at(target)):
            return
        values = {"day": self.campaigns.campaign(delivery.key.campaign).local(said).date()}
        raise NotNowError(
            Message(
                "The office said on %(day)s that it has these letters, so ask it. If they must go again, give a "
                "reason: `undersigned %(command)s` with `--again --why`.",
                {**values, "command": command},
            ),
            plainly=Message("The office said on %(day)s that it has these letters.", values),
        )

    def _open_again(self, opened: Delivery, delivery: Delivery, target: Target, *, again: bool = False) -> Delivery:
        """Write a delivery that is opened for its next attempt. Keeps SES's events about the last one: see `after`.

        Raises NotNowError if its packets were cleared, the campaign is paused, its target is held, or others took its
        week since it bounced, unless `again`. By hand, a person decides when the office gets it, whatever came that
        week, and whatever the mailbox says.
        """
        _check_kept(delivery)
        if self.campaigns.controls(delivery.key.campaign).paused:
            raise _paused()
        by_hand = opened.way == "by hand"
        if not by_hand:
            check_not_stopped(target)
        if target.hold or (target.is_held and not by_hand):
            why = target.hold or Message("someone there marked an email as spam")
            raise NotNowError(Message("The letters are on hold: %(why)s. End the hold first.", {"why": why}))
        if delivery.occupies_week:
            if opened != delivery:
                self._change(opened, delivery)
            return opened
        known = self.deliveries.deliveries(delivery.key.campaign, delivery.key.target)
        if not (again or by_hand) and (blocked := week_taken(delivery, known)):
            raise _week_is_taken(blocked)
        week = taken(target.free_from, delivery.day)
        try:
            self.deliveries.open(opened, week, delivery)
        except ChangedError as error:
            raise _changed() from error
        return opened

    def _change(self, changed: Delivery, delivery: Delivery) -> None:
        try:
            self.deliveries.change(changed, delivery)
        except ChangedError as error:
            raise _changed() from error

    def test(  # noqa: PLR0913  (what, who and why)
        self, campaign: str, target: str, period: str, by: str, why: str, *, who: str = "", to: str | None = None
    ) -> None:
        """Send somebody the email that a target would get now, as a test.

        `to` is the address of a person who is signed in, because the email has signers' letters, or one that the
        operator names. Without it, the email goes to the campaign's organizer. A recipient gets it only as the
        signed-in person. `who` is the person who asks, and has a limit; the operator has none.

        Raises NotFoundError for an unknown target; NotNowError if no letters are waiting for it, for an address that
        gets no test, and for too many requests.
        """
        why = checked_reason(why)
        if self.campaigns.target(campaign, target).by_hand:
            raise NotNowError(Message("This recipient gets letters by hand or post, so there is no email to send."))
        if not self.signatures.has_waiting(campaign, target):
            raise NotNowError(Message("No letters are waiting for this recipient, so there is no email to send."))
        is_own = bool(who and to)
        address = self.limits.address(
            campaign, self.campaigns.campaign(campaign).organizer.email if to is None else to, is_own=is_own
        )
        self.limits.count(who)
        self.record(campaign, "test", by, about=target, why=why)
        self.queue.put_test(DeliveryKey(campaign, target, period), address)

    def record(self, campaign: str, action: str, by: str, *, about: str = "", why: str = "") -> None:
        """Record an action in the activity log."""
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), action, by, about, why), self.new_id())


def _answer_changed() -> NotNowError:
    return NotNowError(
        Message("Somebody has just changed this answer. Look at it, then save yours again if it should replace it.")
    )


def _paused() -> NotNowError:
    return NotNowError(Message("The campaign is paused. Resume it first."))


def _check_kept(delivery: Delivery) -> None:
    """Raise NotNowError if a delivery's packets were cleared: its letters can't be made again."""
    if delivery.cleared_at is not None:
        raise NotNowError(
            Message("The time to keep this campaign’s personal data is over, so these letters are deleted.")
        )


def _changed() -> NotNowError:
    return NotNowError(Message("The delivery has just changed. Look at it again."))


def _check_reason(why: str, *, again: bool) -> None:
    if again and not why:
        raise NotNowError(Message("Give a reason for a second email."))


def _week_is_taken(found: TooSoon) -> NotNowError:
    """Return the refusal of a delivery whose day has passed. No later day changes it, so it names none."""
    values = {"day": found.last}
    return NotNowError(
        Message(
            "There is a delivery of %(day)s, and a recipient gets at most one email in seven days. To send this one, "
            "too, give a reason: `undersigned retry` with `--again --why`.",
            values,
        ),
        plainly=Message(
            "There is a delivery of %(day)s, and a recipient gets at most one email in seven days.", values
        ),
    )
