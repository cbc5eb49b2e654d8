"""Business metrics: how many letters took each step, and how long the oldest one waits.

CloudWatch reads them from the log, in Powertools' embedded metric format. Their only dimension is `service`, the
stack's name. A metric costs money for each hour in which it has a value, so a count of zero is not written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MetricName = Literal[
    "Signed",
    "Suspicious",
    "ConfirmationDelay",
    "ConfirmationsWaiting",
    "Confirmed",
    "OldestUnsealedLetter",
    "LettersOverdue",
    "LettersSent",
    "LettersDelivered",
    "LettersBounced",
    "OldestWithoutOutcome",
    "RowsMinusCounters",
]
"""In the order of a letter's way.

`Signed` counts accepted forms, and `Suspicious` those that look like a bot's. `ConfirmationDelay` is the time from a
form to its email at SES, if no budget postponed the email; `ConfirmationsWaiting` counts the postponed emails.
`LettersOverdue` counts letters that should have been sent a day ago, if nobody keeps them back. `LettersBounced` also
counts letters whose email was marked as spam. `RowsMinusCounters` is by how much the rows differ from the counters and
the bundles.
"""

UNITS: Mapping[MetricName, MetricUnit] = {
    "Signed": MetricUnit.Count,
    "Suspicious": MetricUnit.Count,
    "ConfirmationDelay": MetricUnit.Seconds,
    "ConfirmationsWaiting": MetricUnit.Count,
    "Confirmed": MetricUnit.Count,
    "OldestUnsealedLetter": MetricUnit.Seconds,
    "LettersOverdue": MetricUnit.Count,
    "LettersSent": MetricUnit.Count,
    "LettersDelivered": MetricUnit.Count,
    "LettersBounced": MetricUnit.Count,
    "OldestWithoutOutcome": MetricUnit.Seconds,
    "RowsMinusCounters": MetricUnit.Count,
}


def emit(name: MetricName, *values: float) -> None:
    """Write values of a metric to the log. Zeros are left out."""
    emit_all((name, value) for value in values)


def emit_all(values: Iterable[tuple[MetricName, float]]) -> None:
    """Write values of several metrics to one line of the log. Zeros are left out; only zeros give no line."""
    found = [(name, value) for name, value in values if value]
    if not found:
        return
    metrics = EphemeralMetrics()
    for name, value in found:
        metrics.add_metric(name=name, unit=UNITS[name], value=value)
    # It flushes itself when it has a hundred values, and warns of a flush of none.
    if metrics.metric_set:
        metrics.flush_metrics()
