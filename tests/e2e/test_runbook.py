"""Every command of ours that the runbook names, run on the local stack, on a campaign with a letter that bounced.

It takes a minute and changes the stack's secret, so only `make soak` runs it.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from tests.e2e.test_metrics import confirm, sign
from tests.e2e.waiting import wait_for
from tests.integration.test_runbook_commands import NAMED_ONLY
from tests.template.test_runbook_commands import OURS
from undersigned.domain.errors import UndersignedError
from undersigned.domain.schedule import period_of
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.stack import PROJECT
from undersigned_cli.main import app
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from undersigned_cli.local.running import RunningStack

pytestmark = pytest.mark.skipif("UNDERSIGNED_RUNBOOK" not in os.environ, reason="make soak runs it")

CAMPAIGN = "end-demand-illinois"


def test_every_command_of_the_runbook_runs(
    stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring = Stack(stack.outputs, stack.client).wiring()
    folder = campaign_folder.read(PROJECT / "campaigns" / CAMPAIGN)
    targets = tuple(replace(target, email="bounce@simulator.amazonses.com") for target in folder.targets)
    push(replace(folder, targets=targets), wiring.campaigns)
    sign(stack, "ada@runbook.example", "60201", campaign=CAMPAIGN)
    confirm(stack, "ada@runbook.example")
    wait_for(lambda: wiring.signatures.has_waiting(CAMPAIGN, "evanston"))
    now = datetime.now(UTC)
    stack.invoke("PlanDeliveries", {"scheduled_time": now.isoformat(), "campaign": CAMPAIGN})
    wait_for(lambda: any(one.state == "bounced" for one in wiring.deliveries.deliveries(CAMPAIGN, "evanston")))
    places = {
        "CAMPAIGN": CAMPAIGN,
        "TARGET": "evanston",
        "DAY": period_of(now, stack.outputs["DeliveryTimeZone"]),
        "DIR": str(PROJECT / "campaigns" / CAMPAIGN),
        "FILE": "letters.csv",
        "EMAIL": "administrator@enddemand.example",
    }
    monkeypatch.chdir(tmp_path)
    failed, refused = {}, set()
    here = ["--local", "--state", str(stack.state)]
    for command in sorted(set(OURS) - NAMED_ONLY):
        words = [places.get(word, word) for word in shlex.split(command)[1:]]
        result = CliRunner().invoke(app, [*words, *here])
        if isinstance(result.exception, UndersignedError):
            refused.add(command)
        elif result.exit_code != 0:
            failed[command] = result.exception or result.output

    assert failed == {}
    # Each says why: it makes no sense for these letters, needs a person who answers, or found what it reports.
    assert len(refused) < len(OURS) / 2
