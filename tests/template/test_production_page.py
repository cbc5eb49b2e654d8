"""Check that docs/production.md names alarms, metrics and parameters that exist, and that its bills add up."""

from __future__ import annotations

import re
from typing import get_args

from tests.aws_from_template import ROOT, load_template
from tests.template.reading import ALARM, COMPOSITE, Source, event_sources, of_type, sources
from undersigned.metrics import MetricName

PAGE = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")

MOST = 4.0
"""US dollars a month that an idle stack may cost, with what AWS gives every account for free."""

MOST_WITH_CANARY = 8.0

MOST_IF_QUERIES_COST = 6.5
"""The same, if AWS charges a query that finds no metric as if it found one."""


def section(heading: str) -> str:
    return PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]


def rows(heading: str) -> list[list[str]]:
    return [
        [cell.strip().strip("*") for cell in line.strip("|").split("|")]
        for line in section(heading).splitlines()
        if line.startswith("| ")
    ]


def test_each_objective_has_an_alarm_that_exists() -> None:
    template = load_template()
    alarms = of_type(template, ALARM).keys() | of_type(template, COMPOSITE).keys()
    objectives = [row for row in rows("Objectives") if len(row) == 3 and "Alarm`" in row[2]]

    assert len(objectives) == 5
    for _, _, watched_by in objectives:
        named = re.findall(r"`(\w+)`", watched_by)
        assert named
        assert set(named) <= alarms


def test_every_business_metric_is_described() -> None:
    described = set(re.findall(r"`(\w+)`", section("Objectives")))

    assert set(get_args(MetricName)) <= described


def metrics_that_alarms_watch(*conditions: str | None) -> int:
    """Count the metrics of alarms that name them and that a stack has on these conditions; every stack has None."""
    template = load_template()
    return sum(
        len([source for source in sources(properties) if not source.is_query])
        for name, properties in of_type(template, ALARM).items()
        if template["Resources"][name].get("Condition") in conditions
    )


def queries_of(*conditions: str | None) -> dict[str, Source]:
    """Return what the alarms of these conditions query, by their names."""
    template = load_template()
    return {
        name: source
        for name, properties in of_type(template, ALARM).items()
        for source in sources(properties)
        if source.is_query and template["Resources"][name].get("Condition") in conditions
    }


def test_the_idle_bill_is_the_templates() -> None:
    template = load_template()
    metrics = metrics_that_alarms_watch(None)
    polls = sum(kind == "SQS" for _, _, kind, _ in event_sources(template)) * 5 * 3 * 60 * 24 * 30 / 1e6
    bill = {row[0].split(",")[0].split(":")[0]: row[1:] for row in rows("The idle bill")}

    assert bill["metrics that alarms watch"] == [
        str(metrics), "10", "0.10 each", f"{(metrics - 10) * 0.1:.2f}", f"{metrics * 0.1:.2f}"
    ]  # fmt: skip
    queries = queries_of(None)
    [queried] = [
        row for row in rows("The idle bill") if re.fullmatch(r"metrics that \d+ alarms query, while .*", row[0])
    ]
    assert int(queried[0].split()[2]) == len(queries)
    assert queried[1:] == ["0", "0", "0.10 each", "0.00", "0.00"]
    composites = len(of_type(template, COMPOSITE))
    assert bill["composite alarms"] == [str(composites), "0", "0.50 each", *[f"{composites * 0.5:.2f}"] * 2]
    requests = bill["requests by which Lambda polls queues"]
    assert (requests[0], *requests[3:]) == (f"{polls:.2f} million", f"{(polls - 1) * 0.4:.2f}", f"{polls * 0.4:.2f}")
    assert len(of_type(template, "AWS::SecretsManager::Secret")) == 1
    assert len(of_type(template, "AWS::CloudWatch::Dashboard")) == 1
    for column in (-2, -1):
        items = [float(row[column]) for name, row in bill.items() if name not in {"what", "in all"}]
        assert f"{sum(items):.2f}" == bill["in all"][column]
    free, listed = (float(bill["in all"][column]) for column in (-2, -1))
    assert free < MOST
    text = " ".join(section("The idle bill").split())
    assert f"{free:.2f} for an account that runs this stack only" in text
    assert f"{listed:.2f} for a stack in an account that uses them up elsewhere, or {listed - 3:.2f} with" in text
    if_charged = free + len(queries) / 10
    assert (
        f"each of the {len(queries)} costs as much as one metric, and the bill is {if_charged:.2f} instead of" in text
    )
    assert if_charged < MOST_IF_QUERIES_COST


def test_the_bill_of_the_canary_and_of_gradual_deployments_is_the_templates() -> None:
    text = " ".join(section("The idle bill").split())
    more = r"there (?:is|are) (\w+) more metrics? that alarms watch, ([\d.]+)"
    [(canary, canary_cost, emails, found, found_cost, in_all)] = re.findall(
        rf"`Canary=true` {more}, .* simulator, ([\d.]+) .* lets (\d+) queries .*, ([\d.]+) at most: ([\d.]+) in all",
        text,
    )
    [(gradual, gradual_cost)] = re.findall(rf"`GradualDeployments=true` {more}\.", text)
    [idle] = [float(row[-2]) for row in rows("The idle bill") if row[0] == "in all"]

    numbers = {"one": 1, "two": 2, "three": 3}
    assert numbers[canary] == metrics_that_alarms_watch("HasCanary")
    assert numbers[gradual] == metrics_that_alarms_watch("DeploysGradually")
    assert float(canary_cost) == round(numbers[canary] * 0.1, 2)
    assert float(gradual_cost) == round(numbers[gradual] * 0.1, 2)
    of_runs = [one for one in queries_of(None).values() if one.name in ("Errors", "IteratorAge")]
    assert int(found) == len(of_runs)
    assert float(found_cost) == round(len(of_runs) * 0.1, 2)
    assert float(in_all) == round(idle + float(canary_cost) + float(emails) + float(found_cost), 2) < MOST_WITH_CANARY
    # As many as in a month in which people sign.
    [alarms] = [row for row in rows("The bill of a campaign") if row[0].startswith("alarms: ")]
    assert alarms == [f"alarms: {found} metrics of functions that run", "0.10 each", *[found_cost] * 3]


def test_every_parameter_that_is_named_exists() -> None:
    named = set(re.findall(r"\b([A-Z][a-z]\w+)=", PAGE))

    assert {"MonthlyBudget", "PublicUrl", "ManageIdentity"} <= named
    assert named <= load_template()["Parameters"].keys()


def test_the_bill_of_a_campaign_adds_up() -> None:
    bill = [row for row in rows("The bill of a campaign") if len(row) == 5 and row[0] != "what"]
    *items, in_all = bill

    assert in_all[0] == "in all"
    for column in (2, 3, 4):
        total = sum(float(row[column]) for row in items)
        assert f"{total:.2f}" == in_all[column].strip("*")
