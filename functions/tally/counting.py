"""Counting: updates the counts from the stream's records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.tally import wired
from undersigned.aws.stream import read_change
from undersigned.logs import facts_of
from undersigned.metrics import emit_all
from undersigned.services.tallying import can_wait, needs_counting

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from undersigned.aws.stream import SignatureChange
    from undersigned.domain.signatures import Signature

logger = Logger()


def count(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Update the counts for the records' rows, and return the records that must be retried."""
    due: list[tuple[Signature, Mapping[str, Any]]] = []
    failed: list[Mapping[str, Any]] = []
    changes: list[SignatureChange] = []
    for record in records:
        try:
            change = read_change(record)
            row = change.signature
            if change.is_gone:
                wired.tallying.forget(row)
            elif needs_counting(row) and not change.moves_mark:
                due.append((row, record))
            changes.append(change)
        except Exception as error:  # noqa: BLE001  (one bad record must not stop the others; it is reported)
            logger.error("a record failed", extra=facts_of(error))
            failed.append(record)
    later = can_wait([row for row, _ in due])
    now = [(row, record) for row, record in due if (row.campaign, row.signer) not in later]
    outcome = wired.tallying.try_to_count((row.campaign, row.signer) for row, _ in now)
    for failure in outcome.failed.values():
        logger.error("a row failed", extra=facts_of(failure))
    logger.info("counted", extra={"rows": len(now), "moved": len(outcome.moved), "later": len(later)})
    _free(changes, outcome.moved)
    _emit(changes)
    return failed + [record for row, record in now if (row.campaign, row.signer) in outcome.failed]


def _free(changes: Sequence[SignatureChange], counted: Collection[tuple[str, str]]) -> None:
    """Give the budgets room for emails that were confirmed. A batch that comes again moves no mark, and gives none."""
    confirmed = {
        (change.signature.campaign, change.signature.signer): change.signature
        for change in changes
        if (change.before, change.signature.status) == ("pending", "confirmed")
    }
    try:
        wired.freeing.free([row for key, row in confirmed.items() if key in counted])
    except Exception as error:  # noqa: BLE001  (the budgets only stay stricter; it is logged)
        logger.warning("confirmed emails stay in their budgets", extra=facts_of(error))


def _emit(changes: Sequence[SignatureChange]) -> None:
    """Count forms and confirmations as metrics. A batch that comes again counts again."""
    forms = [
        words for change in changes for words in change.asking if words.status == "pending" and not change.is_release
    ]
    confirmed = [change for change in changes if (change.before, change.signature.status) == ("pending", "confirmed")]
    suspicious = [words for words in forms if words.quarantine]
    emit_all([("Signed", len(forms)), ("Suspicious", len(suspicious)), ("Confirmed", len(confirmed))])
