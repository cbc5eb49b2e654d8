"""Reconciling: find what was forgotten, ask for it again, and report what can't be explained.

Everything follows from forms and signature rows, through a stream that forgets a change after a day and queues that
give up. So the reconciliation reads each of them, and compares it with what should have followed. It repairs only what
can be repeated without harm: a form's email waits on it like any that may not go yet, a row is counted by the tally's
own code, a counter that differs two days in a row is corrected, a letter in no place comes back into its tray, and a
delivery is made once however often it is queued. Everything else is reported.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError, DamagedRowsError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import Counters
from undersigned.campaigns.rows.slots import Slots
from undersigned.counting.rules.tallies import counters_of
from undersigned.counting.tallying import count, needs_counting
from undersigned.delivering.queue import delivery_queue
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import UNDER_WAY
from undersigned.delivering.storing import awaits_repacking
from undersigned.organizing.clearing import clear_deliveries, clear_rows, sweep_delivery
from undersigned.organizing.measuring import Kept, with_delivery, with_letters
from undersigned.organizing.rules.reconciliations import Balance, Finding, Holding, Reconciliation
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.mail_claims import MailClaims, claim_of
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.forms import FormMail
from undersigned.signing.rules.mail_budgets import DAY
from undersigned.signing.rules.signatures import requested_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.organizing.clearing import Over
    from undersigned.organizing.rules.reconciliations import Difference, FindingKind, Summary
    from undersigned.signing.rows.signatures import SignaturePage
    from undersigned.signing.rules.forms import Form
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


type Report = Callable[[Finding], None]
"""What is told each difference that the reconciliation can't explain."""


def begin(stack: Stack, campaign: str | None = None) -> Iterator[Reconciliation]:
    """Return the reconciliation of each campaign, or of one, not begun. Repeating any part of it is harmless.

    The message that seems to be missing may still wait in the queue. So nothing is queued unless the queue is empty.
    """
    may_queue = delivery_queue(stack).is_empty()
    for name in Campaigns(stack.table).campaign_ids() if campaign is None else [campaign]:
        yield Reconciliation(name, may_queue=may_queue)


def proceed(
    stack: Stack, run: Reconciliation, report: Report, has_time: Callable[[], bool] = lambda: True
) -> Reconciliation:
    """Continue a reconciliation until it is done or the time is up, and return it as it is then.

    `has_time` is called after each form and each page of rows. Rows are read in a later call than the counters are,
    so that a caller can wait for the index through which they are found.
    """
    settings = Campaigns(stack.table).campaign(run.campaign)
    for position, form in Forms(stack.table).listed(run.campaign, run.form or None, consistent=False):
        summary = _ask_again(stack, form, run.summary, reminds=settings.remind_signers) if form else run.summary
        run = replace(run, form=position, summary=summary)
        if not has_time():
            return run
    campaigns, slots = Campaigns(stack.table), Slots(stack.table)
    targets = campaigns.targets(run.campaign, whole=False)
    if run.balance is None:
        differed = slots.differed(run.campaign)
        return replace(run, balance=Balance.begun(differed, _holdings(stack, run.campaign, targets)))
    balance, controls = run.balance, campaigns.controls(run.campaign)
    over = clear_deliveries(stack, settings, targets)
    kept = Kept(campaign=settings, controls=controls, targets={target.id: target for target in targets})
    for page in Signatures(stack.table).pages(run.campaign, run.position):
        balance = balance.plus(holding for row in page.rows for holding in _held_by(row))
        summary = _reconcile_rows(stack, run, page, over, report)
        gauges = with_letters(stack, run.gauges, page.rows, kept)
        run = replace(run, balance=balance, position=page.position, summary=summary, gauges=gauges)
        if not has_time():
            return run
    found = balance.differences(_holdings(stack, run.campaign, targets))
    run = _report_differences(stack, run, found, balance.differed, report)
    for target in targets:
        for made in Deliveries(stack.table).deliveries(run.campaign, target.id, whole=False):
            delivery = made.with_word_of(target)
            with suppress(DamagedRowsError):  # Of its bundle or packet, which is named to the operator.
                gauges = with_delivery(stack, run.gauges, delivery, kept)
                summary = _reconcile_delivery(stack, run, delivery, report, is_paused=controls.paused)
                run = replace(run, summary=summary, gauges=gauges)
    return replace(run, is_done=True)


def _find(report: Report, summary: Summary, kind: FindingKind, campaign: str, **about: str | int) -> Summary:
    if summary.unexplained < _MOST_FINDINGS:
        report(Finding(kind, campaign, about))
    return summary.plus(unexplained=1)


def _ask_again(stack: Stack, form: Form, summary: Summary, *, reminds: bool) -> Summary:
    """Let an email that the stream has forgotten wait on its form: the next run for postponed emails queues it.

    A reminder that is due before the next night waits on the form, too, for its hour.
    """
    now, asked_at = stack.clock(), requested_at(form.mail_request)
    # A restored form asks for no email, and an email to an address without a mailbox would bounce.
    if asked_at is None or form.postponed_until or form.has_expired(now) or form.quarantine == "no mailbox":
        return summary
    if form.is_reminder or now - asked_at < _FORGOTTEN_AFTER:
        return summary
    if sent_on := MailClaims(stack.table).sent_or_full_on(claim_of(FormMail(form))):
        due = form.reminder_due(sent_on) if reminds else None
        if due and due < now + DAY:
            with suppress(ChangedError):  # It was erased, or another run asked for the reminder.
                Forms(stack.table).remind(form, max(now, due))
        return summary
    with suppress(ChangedError):  # It was erased, or released, meanwhile.
        Forms(stack.table).postpone_mail(FormMail(form), now)
        return summary.plus(emails=1)
    return summary


def _reconcile_rows(stack: Stack, run: Reconciliation, page: SignaturePage, over: Over, report: Report) -> Summary:
    now = stack.clock()
    summary = run.summary.plus(rows=len(page.rows) + page.damaged, damaged=page.damaged, unexplained=page.damaged)
    uncounted = (row for row in page.rows if needs_counting(row) and now - row.changed_at > COUNTED_WITHIN)
    with suppress(ChangedError):  # The row has just changed again, and is counted after this change.
        summary = summary.plus(marks=count(stack, ((row.campaign, row.signer) for row in uncounted)))
    misplaced = {row.signer: finding for row in page.rows if (finding := _misplaced(row))}
    for signer, finding in misplaced.items():
        summary = _find(report, summary, finding, run.campaign, letter=signer)
    lost = [row for row in page.rows if misplaced.get(row.signer) == _LOST and not row.is_empty]
    return summary.plus(returned=_put_back(stack, lost), cleared=clear_rows(stack, page.rows, over))


def _put_back(stack: Stack, lost: Sequence[Signature]) -> int:
    """Put letters back into their trays, unless a bundle has them or a damaged one may, and return how many."""
    returned = 0
    for campaign, target in dict.fromkeys((row.campaign, row.target) for row in lost):
        with suppress(DamagedRowsError):
            bundles = Deliveries(stack.table).bundles_to(campaign, target, whole=True)
            sealed = {signer for _, bundle in bundles for signer in bundle.signers}
            for row in lost:
                if row.target == target and row.signer not in sealed:
                    with suppress(ChangedError):
                        Signatures(stack.table).put_back(row, stack.clock())
                        returned += 1
    return returned


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


def _holdings(stack: Stack, campaign: str, targets: Sequence[Target]) -> Iterator[Holding]:
    """Return what the counters and the bundles hold. An erased letter left: its row may be signed again."""
    for counter, (letters, left) in Counters(stack.table).holdings(campaign).items():
        yield Holding("counters", counter, letters, left)
    rows = Deliveries(stack.table)
    for target in targets:
        deliveries = rows.deliveries(campaign, target.id, whole=False)
        erased = {delivery.key.period: delivery.erased for delivery in deliveries}
        for period, bundle in rows.bundles_to(campaign, target.id):
            for signer in bundle.signers if period in erased else ():
                name = _sealed_name(target.id, f"{period}#{bundle.number:04d}", signer)
                left = int(signer in erased[period])
                yield Holding("bundles", name, 1 - left, left)


def _held_by(row: Signature) -> Iterator[Holding]:
    """Return what should hold a letter, because of its row."""
    for counter in counters_of(row.tallied):
        yield Holding("counters", counter)
    if row.bundle is not None and row.status != "erased":
        yield Holding("bundles", _sealed_name(row.target, row.bundle, row.signer))


def _sealed_name(target: str, bundle: str, signer: str) -> str:
    return f"{target}#{bundle}#{signer}"


def _report_differences(
    stack: Stack, run: Reconciliation, found: Sequence[Difference], differed: Sequence[str], report: Report
) -> Reconciliation:
    """Report what differed in the run before, too; counters are corrected. Note the rest for the next run."""
    Slots(stack.table).note_differed(run.campaign, (each.bucket for each in found), stack.clock())
    stood = [each for each in found if each.bucket in differed]
    summary, gauges = run.summary.plus(differing=len(found) - len(stood)), run.gauges
    for kind, finding in _DIFFER.items():
        by = [each.by for each in stood if each.bucket.startswith(kind)]
        more, fewer = sum(amount for amount in by if amount > 0), -sum(amount for amount in by if amount < 0)
        if by:
            summary = _find(report, summary, finding, run.campaign, rows_more=more, rows_fewer=fewer)
            gauges = gauges.plus(differing=more + fewer)
    # What counts a damaged row can't be read, so it seems to be missing.
    for each in stood if not summary.damaged else ():
        if each.counter:
            with suppress(ChangedError, DamagedRowsError):  # The next run looks at it again.
                right = each.held + each.by
                Counters(stack.table).correct(run.campaign, each.counter, wrong=each.held, right=right)
                summary = summary.plus(corrected=1)
    return replace(run, summary=summary, gauges=gauges)


def _reconcile_delivery(
    stack: Stack, run: Reconciliation, delivery: Delivery, report: Report, *, is_paused: bool
) -> Summary:
    now, summary, deliveries, queue = stack.clock(), run.summary, Deliveries(stack.table), delivery_queue(stack)
    if (question := delivery.question(now)) and _is_news(delivery):
        key, is_told = delivery.key, summary.unexplained < _MOST_FINDINGS
        about = {"target": key.target, "period": key.period, "question": question}
        summary = _find(report, summary, "a delivery waits for a decision", run.campaign, **about)
        if is_told:
            with suppress(ChangedError):  # It has just changed, and the next run looks at it again.
                deliveries.change(replace(delivery, told=delivery.revision), delivery)
    if run.may_queue and not is_paused and _has_stopped(delivery, now):
        queue.put([delivery.key])
        summary = summary.plus(deliveries=1)
    sweep_delivery(stack, delivery)
    if run.may_queue and awaits_repacking(stack, delivery):
        queue.put_repacking(delivery.key)
        summary = summary.plus(repackings=1)
    return summary


def _has_stopped(delivery: Delivery, now: datetime) -> bool:
    since = delivery.last.since or delivery.opened_at
    return delivery.state in UNDER_WAY and now - since > QUEUED_WITHIN


def _is_news(delivery: Delivery) -> bool:
    """Say whether a delivery that needs a person's decision has had no alarm yet.

    A bounce, and a delivery that is found in doubt, raise an alarm when they are recorded.
    """
    return delivery.state in {"sending", "sent"} and delivery.told != delivery.revision
