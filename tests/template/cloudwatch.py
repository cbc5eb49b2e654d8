"""A small model of CloudWatch: which alarms of the template are on while metrics have some values, and their emails.

It follows "Using Amazon CloudWatch alarms" and "Using math expressions with CloudWatch metrics" (CloudWatch user
guide): an alarm is on while M of its last N periods breach, and sends an email when it goes on.
"""

from __future__ import annotations

import re
from functools import cache
from operator import ge, lt
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.template.reading import ALARM, named_by, of_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import CodeType

    from undersigned_cli.local.template import Template

STEP = 5
"""How often alarms are looked at here, in minutes."""


class Metric(NamedTuple):
    """A metric: its namespace, its name, and what its dimension names (a logical id or a text)."""

    namespace: str
    name: str
    of: str = ""


type Values = Mapping[Metric, Mapping[int, Sequence[float]]]
"""Values of each metric, by minute."""


class Email(NamedTuple):
    """An email that an alarm sends, minutes after the start."""

    alarm: str
    at: int


class Alarms:
    """The alarms of a template, while metrics have some values."""

    def __init__(self, template: Template, values: Values, *, late: int = 0) -> None:
        """Keep the alarms, the values, and how many minutes a value needs to arrive. Each period is looked up once."""
        self._alarms = of_type(template, ALARM)
        self._values = values
        self._late = late
        self._breaches = cache(self._look_up)

    def on(self, now: int) -> set[str]:
        """Return the alarms that are on at a minute."""
        return {name for name in self._alarms if self._is_on(name, now)}

    def emails(self, hours: int) -> list[Email]:
        """Return the emails that alarms send within some hours."""
        sent: list[Email] = []
        was_on: set[str] = set()
        for now in range(STEP, hours * 60 + STEP, STEP):
            is_on = self.on(now)
            sent += [Email(name, now) for name in sorted(is_on - was_on) if self._alarms[name].get("AlarmActions")]
            was_on = is_on
        return sent

    def _is_on(self, name: str, now: int) -> bool:
        alarm = self._alarms[name]
        looked_at, period = alarm["EvaluationPeriods"], _period(alarm)
        periods = (range(now - (number + 1) * period, now - number * period) for number in range(looked_at))
        # Of the last period, only what has arrived counts.
        breaching = sum(
            self._breaches(name, each.start, min(each.stop, now - self._late) - each.start) for each in periods
        )
        return bool(breaching >= alarm.get("DatapointsToAlarm", looked_at))

    def _look_up(self, name: str, start: int, minutes: int) -> bool:
        alarm = self._alarms[name]
        # Before the start, all was well.
        found = self._result(alarm, start, minutes) if start >= 0 else None
        if found is None:
            return bool(start >= 0 and alarm["TreatMissingData"] == "breaching")
        return _COMPARED[alarm["ComparisonOperator"]](found, alarm["Threshold"])

    def _result(self, alarm: Mapping[str, Any], start: int, minutes: int) -> float | None:
        if "Metrics" not in alarm:
            return self._statistic(alarm, alarm["Statistic"], start, minutes)
        found = {
            part["Id"]: self._statistic(part["MetricStat"]["Metric"], part["MetricStat"]["Stat"], start, minutes)
            for part in alarm["Metrics"]
            if "MetricStat" in part
        }
        [expression] = [part["Expression"] for part in alarm["Metrics"] if part.get("ReturnData", True)]
        return evaluate(expression, found)

    def _statistic(self, metric: Mapping[str, Any], statistic: str, start: int, minutes: int) -> float | None:
        sent = self._values.get(metric_of(metric))
        found = [value for minute in range(start, start + minutes) for value in sent.get(minute, ())] if sent else []
        return _STATISTICS[statistic](found) if found else None


def metric_of(properties: Mapping[str, Any]) -> Metric:
    """Return the metric that an alarm, a part of its expression or a filter names, without the stack's name."""
    name = properties["MetricName"]
    of = [named_by(each["Value"]) or str(each["Value"]) for each in properties.get("Dimensions", ())]
    return Metric(properties["Namespace"], name if isinstance(name, str) else name["Fn::Sub"].partition("-")[2], *of)


def evaluate(expression: str, metrics: Mapping[str, float | None]) -> float:
    """Return the value of an expression in which every metric is filled: `MAX([FILL(a, 0), FILL(b, 0) / 60])`.

    Raises AssertionError for a metric that is not: without a value, it would make the whole expression have none.
    """
    code, unfilled = _read(expression)
    assert not metrics.keys() & unfilled, f"a metric has no FILL in {expression}"
    return float(eval(code, {"__builtins__": {}}, _MATH | dict(metrics)))  # noqa: S307  (the template's own text)


@cache
def _read(expression: str) -> tuple[CodeType, set[str]]:
    """Return an expression as Python, and its names outside of FILL."""
    text = re.sub(r"\b(AND|OR)\b", lambda word: word[0].lower(), expression)
    return compile(text, "expression", "eval"), set(re.findall(r"\w+", re.sub(r"FILL\(\w+, 0\)", "", expression)))


_MATH: dict[str, Any] = {
    "FILL": lambda value, otherwise: otherwise if value is None else value,
    "MAX": max,
    "SUM": sum,
    "IF": lambda condition, then, otherwise: then if condition else otherwise,
}


def _period(alarm: Mapping[str, Any]) -> int:
    """Return an alarm's period in minutes. All metrics of an expression have the same one."""
    [period] = {part["MetricStat"]["Period"] for part in alarm.get("Metrics", ()) if "MetricStat" in part} or {
        alarm["Period"]
    }
    return int(period) // 60


_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
    "p99": lambda values: sorted(values)[int(len(values) * 0.99)],
}

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": ge,
    "LessThanThreshold": lt,
}
