"""A small model of CloudWatch: which alarms of the template are on while metrics have some values.

It follows "Using Amazon CloudWatch alarms" and "Using math expressions with CloudWatch metrics" (CloudWatch user
guide): an alarm is on while M of its last N periods breach.
"""

from __future__ import annotations

import re
from operator import ge, lt
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.template.reading import named_by

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Metric(NamedTuple):
    """A metric: its namespace, its name, and what its dimension names (a logical id or a text)."""

    namespace: str
    name: str
    of: str = ""


type Values = Mapping[Metric, Mapping[int, Sequence[float]]]
"""What was sent to each metric, by minute."""

_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
    "p99": lambda values: sorted(values)[int(len(values) * 0.99)],
}

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": ge,
    "LessThanThreshold": lt,
}


def is_on(alarm: Mapping[str, Any], values: Values, now: int) -> bool:
    """Say whether an alarm is on at a minute. Raises KeyError for a statistic or an operator that is not modelled."""
    looked_at = alarm["EvaluationPeriods"]
    period = _period(alarm) // 60
    breaching = sum(_breaches(alarm, values, now - (number + 1) * period, period) for number in range(looked_at))
    return bool(breaching >= alarm.get("DatapointsToAlarm", looked_at))


def _period(alarm: Mapping[str, Any]) -> int:
    [period] = {part["MetricStat"]["Period"] for part in alarm.get("Metrics", ()) if "MetricStat" in part} or {
        alarm["Period"]
    }
    return int(period)


def _breaches(alarm: Mapping[str, Any], values: Values, start: int, minutes: int) -> bool:
    found = _result(alarm, values, start, minutes)
    if found is None:
        return bool(alarm["TreatMissingData"] == "breaching")
    return _COMPARED[alarm["ComparisonOperator"]](found, alarm["Threshold"])


def _result(alarm: Mapping[str, Any], values: Values, start: int, minutes: int) -> float | None:
    if "Metrics" not in alarm:
        return _statistic(alarm, alarm.get("Statistic") or alarm["ExtendedStatistic"], values, start, minutes)
    found = {
        part["Id"]: _statistic(part["MetricStat"]["Metric"], part["MetricStat"]["Stat"], values, start, minutes)
        for part in alarm["Metrics"]
        if "MetricStat" in part
    }
    [expression] = [part["Expression"] for part in alarm["Metrics"] if part.get("ReturnData", True)]
    return evaluate(expression, found)


def _statistic(metric: Mapping[str, Any], statistic: str, values: Values, start: int, minutes: int) -> float | None:
    of = [named_by(dimension["Value"]) or str(dimension["Value"]) for dimension in metric.get("Dimensions", ())]
    sent = values.get(Metric(metric["Namespace"], str(metric["MetricName"]), *of), {})
    found = [value for minute in range(start, start + minutes) for value in sent.get(minute, ())]
    return _STATISTICS[statistic](found) if found else None


def evaluate(expression: str, metrics: Mapping[str, float | None]) -> float:
    """Return the value of an expression in which every metric is filled: `MAX([FILL(a, 0), FILL(b, 0) / 60])`.

    Raises AssertionError for a metric that is not: without a value, it would make the whole expression have none.
    """
    bare = re.sub(r"FILL\(\w+, [\d.]+\)", "", expression)
    assert not metrics.keys() & set(re.findall(r"\w+", bare)), f"a metric has no FILL in {expression}"
    functions: dict[str, Any] = {
        "FILL": lambda value, otherwise: otherwise if value is None else value,
        "MAX": max,
        "SUM": sum,
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
    }
    text = re.sub(r"\b(AND|OR)\b", lambda word: word[0].lower(), expression)
    return float(eval(text, {"__builtins__": {}}, functions | dict(metrics)))  # noqa: S307  (the template's own text)
