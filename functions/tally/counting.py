"""Counting: updates the counts from the stream's records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.tally import wired
from undersigned.base.logs import facts_of
from undersigned.base.metrics import emit
from undersigned.counting.tallying import needs_counting
from undersigned.signing.stream import read_change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.signing.rules.signatures import Signature

logger = Logger()


def count(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Update the counts for the records' rows, and return the records that must be retried."""
    due: list[tuple[Signature, Mapping[str, Any]]] = []
    failed: list[Mapping[str, Any]] = []
    confirmed: list[Signature] = []
    for record in records:
        try:
            change = read_change(record)
            row = change.signature
            if change.is_gone:
                wired.tallying.forget(row)
            # The tally's own write: the change that it counted has a record of its own.
            elif needs_counting(row) and not change.moves_mark:
                due.append((row, record))
            if change.confirms:
                confirmed.append(row)
        except Exception as error:  # noqa: BLE001  (one bad record must not stop the others; it is reported)
            logger.error("a record failed", extra=facts_of(error))
            failed.append(record)
    tallied = wired.tallying.try_to_count((row.campaign, row.signer) for row, _ in due)
    for failure in tallied.failed.values():
        logger.error("a row failed", extra=facts_of(failure))
    logger.info("counted", extra={"rows": len(due), "moved": len(tallied.moved)})
    _free([row for row in confirmed if (row.campaign, row.signer) in tallied.moved])
    # A batch that comes again counts again.
    emit("Confirmed", len(confirmed))
    return failed + [record for row, record in due if (row.campaign, row.signer) in tallied.failed]


def _free(confirmed: Sequence[Signature]) -> None:
    """Give the budgets room for emails that were confirmed. A batch that comes again moves no mark, and gives none."""
    try:
        wired.freeing.free([*{(row.campaign, row.signer): row for row in confirmed}.values()])
    except Exception as error:  # noqa: BLE001  (the budgets only stay stricter; it is logged)
        logger.warning("confirmed emails stay in their budgets", extra=facts_of(error))
