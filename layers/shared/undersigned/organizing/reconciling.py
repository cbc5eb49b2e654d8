"""Reconciling: find what was forgotten, ask for it again, and report what can't be explained.

Everything follows from forms and signature rows, through a stream that forgets a change after a day and queues that
give up. So the reconciliation reads each of them, and compares it with what should have followed. It repairs only what
can be repeated without harm: a form's email waits on it like any that may not go yet, a row is counted by the tally's
own code, a counter that differs two days in a row is corrected, a letter in no place comes back into its tray, and a
delivery is made once however often it is queued. Everything else is reported.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError, DamagedRowsError
from undersigned.counting.rules.tallies import counters_of
from undersigned.counting.tallying import count, needs_counting
from undersigned.delivering.rules.deliveries import UNDER_WAY
from undersigned.delivering.storing import awaits_repacking
from undersigned.organizing.measuring import Kept
from undersigned.organizing.rules.reconciliations import Balance, Finding, Holding, Reconciliation
from undersigned.signing.rules.mail_budgets import mail_limit
from undersigned.signing.rules.signatures import requested_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rows.counters import Counters
    from undersigned.campaigns.rows.slots import Slots
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.delivering.queue import DeliveryQueue
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.organizing.clearing import Clearing, Over
    from undersigned.organizing.measuring import Measuring
    from undersigned.organizing.rules.reconciliations import Difference, FindingKind, Summary
    from undersigned.signing.rows.forms import Forms
    from undersigned.signing.rows.mail_claims import MailClaims
    from undersigned.signing.rows.signatures import Page, Signatures
    from undersigned.signing.rules.signatures import Signature

_FORGOTTEN_AFTER = timedelta(hours=25)
"""An hour after the stream has forgotten a form's request, so that nothing else queues its email.

Source: "Change data capture for DynamoDB Streams", DynamoDB developer guide: data in a stream is kept for 24 hours.
"""

COUNTED_WITHIN = timedelta(hours=1)
"""How long a row's mark may be wrong before it is counted here. Counting is harmless while the tally counts, too."""

QUEUED_WITHIN = timedelta(hours=3)
"""How long a delivery may be made or sent before it is queued again."""

_MOST_FINDINGS = 100
"""How many findings of a campaign are reported one by one. The rest are only counted."""

_LOST: FindingKind = "a confirmed letter is in no tray and in no bundle"

_DIFFER: Mapping[str, FindingKind] = {
    "counters": "the counters differ from the rows",
    "bundles": "the bundles differ from the rows",
}


@dataclass(kw_only=True, frozen=True, slots=True)
class Reconciling:
    """Reconciles one campaign after the other. Repeating any part of it is harmless. `report` is told each finding."""

    campaigns: Campaigns
    forms: Forms
    claims: MailClaims
    signatures: Signatures
    deliveries: Deliveries
    counters: Counters
    slots: Slots
    stack: Stack
    clearing: Clearing
    measuring: Measuring
    delivery_queue: DeliveryQueue
    clock: Callable[[], datetime]
    report: Callable[[Finding], None]

    def begin(self, campaign: str | None = None) -> Iterator[Reconciliation]:
        """Return the reconciliation of each campaign, or of one, not begun.

        A queued message may be just the one that seems to be missing. So nothing is queued unless the queue is empty.
        """
        may_queue = self.delivery_queue.is_empty()
        for name in self.campaigns.campaign_ids() if campaign is None else [campaign]:
            yield Reconciliation(name, may_queue=may_queue)

    def proceed(self, run: Reconciliation, has_time: Callable[[], bool] = lambda: True) -> Reconciliation:
        """Continue a reconciliation until it is done or the time is up, and return it as far as it is then.

        `has_time` is called after each form and each page of rows. Rows are read in a later call than the counters are,
        so that a caller can wait for the index through which they are found.
        """
        for position, form in self.forms.listed(run.campaign, run.form or None, consistent=False):
            summary = self._ask_again(form, run.summary) if form else run.summary
            run = replace(run, form=position, summary=summary)
            if not has_time():
                return run
        targets = self.campaigns.targets(run.campaign, whole=False)
        if run.balance is None:
            differed = self.slots.differed(run.campaign)
            return replace(run, balance=Balance.begun(differed, self._holdings(run.campaign, targets)))
        balance, settings = run.balance, self.campaigns.campaign(run.campaign)
        over = self.clearing.clear_deliveries(settings, targets)
        kept = Kept(
            campaign=settings,
            controls=self.campaigns.controls(run.campaign),
            targets={target.id: target for target in targets},
        )
        for page in self.signatures.pages(run.campaign, run.position):
            balance = balance.plus(holding for row in page.rows for holding in _held_by(row))
            summary = self._reconcile_rows(run, page, over)
            gauges = self.measuring.rows(run.gauges, page.rows, kept)
            run = replace(run, balance=balance, position=page.position, summary=summary, gauges=gauges)
            if not has_time():
                return run
        run = self._report_differences(
            run, balance.differences(self._holdings(run.campaign, targets)), balance.differed
        )
        return replace(self._reconcile_deliveries(run, targets, kept), is_done=True)

    # Forms

    def _ask_again(self, form: Signature, summary: Summary) -> Summary:
        """Let an email that the stream has forgotten wait on its form: the next run of the postponed ones queues it."""
        now, asked_at = self.clock(), requested_at(form.mail_request)
        # A restored form asks for no email, and one to an address without a mailbox is in vain.
        if asked_at is None or form.mail_postponed or form.has_expired(now) or form.quarantine == "no mailbox":
            return summary
        about, limit = (form.signer, form.campaign, form.mail_request), mail_limit(form)
        if now - asked_at < _FORGOTTEN_AFTER or self.claims.is_settled(*about, limit=limit, since=asked_at):
            return summary
        with suppress(ChangedError):  # It was erased, or released, meanwhile.
            self.forms.postpone_mail(form, now)
            return summary.plus(emails=1)
        return summary

    # Rows

    def _reconcile_rows(self, run: Reconciliation, page: Page, over: Over) -> Summary:
        now = self.clock()
        summary = run.summary.plus(rows=len(page.rows) + page.damaged, damaged=page.damaged, unexplained=page.damaged)
        uncounted = (row for row in page.rows if needs_counting(row) and now - row.changed_at > COUNTED_WITHIN)
        with suppress(ChangedError):  # The row has just changed again, and is counted after this change.
            summary = summary.plus(marks=count(self.stack, ((row.campaign, row.signer) for row in uncounted)))
        for row in page.rows:
            if misplaced := _misplaced(row):
                summary = self._find(summary, misplaced, run.campaign, letter=row.signer)
        returned = self._put_back([row for row in page.rows if _misplaced(row) == _LOST and not row.is_empty])
        return summary.plus(returned=returned, cleared=self.clearing.clear(page.rows, over))

    def _put_back(self, lost: Sequence[Signature]) -> int:
        """Put letters back into their trays, unless a bundle has them or a damaged one may, and return how many."""
        returned = 0
        for campaign, target in dict.fromkeys((row.campaign, row.target) for row in lost):
            with suppress(DamagedRowsError):
                bundles = self.deliveries.bundles_to(campaign, target, whole=True)
                sealed = {signer for _, bundle in bundles for signer in bundle.signers}
                for row in lost:
                    if row.target == target and row.signer not in sealed:
                        with suppress(ChangedError):
                            self.signatures.put_back(row, self.clock())
                            returned += 1
        return returned

    # Counters and bundles

    def _holdings(self, campaign: str, targets: Sequence[Target]) -> Iterator[Holding]:
        for counter, (letters, left) in self.counters.holdings(campaign).items():
            yield Holding("counters", counter, letters, left)
        for target in targets:
            yield from self._sealed_to(campaign, target.id)

    def _sealed_to(self, campaign: str, target: str) -> Iterator[Holding]:
        """Return what the bundles of a target's deliveries hold. An erased letter left: its row may be signed again."""
        deliveries = self.deliveries.deliveries(campaign, target, whole=False)
        erased = {delivery.key.period: delivery.erased for delivery in deliveries}
        for period, bundle in self.deliveries.bundles_to(campaign, target):
            for signer in bundle.signers if period in erased else ():
                name = _sealed_name(target, f"{period}#{bundle.number:04d}", signer)
                left = int(signer in erased[period])
                yield Holding("bundles", name, 1 - left, left)

    def _report_differences(
        self, run: Reconciliation, found: Sequence[Difference], differed: Sequence[str]
    ) -> Reconciliation:
        """Report what differed in the run before, too; counters are corrected. Note the rest for the next run."""
        self.slots.note_differed(run.campaign, (each.bucket for each in found), self.clock())
        stood = [each for each in found if each.bucket in differed]
        summary, gauges = run.summary.plus(differing=len(found) - len(stood)), run.gauges
        for kind, finding in _DIFFER.items():
            by = [each.by for each in stood if each.bucket.startswith(kind)]
            more, fewer = sum(amount for amount in by if amount > 0), -sum(amount for amount in by if amount < 0)
            if by:
                summary = self._find(summary, finding, run.campaign, rows_more=more, rows_fewer=fewer)
                gauges = gauges.plus(differing=more + fewer)
        # What counts a damaged row can't be read, so it seems to be missing.
        wrong = [each for each in stood if each.counter and not summary.damaged]
        corrected = sum(self._correct(run.campaign, each) for each in wrong)
        return replace(run, summary=summary.plus(corrected=corrected), gauges=gauges)

    def _correct(self, campaign: str, wrong: Difference) -> bool:
        with suppress(ChangedError, DamagedRowsError):  # The next run looks at it again.
            self.counters.correct(campaign, wrong.counter, wrong=wrong.held, right=wrong.held + wrong.by)
            return True
        return False

    # Deliveries

    def _reconcile_deliveries(self, run: Reconciliation, targets: Sequence[Target], kept: Kept) -> Reconciliation:
        for target in targets:
            for made in self.deliveries.deliveries(run.campaign, target.id, whole=False):
                delivery = made.with_word_of(target)
                with suppress(DamagedRowsError):  # Of its bundle or packet, which is named to the operator.
                    gauges = self.measuring.of_delivery(run.gauges, delivery, kept)
                    summary = self._reconcile_delivery(run, delivery, is_paused=kept.controls.paused)
                    run = replace(run, summary=summary, gauges=gauges)
        return run

    def _reconcile_delivery(self, run: Reconciliation, delivery: Delivery, *, is_paused: bool) -> Summary:
        now, summary = self.clock(), run.summary
        if (question := delivery.question(now)) and _is_news(delivery):
            kind: FindingKind = "a delivery waits for a decision"
            about = {"target": delivery.key.target, "period": delivery.key.period, "question": question}
            is_told = summary.unexplained < _MOST_FINDINGS
            summary = self._find(summary, kind, run.campaign, **about)
            if is_told:
                self._note_that_it_was_told(delivery)
        if run.may_queue and not is_paused and _has_stopped(delivery, now):
            self.delivery_queue.put([delivery.key])
            summary = summary.plus(deliveries=1)
        self.clearing.sweep(delivery)
        if not (run.may_queue and awaits_repacking(self.deliveries, delivery, now)):
            return summary
        self.delivery_queue.put_repacking(delivery.key)
        return summary.plus(repackings=1)

    def _note_that_it_was_told(self, delivery: Delivery) -> None:
        told = replace(delivery, told=delivery.revision)
        with suppress(ChangedError):  # It has just changed, and the next run looks at it again.
            self.deliveries.change(told, delivery)

    def _find(self, summary: Summary, kind: FindingKind, campaign: str, **about: str | int) -> Summary:
        if summary.unexplained < _MOST_FINDINGS:
            self.report(Finding(kind, campaign, about))
        return summary.plus(unexplained=1)


def _held_by(row: Signature) -> Iterator[Holding]:
    """Return what should hold a letter, because of its row."""
    for counter in counters_of(row.tallied):
        yield Holding("counters", counter)
    if row.bundle is not None and row.status != "erased":
        yield Holding("bundles", _sealed_name(row.target, row.bundle, row.signer))


def _sealed_name(target: str, bundle: str, signer: str) -> str:
    return f"{target}#{bundle}#{signer}"


def _misplaced(row: Signature) -> FindingKind | None:
    """Return the finding about a letter in a wrong place, or None.

    A confirmed letter is in its tray, on hold, or in a bundle. No other letter is in a tray or on hold.
    """
    is_somewhere = row.in_tray or row.on_hold
    if is_somewhere and row.bundle:
        return "a letter is in a tray and in a bundle"
    if row.status == "confirmed" and not is_somewhere and not row.bundle:
        return _LOST
    if row.status != "confirmed" and is_somewhere:
        return "a letter that is not confirmed is in a tray"
    return None


def _has_stopped(delivery: Delivery, now: datetime) -> bool:
    since = delivery.last.since or delivery.opened_at
    return delivery.state in UNDER_WAY and now - since > QUEUED_WITHIN


def _is_news(delivery: Delivery) -> bool:
    """Say whether a delivery that needs a person's decision has had no alarm yet.

    A bounce, and a delivery that is found in doubt, raise an alarm when they are recorded.
    """
    return delivery.state in {"sending", "sent"} and delivery.told != delivery.revision
