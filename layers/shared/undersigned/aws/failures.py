"""AWS error codes, in the domain's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.services.ports import ThrottledError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CONDITION_FAILED = "ConditionalCheckFailedException"
TRANSACTION_CANCELED = "TransactionCanceledException"
TRANSACTION_CONFLICT = "TransactionConflictException"
"""A transaction holds the item at this moment; botocore does not try again by itself."""

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
    """Say whether AWS did nothing but ask us to slow down."""
    return code_of(error) in _THROTTLES


def slower(error: ClientError) -> ThrottledError:
    """Turn a throttle into the domain's error."""
    return ThrottledError(f"AWS answered {code_of(error)}")
