"""Filters of the stream's readers, as Lambda applies those of the template.

Source: "Filter rule syntax", AWS Lambda developer guide. All patterns must be in its part that is implemented here.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.aws_from_template import load_template

if TYPE_CHECKING:
    from collections.abc import Mapping

_READERS = {"send_confirmations": "SendConfirmations", "tally": "Tally"}


def is_wanted(function: str, record: Mapping[str, Any]) -> bool:
    """Say whether a reader of the stream, such as `tally`, gets a record."""
    return any(_matches(record, pattern) for pattern in _patterns(function))


@cache
def _patterns(function: str) -> tuple[Any, ...]:
    events = load_template()["Resources"][_READERS[function]]["Properties"]["Events"]
    [source] = [event["Properties"] for event in events.values() if event["Type"] == "DynamoDB"]
    filters = source["FilterCriteria"]["Filters"]
    # A filter that depends on a condition is there if the condition is true.
    return tuple(json.loads((each["Fn::If"][1] if "Fn::If" in each else each)["Pattern"]) for each in filters)


def _matches(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(value.get(name), part) for name, part in pattern.items())
    return any(_is(value, rule) for rule in pattern)


def _is(value: Any, rule: Any) -> bool:
    match rule:
        case {"prefix": beginning}:
            return isinstance(value, str) and value.startswith(beginning)
        case {"exists": True}:
            return value is not None
        case dict():
            message = f"no rule {rule} here"
            raise NotImplementedError(message)
        case _:
            return bool(value == rule)
