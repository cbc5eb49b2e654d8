"""Check what a stack that nobody uses costs, at AWS's list prices for us-east-1. docs/costs.md has each item."""

from __future__ import annotations

from tests.template.reading import ALARM, of_type, sources
from undersigned_cli.local.template import event_sources, load_template

MOST = 6.5
"""US dollars a month, with what AWS gives every account for free."""

_POLLS_A_MONTH = 5 * 3 * 60 * 24 * 30
"""Lambda polls a queue with five pollers, each every 20 seconds."""


def test_an_idle_stack_costs_little() -> None:
    template = load_template()
    watched = sum(len(sources(alarm)) for alarm in of_type(template, ALARM).values())
    secrets = [
        resource
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::SecretsManager::Secret" and "Condition" not in resource
    ]
    polls = sum(kind == "SQS" for _, _, kind, _ in event_sources(template)) * _POLLS_A_MONTH
    dollars = {
        "metrics": max(watched - 10, 0) * 0.10,
        "polls": max(polls - 1_000_000, 0) * 0.40 / 1_000_000,
        "secrets": len(secrets) * 0.40,
        "dashboards": max(len(of_type(template, "AWS::CloudWatch::Dashboard")) - 3, 0) * 3.00,
    }

    assert sum(dollars.values()) < MOST, dollars
