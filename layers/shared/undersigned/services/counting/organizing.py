"""Organizing: show organizers a campaign, and act on single letters."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from undersigned.domain.counting.tallies import NO_SUSPICION, TOTAL, TOWNS
from undersigned.domain.delivering.bundles import sealed_in
from undersigned.domain.delivering.controls import AuditEntry, checked_reason
from undersigned.domain.delivering.packets import packet_filename
from undersigned.domain.delivering.plans import plan_lines
from undersigned.domain.delivering.schedule import cadence_of, period_of
from undersigned.domain.errors import ChangedError, NotFoundError
from undersigned.domain.languages import Message
from undersigned.domain.signing.addresses import email_mistake
from undersigned.domain.signing.forms import current_of, waiting_of
from undersigned.domain.signing.mail_budgets import LANES
from undersigned.domain.signing.names import is_named
from undersigned.domain.signing.providers import CONFIRMED, providers_of
from undersigned.domain.signing.signatures import new_mail_request, signer_id
from undersigned.services.counting.listing import newest_letters
from undersigned.services.counting.measuring import Kept, last_overdue_run
from undersigned.services.delivering.delivery_controls import NotNowError
from undersigned.services.delivering.storing import packet_file
from undersigned.services.delivering.trays import read_trays, trays_that_go
from undersigned.services.signing.unconfirmed import Unconfirmed, unconfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.counts import Counts
    from undersigned.aws.deliveries import Deliveries
    from undersigned.aws.disowned import Disowned
    from undersigned.aws.forms import Forms
    from undersigned.aws.mail_budgets import MailBudgets
    from undersigned.aws.packet_store import Bucket
    from undersigned.aws.signatures import Signatures
    from undersigned.domain.authoring.campaigns import Campaign, Target
    from undersigned.domain.counting.tallies import Count
    from undersigned.domain.delivering.controls import Controls
    from undersigned.domain.delivering.deliveries import Delivery, DeliveryKey, PacketRecord, Question
    from undersigned.domain.delivering.mail_events import MailEvent
    from undersigned.domain.delivering.plans import PlanLine
    from undersigned.domain.delivering.schedule import WeeklySchedule
    from undersigned.domain.people.actions import Action
    from undersigned.domain.signing.mail_budgets import Lane, Sending
    from undersigned.domain.signing.providers import Provider
    from undersigned.domain.signing.signatures import ReportedStatus, Signature, SignatureFilter
    from undersigned.services.signing.erasing import Erasing

MOST_POSTPONED = 1_000
"""More postponed emails are not counted: bots could make the count expensive."""

MOST_ROWS_READ = 1_000
"""The most letters that one request reads to find those that match a filter."""


MOST_NAMES_READ = 5_000
"""The most letters that one request reads to find a name. It takes some seconds and as many read units, a tenth of a
cent for every hundred searches."""

_READ_AHEAD = 100
"""How many rows DynamoDB returns in one call, at most ("BatchGetItem", DynamoDB API reference)."""


@dataclass(frozen=True, slots=True)
class Listing[Item]:
    """One page of a list, and the position after which the next page begins, if there may be one.

    `ended_early` says that the page has fewer items than requested because too many others had to be skipped.
    """

    items: tuple[Item, ...]
    next_position: str | None
    ended_early: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """The current state of a campaign.

    `postponed` counts the confirmation emails that wait, up to MOST_POSTPONED, and `sending` says whether any go out.
    `disowned` counts the forms that people said they didn't sign, `unconfirmed` the newest that wait.
    """

    campaign: Campaign
    count: Count
    is_open: bool
    controls: Controls
    next_delivery: datetime
    postponed: Mapping[Lane, int]
    sending: Sending
    disowned: int
    unconfirmed: Unconfirmed = field(default_factory=Unconfirmed)


@dataclass(frozen=True, slots=True)
class TargetState:
    """A target, how many of its letters are waiting, how many were sent, and its deliveries, newest first.

    `later` is how many of the waiting letters came after the approval of a period, if it has one. `questions` are the
    deliveries that a person has to decide about, newest first.
    """

    target: Target
    waiting: int
    sent: int
    deliveries: tuple[Delivery, ...]
    questions: tuple[tuple[Delivery, Question], ...] = ()
    later: int = 0

    @property
    def last_delivery(self) -> Delivery | None:
        """Return the last delivery."""
        return self.deliveries[0] if self.deliveries else None

    def plan(
        self, campaign: Campaign, controls: Controls, period: str, *, approved: bool = False
    ) -> tuple[PlanLine, ...]:
        """Preview the plan of a period, as it is now, or as if the period were approved."""
        later = 0 if approved else self.later
        waiting = self.waiting - later
        return tuple(
            plan_lines(
                campaign,
                controls,
                self.target,
                self.deliveries,
                waiting,
                period=period,
                later=later,
                approved=approved,
            )
        )


@dataclass(frozen=True, slots=True)
class Glance:
    """A campaign in a list of campaigns.

    `states` are of the targets that were looked at; their letters are not counted. `elsewhere` are further targets
    whose letters are held back. Of the targets that were looked at, `overdue` has the ids of those with overdue
    letters, and `awaiting` counts those whose letters wait for an approval. `today` is the day in the campaign's time
    zone.
    """

    overview: Overview
    states: tuple[TargetState, ...]
    elsewhere: tuple[Target, ...]
    overdue: frozenset[str]
    awaiting: int
    is_part: bool
    today: date


@dataclass(frozen=True, slots=True)
class Breakdown:
    """How many letters are confirmed: in total, and by target, day, hour or locality."""

    total: int
    by: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery with its packets and the SES events of its emails; `signers` are its sealed letters' ids, in order.

    `question` is the one that a person has to decide.
    """

    delivery: Delivery
    packets: Sequence[PacketRecord]
    events: tuple[MailEvent, ...]
    signers: tuple[str, ...] = ()
    question: Question | None = None

    def letters_of(self, packet: PacketRecord) -> tuple[str, ...]:
        """Return the ids of a packet's letters in the email."""
        sealed = self.signers[packet.first - 1 : packet.last]
        return tuple(signer for signer in sealed if signer not in self.delivery.last.left_out)

    def erased_from(self, packet: PacketRecord) -> int:
        """Return how many of a packet's letters were erased."""
        return len(self.delivery.erased.intersection(self.signers[packet.first - 1 : packet.last]))


@dataclass(kw_only=True, frozen=True, slots=True)
class Organizing:
    """Reads a campaign for its organizers, and acts on single letters."""

    campaigns: Campaigns
    counters: Counts
    form_store: Forms
    signature_store: Signatures
    delivery_store: Deliveries
    budgets: MailBudgets
    disowned: Disowned
    packets: Callable[[], Bucket]
    erasing: Erasing
    schedule: WeeklySchedule
    secret: Callable[[], str]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def overview(self, campaign: str) -> Overview:
        """Return the current state of a campaign. Raises NotFoundError."""
        return replace(self._overview(campaign), unconfirmed=unconfirmed(self.form_store, campaign))

    def _overview(self, campaign: str) -> Overview:
        settings, count = self.campaigns.campaign(campaign), self.counters.count(campaign)
        now, controls = self.clock(), self.campaigns.controls(campaign)
        return Overview(
            settings,
            count,
            is_open=controls.is_open(settings, settings.local(now).date()),
            controls=controls,
            next_delivery=self.next_delivery(settings),
            postponed={lane: self.form_store.how_many_postponed(campaign, lane, MOST_POSTPONED) for lane in LANES},
            sending=self.budgets.sending(now),
            disowned=self.disowned.total(campaign),
        )

    def unconfirmed(self, campaign: str) -> Unconfirmed:
        """Count the newest forms that wait for a confirmation."""
        return unconfirmed(self.form_store, campaign)

    def controls(self, campaign: str) -> Controls:
        """Return the controls of a campaign's deliveries."""
        return self.campaigns.controls(campaign)

    def next_delivery(self, campaign: Campaign) -> datetime:
        """Return when the next deliveries of a campaign go."""
        return cadence_of(campaign, self.schedule).next_after(self.clock())

    def targets(
        self, campaign: str, after: str | None, limit: int, until: datetime | None = None
    ) -> Listing[TargetState]:
        """List targets in the order of their ids. Count waiting letters that came after `until` apart."""
        every = self.campaigns.targets(campaign, whole=False)
        targets = [target for target in every if after is None or target.id > after]
        shown = self._states_of(campaign, targets[:limit], until)
        return Listing(shown, shown[-1].target.id if len(targets) > limit else None)

    def held_back(self, campaign: str) -> tuple[Target, ...]:
        """Return the targets whose letters are held back: by a hold, a complaint or an address that takes no email."""
        return tuple(target for target in self.campaigns.targets(campaign, whole=False) if target.held_because)

    def overdue(self, found: Overview, states: Iterable[TargetState]) -> frozenset[str]:
        """Return the ids of the targets among these with letters that should have been sent a day ago.

        Letters that somebody keeps back, that need an approval, or for which it is too soon, are not overdue.
        """
        return self._overdue(found, {state.target.id: state.target for state in states if state.waiting})

    def _overdue(self, found: Overview, targets: Mapping[str, Target]) -> frozenset[str]:
        run = last_overdue_run(found.campaign, self.schedule, self.clock())
        kept = Kept(campaign=found.campaign, controls=found.controls, targets=targets)
        should_go = [target for target in targets if kept.should_go(target, run)]
        trays = read_trays(self.signature_store, found.campaign.id, should_go, whole=False)
        return frozenset(of for of, tray in trays.items() if tray.since < run and kept.is_covered(tray.since, run))

    def glance(self, campaign: str, most: int) -> Glance:
        """Return a campaign for a list of campaigns, looking at `most` targets at most. Raises NotFoundError."""
        found, targets = self._overview(campaign), self.campaigns.targets(campaign, whole=False)
        now = self.clock()
        today = period_of(now, cadence_of(found.campaign, self.schedule).time_zone)
        some = {target.id: target for target in targets[:most]}
        may_await = found.campaign.approval and today not in found.controls.approved
        trays = trays_that_go(self.signature_store, campaign, some if may_await else ())
        states, awaiting = [], 0
        for target in some.values():
            deliveries = tuple(self.delivery_store.deliveries(campaign, target.id, whole=False))
            questions = tuple((made, question) for made in deliveries if (question := made.question(now)))
            states.append(TargetState(target, 0, 0, deliveries, questions))
            if may_await:
                waiting = int(target.id in trays)
                lines = plan_lines(found.campaign, found.controls, target, deliveries, waiting, period=today)
                awaiting += any(line.outcome == "awaiting approval" for line in lines)
        elsewhere = tuple(target for target in targets[most:] if target.held_because)
        overdue, is_part, day = self._overdue(found, some), len(targets) > most, date.fromisoformat(today)
        return Glance(found, tuple(states), elsewhere, overdue, awaiting, is_part=is_part, today=day)

    def target(self, campaign: str, target: str, until: datetime | None = None) -> TargetState:
        """Return one target; raises NotFoundError. `until` is as in `targets`."""
        return self._states_of(campaign, [self.campaigns.target(campaign, target)], until)[0]

    def _states_of(self, campaign: str, targets: Sequence[Target], until: datetime | None) -> tuple[TargetState, ...]:
        if not targets:
            return ()
        ends = targets[0].id, targets[-1].id
        waiting = self.signature_store.how_many_wait_each(campaign, *ends)
        covered = self.signature_store.how_many_wait_each(campaign, *ends, until=until) if until else waiting
        return tuple(
            self._state_of(campaign, target, waiting[target.id], waiting[target.id] - covered[target.id])
            for target in targets
        )

    def _state_of(self, campaign: str, target: Target, waiting: int, later: int) -> TargetState:
        deliveries, now = tuple(self.delivery_store.deliveries(campaign, target.id, whole=False)), self.clock()
        return TargetState(
            target,
            waiting,
            sum(made.letters for made in deliveries if made.is_settled and made.state != "given_up"),
            deliveries,
            tuple((delivery, question) for delivery in deliveries if (question := delivery.question(now))),
            later=max(later, 0),
        )

    def counts(self, campaign: str, by: str) -> Breakdown:
        """Return the counts by `target`, `day`, `hour`, `locality`, `suspicion` or `source`.

        Hours are in UTC; a locality is a target's, or `other`. Each confirmed letter is in exactly one counter of each
        kind, so the counters add up to the total. Letters without a suspicion have no counter of their own: they are
        the rest of the total. Letters from before the campaign counted sources have none either.
        """
        found = self._counted(campaign, TOWNS if by == "locality" else f"{by.upper()}#")
        if by not in {"suspicion", "source"}:
            return Breakdown(sum(found.values()), found)
        total = self.counters.counts(campaign, TOTAL).get(TOTAL, 0)
        if by == "suspicion":
            found[NO_SUSPICION] = max(total - sum(found.values()), 0)
        return Breakdown(max(total, sum(found.values())), found)

    def providers(self, campaign: str, waiting: Unconfirmed) -> tuple[Provider, ...]:
        """Return how many people signed and confirmed by email provider, those with the most signers first."""
        return providers_of(self.counters.counts(campaign, CONFIRMED), waiting.by_provider)

    def _counted(self, campaign: str, beginning: str) -> dict[str, int]:
        found = self.counters.counts(campaign, beginning)
        return {name.removeprefix(beginning): count for name, count in found.items() if count}

    def signatures(self, campaign: str, wanted: SignatureFilter, after: str | None, limit: int) -> Listing[Signature]:
        """List signatures, newest first, in a bounded number of reads."""
        found: list[Signature] = []
        rows = newest_letters(self.form_store, self.signature_store, campaign, after, status=wanted.status)
        for read, (position, row) in enumerate(rows, start=1):
            if row and wanted.matches(row):
                found.append(row)
            if len(found) == limit or read == MOST_ROWS_READ:
                return Listing(tuple(found), position, ended_early=len(found) < limit)
        return Listing(tuple(found), None)

    def named(self, campaign: str, name: str, after: str | None, limit: int) -> Listing[Signature]:
        """List the signatures whose name has these words, newest first, in a bounded number of reads.

        No index has names, because they are personal data: this reads the newest letters, or those after a position.
        """
        found: list[Signature] = []
        rows = newest_letters(self.form_store, self.signature_store, campaign, after, read_ahead=_READ_AHEAD)
        for read, (position, row) in enumerate(rows, start=1):
            if row and row.name and is_named(row.name, name):
                found.append(row)
            if len(found) == limit or read == MOST_NAMES_READ:
                return Listing(tuple(found), position, ended_early=len(found) < limit)
        return Listing(tuple(found), None)

    def signed_with(self, campaign: str, email: str) -> Signature | None:
        """Find the letter or the form of an email address, in two reads. An invalid address has none."""
        if email_mistake(email):
            return None
        row = self._current(campaign, signer_id(self.secret(), email))
        return row if row and row.email else None

    def signature(self, campaign: str, signer: str) -> Signature:
        """Return a signer's letter, or the form that waits for a confirmation; raises NotFoundError."""
        row = self._current(campaign, signer)
        if row is None:
            message = f"campaign {campaign!r} has no letter {signer!r}"
            raise NotFoundError(message)
        return row

    def _current(self, campaign: str, signer: str) -> Signature | None:
        forms = self.form_store.of_signer(campaign, signer)
        return current_of(forms, self.signature_store.signature(campaign, signer), self.clock())

    def remove(self, campaign: str, signer: str, by: str, why: str) -> DeliveryKey | None:
        """Erase a letter, for a reason. Return the delivery with which its target got it, if there is one.

        Doing it twice is harmless. Raises NotFoundError, UnderWayError, NotNowError without a reason, and GivenError
        for one that can't be kept.
        """
        if not (why := checked_reason(why)):
            raise NotNowError(Message("Give a reason for erasing the letter."))
        arrived = self.erasing.erase(campaign, signer)
        self._record_action(campaign, "remove", by, about=signer, why=why)
        return arrived

    def release(self, campaign: str, signer: str, by: str, why: str) -> ReportedStatus:
        """Release a letter from quarantine, and send its signer the confirmation email again; or release it from hold.

        Return its status then. Raises NotFoundError, GivenError for a reason that can't be kept, and NotNowError if the
        letter is neither quarantined nor on hold.
        """
        why = checked_reason(why)
        row = self.signature(campaign, signer)
        action: Action = "release letters" if row.on_hold else "release from quarantine"
        try:
            if row.on_hold:
                self.signature_store.end_hold(row, self.clock())
            else:
                self.form_store.release(self._quarantined(row), new_mail_request(self.clock(), self.new_id()))
        except ChangedError as error:
            raise NotNowError(Message("The letter is not in quarantine, and not on hold.")) from error
        self._record_action(campaign, action, by, about=signer, why=why)
        return "confirmed" if row.on_hold else "pending"

    def _quarantined(self, row: Signature) -> Signature:
        """Return the newest form in quarantine of a signer. Raises ChangedError without one."""
        letter = None if row.status == "pending" else row
        waiting = waiting_of(self.form_store.of_signer(row.campaign, row.signer), letter, self.clock())
        found = max((form for form in waiting if form.quarantine), key=lambda form: form.signed_at, default=None)
        if found is None:
            raise ChangedError
        return found

    def deliveries(
        self, campaign: str, target: str | None, period: str | None, after: DeliveryKey | None, limit: int
    ) -> tuple[tuple[DeliveryRecord, ...], DeliveryKey | None]:
        """List deliveries by period, newest first, then by target, with the last one's key if more may follow."""
        found, last = self.history(campaign, target, period, after, limit)
        return tuple(self._record(delivery) for delivery in found), last

    def history(
        self, campaign: str, target: str | None, period: str | None, after: DeliveryKey | None, limit: int
    ) -> tuple[tuple[Delivery, ...], DeliveryKey | None]:
        """List deliveries like `deliveries`, without their packets and events."""
        page: list[Delivery] = []
        for delivery in self._newest_deliveries(campaign, [target] if target else None):
            if period and delivery.key.period < period:
                break
            if period not in {None, delivery.key.period} or (after and not _is_after(delivery.key, after)):
                continue
            if len(page) == limit:
                return tuple(page), page[-1].key
            page.append(delivery)
        return tuple(page), None

    def _newest_deliveries(self, campaign: str, targets: Sequence[str] | None) -> Iterator[Delivery]:
        if targets is None:
            targets = [target.id for target in self.campaigns.targets(campaign, whole=False)]
        of_targets = [self.delivery_store.deliveries(campaign, target, whole=False) for target in targets]
        return heapq.merge(*of_targets, key=lambda delivery: delivery.key.period, reverse=True)

    def delivery(self, key: DeliveryKey) -> DeliveryRecord:
        """Return one delivery with its letters' ids. Raises NotFoundError."""
        delivery = self.delivery_store.delivery(key)
        if delivery is None:
            message = f"campaign {key.campaign!r} has no delivery {key.period} to {key.target!r}"
            raise NotFoundError(message)
        return self._record(delivery, tuple(sealed_in(self.delivery_store.bundles(key))), whole=True)

    def _record(self, delivery: Delivery, signers: tuple[str, ...] = (), *, whole: bool = False) -> DeliveryRecord:
        named = delivery.named(self.delivery_store.packets(delivery.key, whole=whole))
        packets = tuple(packet for packet in named if packet.letters)
        events = self.delivery_store.mail_events(delivery.key)
        return DeliveryRecord(delivery, packets, events, signers, delivery.question(self.clock()))

    def packet_link(self, key: DeliveryKey, number: int) -> str:
        """Return a short-lived web address for downloading a packet.

        Raises NotFoundError, PacketErasedError, PacketNotReadyError.
        """
        name, packets = packet_file(self.delivery_store, key, number, self.clock())
        return self.packets().link(name, packet_filename(key, number, packets))

    def audit(self, campaign: str, after: str | None, limit: int) -> Listing[AuditEntry]:
        """List the activity log, newest first."""
        found: list[AuditEntry] = []
        last = None
        for position, entry in self.campaigns.newest_audit(campaign, after):
            if len(found) == limit:
                return Listing(tuple(found), last)
            found.append(entry)
            last = position
        return Listing(tuple(found), None)

    def _record_action(self, campaign: str, action: Action, by: str, *, about: str, why: str) -> None:
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), action, by, about, why), self.new_id())


def _is_after(key: DeliveryKey, last: DeliveryKey) -> bool:
    return key.period < last.period or (key.period == last.period and key.target > last.target)
