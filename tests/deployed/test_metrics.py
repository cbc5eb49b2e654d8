"""Every metric of ours that an alarm watches is really written: a run of the local stack writes it into its logs."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.deployed.signers import confirm, sign
from tests.deployed.stack import control, physical_id
from tests.e2e.waiting import wait_for
from tests.emitted import is_counted, lines_of_metrics
from tests.template.reading import ALARM, named_by, of_type, sources
from undersigned.base.table import Update, written
from undersigned.campaigns.rows.counters import counter_key
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.organizing.queues import reconciliation_message
from undersigned.organizing.reconciling import begin, proceed
from undersigned.signing.rows.mail_budgets import hour_key
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import Signature, tray_position
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.template import ROOT, load_template
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.running import RunningStack
    from undersigned.base.stack import Stack
    from undersigned.base.table import Table

CAMPAIGN = "metrics"
TEMPLATE = load_template()
FILTERS = of_type(TEMPLATE, "AWS::Logs::MetricFilter")
OF_THE_API = "ApiLogGroup"
"""API Gateway writes it on AWS, in the form that the template says. The local stack has none."""


def lines_of(stack: RunningStack, group: str) -> list[str]:
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=physical_id(stack, group))
    return [event["message"].rstrip() for page in pages for event in page["events"]]


def run(stack: RunningStack, opened: Stack) -> None:
    """Let happen what the alarms on our namespace are about."""
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    targets = tuple(
        replace(target, email="bounce+metrics@simulator.amazonses.com") if target.id == "wilmette" else target
        for target in folder.targets
    )
    push(opened, replace(folder, campaign=replace(folder.campaign, id=CAMPAIGN), targets=targets))
    for town, code in (("evanston", "60201"), ("wilmette", "60091")):
        sign(stack, f"{town}@metrics.example", code, campaign=CAMPAIGN)
        confirm(stack, f"{town}@metrics.example")
    wait_for(lambda: all(Signatures(opened.table).has_waiting(CAMPAIGN, town) for town in ("evanston", "wilmette")))
    stack.run_job("plan", datetime.now(UTC))

    # This one has waited for two weeks.
    sign(stack, "winnetka@metrics.example", "60093", campaign=CAMPAIGN)
    confirm(stack, "winnetka@metrics.example")
    [row] = [row for row in Signatures(opened.table).listed_signatures(CAMPAIGN) if row.target == "winnetka"]
    long_ago = datetime.now(UTC) - timedelta(days=14)
    table = opened.table
    since = {"confirmed_at": written(long_ago), "due_at": tray_position("winnetka", long_ago, row.signer)}
    table.update(Update(Signature.locate(campaign=CAMPAIGN, signer=row.signer), assign=since))
    table.update(Update(counter_key(CAMPAIGN, "TARGET#evanston"), add={"signatures": 3}))
    # What differed in the run before is reported. The function reads rows a quarter of an hour after the counters.
    [run] = begin(opened, CAMPAIGN)
    while not run.is_done:
        run = proceed(opened, run, lambda _finding: None)
    [begun] = begin(opened, CAMPAIGN)
    reconciliation = proceed(opened, begun, lambda _finding: None)
    stack.invoke("RunJobs", {"Records": [{"body": reconciliation_message(reconciliation)}]})

    # The next email is the refused signer's, so that none of a delivery is in its way.
    wait_for(lambda: all(_is_sent(opened, town) for town in ("evanston", "wilmette")))
    control(stack, next=["refusal"])
    sign(stack, "refused@metrics.example", "60201", campaign=CAMPAIGN)
    stack.client("sqs").send_message(QueueUrl=physical_id(stack, "WaitingMails"), MessageBody="no message of ours")


def says_why_emails_wait(stack: RunningStack) -> bool:
    """Run the schedule of postponed emails; say whether this run logged a brake or the short quota."""

    def reasons() -> int:
        lines = lines_of(stack, "SendConfirmationsLogGroup")
        return sum("the brake is on" in line or "the daily quota is short" in line for line in lines)

    before = reasons()
    stack.invoke("SendConfirmations", {"postponed": True})
    return reasons() > before


@contextmanager
def waiting_emails(stack: RunningStack, table: Table) -> Iterator[None]:
    """Let confirmation emails wait: many suspicious ones bounced, and SES's daily quota is almost used up."""
    hour = hour_key(datetime.now(UTC))
    table.update(Update(hour, add={"bounced_suspicious": 100_000}))
    control(stack, account={"SendQuota": {"SentLast24Hours": 49_999.0}})
    try:
        yield
    finally:
        control(stack, account={})
        table.update(Update(hour, add={"bounced_suspicious": -100_000}))
        # Until the function has forgotten both, it postpones the emails of the tests after this one.
        wait_for(lambda: not says_why_emails_wait(stack), "a run without a brake, and with enough quota", 120)


def _is_sent(opened: Stack, town: str) -> bool:
    return any(delivery.last.sent_at for delivery in Deliveries(opened.table).deliveries(CAMPAIGN, town))


def emitted(stack: RunningStack) -> set[str]:
    """Return the metrics that functions wrote, with the stack's name, and those that filters count in logs."""
    groups = of_type(TEMPLATE, "AWS::Logs::LogGroup").keys() - {OF_THE_API}
    logs = {group: lines_of(stack, group) for group in groups}
    found = {
        metric["Name"]
        for lines in logs.values()
        for line in lines_of_metrics("\n".join(lines))
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
        if (directive["Namespace"], line["service"]) == ("Undersigned", "undersigned")
    }
    return found | {
        str(transformation["MetricName"])
        for properties in FILTERS.values()
        for transformation in properties["MetricTransformations"]
        if any(
            is_counted(properties["FilterPattern"], line) for line in logs.get(named_by(properties["LogGroupName"]), ())
        )
    }


@pytest.mark.nightly
def test_every_metric_of_ours_that_an_alarm_watches_is_written(stack: RunningStack) -> None:
    watched = {
        str(source.name)
        for properties in of_type(TEMPLATE, ALARM).values()
        for source in sources(properties)
        if source.namespace == "Undersigned"
    }
    of_the_api = {
        str(transformation["MetricName"])
        for properties in FILTERS.values()
        if named_by(properties["LogGroupName"]) == OF_THE_API
        for transformation in properties["MetricTransformations"]
    }
    opened = DeployedStack(stack.outputs, stack.client).opened()
    run(stack, opened)
    deadline = time.monotonic() + 180
    with waiting_emails(stack, opened.table):
        while (missing := watched - of_the_api - emitted(stack)) and time.monotonic() < deadline:
            # A process that has just looked knows of neither for up to a minute.
            stack.invoke("SendConfirmations", {"postponed": True})
            # Each look reads all logs.
            time.sleep(5)

    assert missing == set()
    assert of_the_api < watched


def test_the_line_of_the_api_that_the_local_stack_does_not_write_is_counted() -> None:
    [api] = of_type(TEMPLATE, "AWS::Serverless::HttpApi").values()
    written = re.sub(
        r"\$context\.(\w+)", lambda at: "429" if at[1] == "status" else "1", api["AccessLogSettings"]["Format"]
    )
    patterns = [one["FilterPattern"] for one in FILTERS.values() if named_by(one["LogGroupName"]) == OF_THE_API]

    assert json.loads(written)["status"] == "429"
    assert [is_counted(pattern, written) for pattern in patterns] == [True]
    assert not is_counted(patterns[0], written.replace("429", "200"))
