"""Update the counts from the signature rows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.logs import facts_of
from undersigned.base.metrics import emit
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.counting.tallying import count_changes
from undersigned.signing.stream import failures_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


def make_handler(stack: Stack) -> Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]:
    """Return the function's handler."""

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
        """Count a batch of the table's stream; Lambda retries it from the first record that the answer names."""
        batch = count_changes(stack, event["Records"])
        for _, error in batch.failed:
            logger.error("a record failed", extra=facts_of(error))
        if batch.not_freed:
            logger.warning("confirmed emails stay in their budgets", extra=facts_of(batch.not_freed))
        logger.info("counted", extra={"rows": batch.rows, "moved": batch.moved})
        # A batch that comes again counts again.
        emit("Confirmed", batch.confirmed)
        return failures_from([record for record, _ in batch.failed])

    return handler


handler = make_handler(Stack(Settings(os.environ).check("table_name", "budget_sizes")))
