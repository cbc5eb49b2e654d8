"""Keep the counts in step with the signature rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.aws.stream import failures_from, read_change
from undersigned.logs import facts_of
from undersigned.services.tallying import needs_counting
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.domain.signatures import Signature

logger = Logger()
tallying = Wiring.of_environment().tallying()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer a batch of the table's stream; the records that are named in the answer come again."""
    due: list[tuple[tuple[str, str], Mapping[str, Any]]] = []
    failed: list[Mapping[str, Any]] = []
    signed: list[Signature] = []
    for record in event["Records"]:
        try:
            change = read_change(record)
            row = change.signature
            if change.is_gone:
                tallying.forget(row)
            elif needs_counting(row):
                due.append(((row.campaign, row.signer), record))
            if change.asks_for_mail:
                signed.append(row)
        except Exception as error:  # noqa: BLE001  (one bad record never stops its neighbours; it is reported)
            logger.error("a record failed", extra=facts_of(error))
            failed.append(record)
    try:
        moved = tallying.count(row for row, _ in due)
    except Exception as error:  # noqa: BLE001  (whichever row is bad, the others are counted one by one)
        logger.warning("rows are counted one by one", extra=facts_of(error))
        failed += _one_by_one(due)
    else:
        logger.info("counted", extra={"rows": len(due), "moved": moved})
    _note_pace(signed)
    return failures_from(failed)


def _note_pace(signed: list[Signature]) -> None:
    try:
        tallying.note_pace(signed)
    except Exception as error:  # noqa: BLE001  (the gates can do without; the counts must not wait for them)
        logger.warning("the pace was not noted", extra=facts_of(error))


def _one_by_one(due: list[tuple[tuple[str, str], Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    failed = []
    for row, record in due:
        try:
            tallying.count([row])
        except Exception as error:  # noqa: BLE001  (one bad row never stops its neighbours; it is reported)
            logger.error("a row failed", extra=facts_of(error))
            failed.append(record)
    return failed
