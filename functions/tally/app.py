"""Update the counts from the signature rows, and announce events for other programs if the stack has them enabled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.tally import announcing, counting, wired
from undersigned.aws.stream import failures_from, is_of_delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Process a batch of the table's stream; Lambda retries it from the first record that the answer names."""
    records = event["Records"]
    failed = counting.count([record for record in records if not is_of_delivery(record)])
    if wired.announcing:
        failed += announcing.announce(wired.announcing, records)
    return failures_from(failed)
