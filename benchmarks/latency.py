"""The seconds that calls to AWS are assumed to take. AWS promises none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LATENCY: dict[str, float] = {
    "GetItem": 0.004,
    "UpdateItem": 0.005,
    "PutItem": 0.005,
    "Query": 0.005,
    "Scan": 0.200,
    "BatchGetItem": 0.008,
    "TransactWriteItems": 0.012,
    "SendEmail": 0.080,
    "SendMessage": 0.008,
    "SendMessageBatch": 0.010,
    "GetAccount": 0.050,
    "GetSecretValue": 0.015,
    "PutObject": 0.060,
    "GetObject": 0.030,
    "UploadPart": 0.060,
    "run": 0.008,
}
"""Seconds of each call from Lambda in the same region, and of starting a run."""

A_WRITE_MORE = 0.0002
"""Seconds that each further item adds to a transaction."""


def seconds_of(calls: Mapping[str, int]) -> float:
    """Return the seconds of calls that are made one after the other."""
    return sum(LATENCY[name] * number for name, number in calls.items())
