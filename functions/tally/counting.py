"""Counting: updates the counts from the stream's records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.tally import wired
from undersigned.aws.stream import read_change
from undersigned.logs import facts_of
from undersigned.services.tallying import needs_counting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.domain.signatures import Signature

logger = Logger()


def count(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Update the counts for the records' rows, and return the records that must be retried."""
    due: list[tuple[tuple[str, str], Mapping[str, Any]]] = []
    failed: list[Mapping[str, Any]] = []
    signed: list[Signature] = []
    for record in records:
        try:
            change = read_change(record)
            row = change.signature
            if change.is_gone:
                wired.tallying.forget(row)
            elif needs_counting(row):
                due.append(((row.campaign, row.signer), record))
            if change.asks_for_mail:
                signed.append(row)
        except Exception as error:  # noqa: BLE001  (one bad record must not stop the others; it is reported)
            logger.error("a record failed", extra=facts_of(error))
            failed.append(record)
    try:
        moved = wired.tallying.count(row for row, _ in due)
    except Exception as error:  # noqa: BLE001  (one bad row must not stop the others, so each is counted alone)
        logger.warning("rows are counted one by one", extra=facts_of(error))
        failed += _one_by_one(due)
    else:
        logger.info("counted", extra={"rows": len(due), "moved": moved})
    _record_pace(signed)
    return failed


def _record_pace(signed: list[Signature]) -> None:
    try:
        wired.tallying.record_pace(signed)
    except Exception as error:  # noqa: BLE001  (the abuse checks work without the pace; the counts must not wait for it)
        logger.warning("the pace was not recorded", extra=facts_of(error))


def _one_by_one(due: list[tuple[tuple[str, str], Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    failed = []
    for row, record in due:
        try:
            wired.tallying.count([row])
        except Exception as error:  # noqa: BLE001  (one bad row must not stop the others; it is reported)
            logger.error("a row failed", extra=facts_of(error))
            failed.append(record)
    return failed
