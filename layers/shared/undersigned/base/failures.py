"""AWS error codes, and their translation to the domain's errors."""

from __future__ import annotations

from functools import wraps
from typing import Any, cast

from botocore.exceptions import ClientError

from undersigned.base.errors import ThrottledError

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


def translated(error: ClientError) -> Exception:
    """Return ThrottledError for a throttled call, and any other error unchanged."""
    return ThrottledError(said_by(error)) if is_throttle(error) else error


def translating[C](client: C) -> C:
    """Return a client whose throttled calls raise ThrottledError. Any other error is raised unchanged."""
    return cast("C", _Translating(client))


class _Translating:
    def __init__(self, client: Any) -> None:  # noqa: ANN401  (of any service)
        self._client = client

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (a method of the client)
        call = getattr(self._client, name)

        @wraps(call)
        def made(*args: Any, **parameters: Any) -> Any:  # noqa: ANN401
            try:
                return call(*args, **parameters)
            except ClientError as error:
                raise translated(error) from error

        return made


def said_by(error: ClientError) -> str:
    """Return AWS's answer as our errors name it."""
    return f"AWS answered {code_of(error)}"
