"""A restore, rehearsed: a campaign of one local stack goes on in a second one, which is in another region.

It starts a second stack, so only `make nightly` runs it. docs/production.md has the same steps for stacks in AWS.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner

from tests.deployed.test_metrics import confirm, sign
from tests.e2e.waiting import wait_for
from tests.free_ports import FREE_PORTS
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.stack import LocalStack
from undersigned_cli.local.template import ROOT
from undersigned_cli.main import app
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from undersigned.wiring import Wiring
    from undersigned_cli.local.running import RunningStack

pytestmark = pytest.mark.nightly

CAMPAIGN = "rehearsed"
DOMAIN = "rehearsed.example"
OTHER_REGION = "us-west-2"
SENT, WAITING = "evanston", "wilmette"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Yield an empty stack in another region, whose schedules never fire."""
    state = tmp_path_factory.mktemp("other")
    with LocalStack(state, ports=FREE_PORTS, schedules=False) as running:
        yield running


def run(stack: RunningStack, *words: str) -> str:
    """Run a command of ours on a stack, and return what it prints."""
    result = CliRunner().invoke(app, [*words, "--local", "--state", str(stack.state)])
    assert result.exit_code == 0, result.exception or result.output
    return result.stdout


def shown(stack: RunningStack, *words: str) -> Any:
    return json.loads(run(stack, *words, "--json"))


def letters_to(stack: RunningStack, target: str) -> list[Any]:
    address = f"{target}@{DOMAIN}"
    return [mail for mail in stack.mails() if address in mail.to]


def is_delivered(wiring: Wiring, target: str) -> bool:
    return [one.state for one in wiring.deliveries.deliveries(CAMPAIGN, target)] == ["delivered"]


def plan(stack: RunningStack, at: datetime) -> None:
    stack.run_job("plan", at, CAMPAIGN)


def test_a_campaign_goes_on_in_another_region(stack: RunningStack, other: RunningStack, tmp_path: Path) -> None:
    old, new = Stack(stack.outputs, stack.client).wiring(), Stack(other.outputs, other.client).wiring()
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    targets = tuple(replace(target, email=f"{target.id}@{DOMAIN}") for target in folder.targets)
    push(replace(folder, campaign=replace(folder.campaign, id=CAMPAIGN), targets=targets), old.campaigns)
    for signer, postal_code, target in (("ada", "60201", SENT), ("bert", "60091", WAITING)):
        sign(stack, f"{signer}@{DOMAIN}", postal_code, campaign=CAMPAIGN)
        confirm(stack, f"{signer}@{DOMAIN}")
        wait_for(partial(old.signatures.has_waiting, CAMPAIGN, target))
        if target == SENT:
            plan(stack, datetime.now(UTC))
            wait_for(partial(is_delivered, old, SENT))
    assert len(letters_to(stack, SENT)) == 1

    # The steps of docs/production.md.
    for one, region in ((stack, "us-east-1"), (other, OTHER_REGION)):
        assert f":{region}:" in one.outputs["RunJobsFunction"]
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["SecretArn"])["SecretString"]
    other.client("secretsmanager").put_secret_value(SecretId=other.outputs["SecretArn"], SecretString=secret)
    file = str(tmp_path / "drill.backup")
    run(stack, "pause", CAMPAIGN, "--why", "we rehearse")
    run(stack, "backup", CAMPAIGN, file)
    run(other, "restore", file)
    run(other, "counts", CAMPAIGN, "--recount")

    for command in ("counts", "deliveries"):
        assert shown(other, command, CAMPAIGN) == shown(stack, command, CAMPAIGN)
    # It fails if it finds anything that is not explained.
    run(other, "reconcile", CAMPAIGN)
    assert other.mails() == []

    # With a domain of your own, the links of earlier emails lead to the new stack.
    [mail] = [mail for mail in stack.mails() if mail.to == (f"ada@{DOMAIN}",)][-1:]
    part = message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",))
    assert part
    link = re.search(rf"{re.escape(stack.public_url)}(/\S*)", part.get_content())
    assert link
    with urlopen(f"{other.public_url}{link[1]}", timeout=60) as answer:  # noqa: S310
        assert "Ada Specimen" in answer.read().decode()

    # While the campaign is paused, nothing goes; then what waited does, once, and what was sent does not.
    plan(other, datetime.now(UTC))
    run(other, "resume", CAMPAIGN)
    assert other.mails() == []
    for _ in range(2):
        plan(other, datetime.now(UTC))
    wait_for(partial(is_delivered, new, WAITING))

    # Of the target that has had its letter, the next email brings the new one only.
    sign(other, f"cyd@{DOMAIN}", "60201", campaign=CAMPAIGN)
    confirm(other, f"cyd@{DOMAIN}")
    wait_for(partial(new.signatures.has_waiting, CAMPAIGN, SENT))
    plan(other, datetime.now(UTC) + timedelta(days=7))
    wait_for(partial(letters_to, other, SENT))
    assert sorted(made.letters for made in new.deliveries.deliveries(CAMPAIGN, SENT)) == [1, 1]
    assert [len(letters_to(other, target)) for target in (SENT, WAITING)] == [1, 1]
    assert [len(letters_to(stack, target)) for target in (SENT, WAITING)] == [1, 0]
