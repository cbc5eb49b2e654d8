"""A small model of CloudWatch: which alarms of the template are on while metrics breach, and which emails that sends.

It follows "Using Amazon CloudWatch alarms" and "Create a composite alarm" (CloudWatch user guide):
an alarm is on while M of its last N periods breach, a composite alarm while its rule is true, and an email is sent when
an alarm goes on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.template.reading import ALARM, COMPOSITE, of_type, sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.aws_from_template import Template

STEP = 5
"""How often alarms are looked at here, in minutes."""


class Breach(NamedTuple):
    """From when to when (minutes) an alarm's metric breaches its threshold: every `every` minutes, or all the time."""

    alarm: str
    since: int
    until: int
    every: int = 0


class Email(NamedTuple):
    """An email that an alarm sends, minutes after the start."""

    alarm: str
    at: int


def emails(template: Template, breaches: Sequence[Breach], *, hours: int) -> list[Email]:
    """Return the emails of all alarms within some hours."""
    metric_alarms, composites = of_type(template, ALARM), of_type(template, COMPOSITE)
    was_on: set[str] = set()
    sent = []
    both, in_order = {**metric_alarms, **composites}, list(_in_order(composites))
    named = {breach.alarm: metric_alarms[breach.alarm] for breach in breaches}
    for now in range(STEP, hours * 60 + STEP, STEP):
        is_on = {name for name, properties in named.items() if _goes_off(name, properties, breaches, now)}
        for name in in_order:
            if _holds(composites[name]["AlarmRule"]["Fn::Sub"], is_on):
                is_on.add(name)
        sent += [Email(name, now) for name in sorted(is_on - was_on) if both[name].get("AlarmActions")]
        was_on = is_on
    return sent


def _goes_off(name: str, properties: Mapping[str, Any], breaches: Sequence[Breach], now: int) -> bool:
    own = [breach for breach in breaches if breach.alarm == name]
    period, looked_at = sources(properties)[0].period // 60, properties["EvaluationPeriods"]
    ends = (now - number * period for number in range(looked_at))
    breaching = sum(any(_breaches(breach, end - period, end) for breach in own) for end in ends)
    return bool(breaching >= properties.get("DatapointsToAlarm", looked_at))


def _breaches(breach: Breach, start: int, end: int) -> bool:
    """Say whether something breaches in the period that ends at `end`."""
    if not breach.every:
        return start < breach.until and breach.since < end
    passed = max(0, start - breach.since + breach.every - 1) // breach.every
    return breach.since + passed * breach.every < min(end, breach.until)


def _in_order(composites: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """List composite alarms, those that others name first."""
    left = dict(composites)
    while left:
        ready = [
            name
            for name, properties in left.items()
            if not any(f"${{{other}}}" in properties["AlarmRule"]["Fn::Sub"] for other in left)
        ]
        assert ready, "composite alarms name each other in a circle"
        yield from ready
        for name in ready:
            del left[name]


def _holds(rule: str, is_on: set[str]) -> bool:
    """Evaluate a rule of ALARM("${Name}") with AND, OR, NOT and parentheses."""
    text = re.sub(r'ALARM\("\$\{(\w+)\}"\)', lambda name: str(name[1] in is_on), rule)
    assert re.fullmatch(r"(?:True|False|AND|OR|NOT|[()\s])+", text), rule
    return bool(eval(text.replace("AND", "and").replace("OR", "or").replace("NOT", "not"), {}))  # noqa: S307  (see above)
