"""Read the metrics that functions write to their logs, as CloudWatch does."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any


def metrics_in(log: str) -> dict[str, list[float]]:
    """Return the values of each metric in a log, in order. Raises AssertionError if a line is no embedded metric."""
    found: dict[str, list[float]] = defaultdict(list)
    for line in lines_of_metrics(log):
        [directive] = line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]:
            found[metric["Name"]] += line[metric["Name"]]
    return dict(found)


def lines_of_metrics(log: str) -> list[dict[str, Any]]:
    """Return a log's lines that have metrics."""
    return [json.loads(line) for line in log.splitlines() if line.startswith('{"_aws"')]


_TERM = re.compile(r'\$\.(\w+) (?:(!?=) "([^"]*)"|NOT EXISTS)')


def is_counted(pattern: str, line: str) -> bool:
    """Return whether a metric filter's pattern matches a log's line. Like CloudWatch's, it has terms joined by &&.

    Source: "Filter pattern syntax for metric filters", CloudWatch Logs user guide.
    """
    terms = _TERM.findall(pattern)
    rest = _TERM.sub("", pattern).replace("&&", "")
    assert terms, f"this reads no {pattern}"
    assert set(rest) <= set("{}() "), f"this reads no {pattern}"
    if not line.startswith("{"):
        return False
    fields: dict[str, Any] = json.loads(line)
    return all(
        name in fields and (str(fields[name]) == value) == (sign == "=") if sign else name not in fields
        for name, sign, value in terms
    )
