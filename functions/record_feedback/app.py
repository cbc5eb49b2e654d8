"""Record what SES reports about a delivery's email."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.aws.mail_events import read_mail_event
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
feedback = Wiring.of_environment("table_name").feedback()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> None:
    """Record an EventBridge event of SES; after an error, Lambda tries again and then keeps it as a dead letter."""
    mail_event = read_mail_event(event)
    if mail_event is None:
        return
    delivery = feedback.record(mail_event)
    # A person must look at an email that bounced, so it is logged as an error, which an alarm counts.
    log = logger.error if mail_event.kind in {"bounce", "complaint", "reject"} else logger.info
    log(
        "mail event",
        extra={
            "kind": mail_event.kind,
            **asdict(mail_event.delivery),
            "state": delivery.state if delivery else "no such delivery",
        },
    )
