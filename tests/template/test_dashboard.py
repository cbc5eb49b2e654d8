"""Check that the dashboard shows every business metric, from top to bottom in the order of a letter's way."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any, get_args

import pytest

from tests.template.reading import dead_letter_queues, of_type
from undersigned.base.metrics import MetricName
from undersigned_cli.local.template import load_template, resolve

DASHBOARD = "AWS::CloudWatch::Dashboard"


@pytest.fixture(scope="module")
def body() -> dict[str, Any]:
    template = load_template()
    [properties] = of_type(template, DASHBOARD).values()
    known = {name: name for name in template["Resources"]} | {"AWS::Region": "us-east-2"}
    known |= {f"{name}.{attribute}": name for name in template["Resources"] for attribute in ("Arn", "QueueName")}
    found: dict[str, Any] = json.loads(resolve(properties["DashboardBody"], known))
    return found


def shown(body: dict[str, Any]) -> list[list[Any]]:
    """Return the metrics in the order in which people read: from top to bottom, from left to right."""
    widgets = sorted(body["widgets"], key=lambda widget: (widget["y"], widget["x"]))
    return [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]


def test_every_business_metric_is_shown_in_the_order_of_a_letters_way(body: dict[str, Any]) -> None:
    own = list(dict.fromkeys(metric[1] for metric in shown(body) if metric[0] == "Undersigned"))

    assert own == list(get_args(MetricName))


def test_business_metrics_are_those_of_this_stack(body: dict[str, Any]) -> None:
    for namespace, _, dimension, value, *_ in shown(body):
        assert namespace != "Undersigned" or (dimension, value) == ("service", "undersigned")


def test_every_dead_letter_queue_is_shown(body: dict[str, Any]) -> None:
    queues = {metric[3] for metric in shown(body) if metric[1] == "ApproximateNumberOfMessagesVisible"}

    assert queues == dead_letter_queues(load_template())


def test_no_two_widgets_lie_on_each_other(body: dict[str, Any]) -> None:
    cells = Counter(
        (x, y)
        for widget in body["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    )

    assert max(cells.values()) == 1
    assert max(x for x, _ in cells) == 23, "a dashboard has 24 columns"
    assert all(below - above <= 1 for above, below in pairwise(sorted({y for _, y in cells})))


def test_it_is_free_of_charge_in_an_account_without_others(body: dict[str, Any]) -> None:
    assert len(shown(body)) <= 50, "CloudWatch's free tier: three dashboards with up to 50 metrics each"
