"""AWS error codes, and their translation to the services' errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.domain.errors import ThrottledError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CONDITION_FAILED = "ConditionalCheckFailedException"
TRANSACTION_CANCELED = "TransactionCanceledException"
TRANSACTION_CONFLICT = "TransactionConflictException"
"""A transaction is running on the item. botocore doesn't retry this error."""

UNFIT = "ValidationException"
"""An update doesn't fit an attribute's type, or the request is wrong."""

_THROTTLES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def code_of(error: ClientError) -> str:
    """Return AWS's error code."""
    return error.response.get("Error", {}).get("Code", "")


def is_throttle(error: ClientError) -> bool:
    """Say whether AWS throttled the call."""
    return code_of(error) in _THROTTLES


def slower(error: ClientError) -> ThrottledError:
    """Return the services' error for a throttled call."""
    return ThrottledError(f"AWS answered {code_of(error)}")
