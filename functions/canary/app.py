"""Check once a day that letters take their whole way: sign, confirm, deliver, and what SES reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
stack = Wiring.of_environment(
    "table_name", "secret_arn", "api_url", "delivery_queue_url", "delivery_time_zone", "operator_topic"
)
canary = stack.canary()


@logger.inject_lambda_context(clear_state=True)
def handler(_event: Mapping[str, Any], _context: LambdaContext) -> dict[str, str | None]:
    """Make the canary's letters and follow them. Tells the operator of a step that did not happen, and returns it."""
    missed = canary.run()
    logger.info("canary", extra={"missed": missed or "nothing"})
    return {"missed": missed}
