"""Send the mails that signature rows ask for: one for each change of a row's `mail_request`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.aws.stream import failures_from, read_change
from undersigned.logs import facts_of
from undersigned.services.ports import MailRefusedError, SendingStoppedError, ThrottledError
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
confirmations = Wiring.of_environment().confirmations()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer a batch of the table's stream; the records that are named in the answer come again."""
    failed: list[Mapping[str, Any]] = []
    for position, record in enumerate(event["Records"]):
        try:
            _send(record)
        except (ThrottledError, SendingStoppedError) as error:
            log = logger.error if isinstance(error, SendingStoppedError) else logger.warning
            log("mails have to wait", extra={**facts_of(error), "reason": str(error)})
            return failures_from([*failed, *event["Records"][position:]])
        except MailRefusedError as error:
            # No later try mends it, and the signer can sign with another address.
            logger.warning("SES refused a mail", extra={"reason": str(error)})
        except Exception as error:  # noqa: BLE001  (one bad record never stops its neighbours; it is reported)
            logger.error("a record failed", extra=facts_of(error))
            failed.append(record)
    return failures_from(failed)


def _send(record: Mapping[str, Any]) -> None:
    change = read_change(record)
    if change.asks_for_mail:
        outcome = confirmations.send(change.signature)
        logger.info("confirmation mail", extra={"campaign": change.signature.campaign, "outcome": outcome})
