"""Reconciling: find what was forgotten, ask for it again, and report what can't be explained.

Everything follows from forms and signature rows, through a stream that forgets a change after a day and queues that
give up. So the reconciliation reads each of them, and compares it with what should have followed. It repairs only what
can be repeated without harm: a form's email waits on it like any that may not go yet, a row is counted by the tally's
own code, and a delivery is made once however often it is queued.
Everything else is reported.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.domain.counting.reconciliations import Balance, Finding, Reconciliation, Suspects, sums_of
from undersigned.domain.counting.tallies import counters_of
from undersigned.domain.delivering.deliveries import UNDER_WAY
from undersigned.domain.errors import ChangedError, DamagedRowsError
from undersigned.domain.signing.mail_limits import mail_limit
from undersigned.domain.signing.signatures import requested_at
from undersigned.services.counting.measuring import Kept
from undersigned.services.counting.tallying import needs_counting
from undersigned.services.delivering.storing import awaits_repacking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.counts import Counts
    from undersigned.aws.deliveries import Deliveries
    from undersigned.aws.forms import Forms
    from undersigned.aws.mail_claims import MailClaims
    from undersigned.aws.queue import Queue
    from undersigned.aws.signatures import Signatures
    from undersigned.domain.authoring.campaigns import Target
    from undersigned.domain.counting.reconciliations import FindingKind, Page, Summary, Sums
    from undersigned.domain.delivering.deliveries import Delivery
    from undersigned.domain.signing.signatures import Signature
    from undersigned.services.counting.measuring import Measuring
    from undersigned.services.counting.tallying import Tallying
    from undersigned.services.operating.clearing import Clearing, Over

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


@dataclass(kw_only=True, frozen=True, slots=True)
class Reconciling:
    """Reconciles one campaign after the other. Repeating any part of it is harmless. `report` is told each finding."""

    campaigns: Campaigns
    forms: Forms
    claims: MailClaims
    signatures: Signatures
    deliveries: Deliveries
    counts: Counts
    tallying: Tallying
    clearing: Clearing
    measuring: Measuring
    delivery_queue: Queue
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

        `has_time` is called after each form and each page of rows.
        """
        for position, form in self.forms.listed(run.campaign, run.form or None, consistent=False):
            summary = self._ask_again(form, run.summary) if form else run.summary
            run = replace(run, form=position, summary=summary)
            if not has_time():
                return run
        targets = self.campaigns.targets(run.campaign, whole=False)
        settings = self.campaigns.campaign(run.campaign)
        over = self.clearing.clear_deliveries(settings, targets)
        kept = Kept(
            campaign=settings,
            controls=self.campaigns.controls(run.campaign),
            targets={target.id: target for target in targets},
        )
        counters = run.counters or Balance(self._counted(run.campaign))
        bundles = run.bundles or Balance(self._sealed(run.campaign, targets))
        run = replace(run, counters=counters, bundles=bundles)
        for page in self.signatures.pages(run.campaign, run.position):
            counters = counters.plus(counter for row in page.rows for counter in counters_of(row.tallied))
            bundles = bundles.plus(
                _sealed_name(row.target, row.bundle, row.signer) for row in page.rows if _is_sealed(row)
            )
            run = replace(run, counters=counters, bundles=bundles, position=page.position)
            if run.suspects is None:
                summary = self._reconcile_rows(run, page, over)
                run = replace(run, summary=summary, gauges=self.measuring.rows(run.gauges, page.rows, kept))
            if not has_time():
                return run
        found = Suspects(
            counters.differences(self._counted(run.campaign)),
            bundles.differences(self._sealed(run.campaign, targets)),
        )
        if run.suspects is not None:
            found = Suspects(
                _in_both(run.suspects.counters, found.counters), _in_both(run.suspects.bundles, found.bundles)
            )
        if (found.counters or found.bundles) and not run.is_last_pass:
            # People may have signed and withdrawn meanwhile, and in the second pass, too. An index that lags hides a
            # letter that was signed just now. A real difference is still there in a third pass.
            is_last = run.suspects is not None
            return replace(run, position="", counters=None, bundles=None, suspects=found, is_last_pass=is_last)
        run = self._report_differences(run, found)
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
        summary = run.summary.plus(rows=len(page.rows) + page.damaged, unexplained=page.damaged)
        uncounted = (row for row in page.rows if needs_counting(row) and now - row.changed_at > COUNTED_WITHIN)
        with suppress(ChangedError):  # The row has just changed again, and is counted after this change.
            summary = summary.plus(marks=self.tallying.count((row.campaign, row.signer) for row in uncounted))
        for row in page.rows:
            if misplaced := _misplaced(row):
                summary = self._find(summary, misplaced, run.campaign, letter=row.signer)
        return summary.plus(cleared=self.clearing.clear(page.rows, over))

    # Counters and bundles

    def _counted(self, campaign: str) -> Sums:
        return sums_of(self.counts.counts(campaign).items())

    def _sealed(self, campaign: str, targets: Sequence[Target]) -> Sums:
        return sums_of((name, 1) for target in targets for name in self._sealed_to(campaign, target.id))

    def _sealed_to(self, campaign: str, target: str) -> Iterator[str]:
        """Return what the bundles to a target hold, without erased letters: an erased row may be signed again."""
        erased: set[tuple[str, str]] = set()
        for delivery in self.deliveries.deliveries(campaign, target, whole=False):
            erased.update((delivery.key.period, signer) for signer in delivery.erased)
        for period, bundle in self.deliveries.bundles_to(campaign, target):
            for signer in bundle.signers:
                if (period, signer) not in erased:
                    yield _sealed_name(target, f"{period}#{bundle.number:04d}", signer)

    def _report_differences(self, run: Reconciliation, found: Suspects) -> Reconciliation:
        summary, gauges = run.summary, run.gauges
        kinds: tuple[tuple[FindingKind, Mapping[int, int]], ...] = (
            ("the counters differ from the rows", found.counters),
            ("the bundles differ from the rows", found.bundles),
        )
        for kind, differences in kinds:
            if differences:
                more = sum(amount for amount in differences.values() if amount > 0)
                fewer = -sum(amount for amount in differences.values() if amount < 0)
                summary = self._find(summary, kind, run.campaign, rows_more=more, rows_fewer=fewer)
                gauges = gauges.plus(differing=more + fewer)
        return replace(run, summary=summary, gauges=gauges)

    # Deliveries

    def _reconcile_deliveries(self, run: Reconciliation, targets: Sequence[Target], kept: Kept) -> Reconciliation:
        for target in targets:
            for delivery in self.deliveries.deliveries(run.campaign, target.id, whole=False):
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


def _is_sealed(row: Signature) -> bool:
    return row.bundle is not None and row.status != "erased"


def _sealed_name(target: str, bundle: str | None, signer: str) -> str:
    return f"{target}#{bundle}#{signer}"


def _misplaced(row: Signature) -> FindingKind | None:
    """Return the finding about a letter in a wrong place, or None.

    A confirmed letter is in its tray, on hold, or in a bundle. No other letter is in a tray or on hold.
    """
    is_somewhere = row.in_tray or row.on_hold
    if is_somewhere and row.bundle:
        return "a letter is in a tray and in a bundle"
    if row.status == "confirmed" and not is_somewhere and not row.bundle:
        return "a confirmed letter is in no tray and in no bundle"
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


def _in_both(first: Mapping[int, int], second: Mapping[int, int]) -> dict[int, int]:
    """Return the differences that a later pass has found again."""
    return {bucket: amount for bucket, amount in second.items() if bucket in first}
