"""Update the counts from the signature rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from functions.tally import counting
from undersigned.signing.stream import failures_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Process a batch of the table's stream; Lambda retries it from the first record that the answer names."""
    return failures_from(counting.count(event["Records"]))
