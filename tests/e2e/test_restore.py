"""A restore, rehearsed: letters that a stack's table has lost come back from a table as it was before.

It takes minutes, so only `pytest --scale=nightly` runs it. docs/backups.md has the same steps for a stack in AWS.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.smoke.signers import confirm, sign
from tests.support.waiting import wait_for
from undersigned.campaigns.rows.counters import Counters
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import signer_id
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.resources import table_definition
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from tests.support.running import RunningStack
    from undersigned.base.stack import Stack

pytestmark = pytest.mark.nightly

CAMPAIGN = "rehearsed"
DOMAIN = "rehearsed.example"
SENT, WAITING = "evanston", "wilmette"


def run(stack: RunningStack, *words: str) -> str:
    """Run a command of ours on a stack, and return what it prints."""
    result = stack.command(*words)
    assert result.exit_code == 0, result.exception or result.output
    return result.stdout


def shown(stack: RunningStack, *words: str) -> Any:
    return json.loads(run(stack, *words, "--json"))


def letters_to(stack: RunningStack, target: str) -> list[Any]:
    address = f"{target}@{DOMAIN}"
    return [mail for mail in stack.mails() if address in mail.to]


def has_delivered(opened: Stack, target: str, emails: int) -> bool:
    return [one.state for one in Deliveries(opened.table).deliveries(CAMPAIGN, target)] == ["delivered"] * emails


def confirmed(stack: RunningStack, opened: Stack, name: str, postal_code: str, target: str) -> None:
    sign(stack, f"{name}@{DOMAIN}", postal_code, campaign=CAMPAIGN)
    confirm(stack, f"{name}@{DOMAIN}")
    signer = id_of(opened, name)

    def waits() -> bool:
        row = Signatures(opened.table).signature(CAMPAIGN, signer)
        return row is not None and row.waits

    wait_for(waits)
    wait_for(partial(Signatures(opened.table).has_waiting, CAMPAIGN, target))


def id_of(opened: Stack, name: str) -> str:
    return signer_id(opened.secret(), f"{name}@{DOMAIN}")


def recover(stack: RunningStack, name: str) -> None:
    """Copy the table, as point-in-time recovery does."""
    client = stack.client("dynamodb")
    client.create_table(**table_definition() | {"TableName": name})
    for page in client.get_paginator("scan").paginate(TableName=stack.outputs["TableName"]):
        for item in page["Items"]:
            client.put_item(TableName=name, Item=item)


def lose(stack: RunningStack, beginning: str) -> None:
    client, table = stack.client("dynamodb"), stack.outputs["TableName"]
    for page in client.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            if item["pk"]["S"].startswith(beginning):
                client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})


def test_lost_letters_come_back_and_each_goes_once(stack: RunningStack) -> None:
    opened = DeployedStack(stack.outputs, stack.client).opened()
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    targets = tuple(replace(target, email=f"{target.id}@{DOMAIN}") for target in folder.targets)
    push(opened, replace(folder, campaign=replace(folder.campaign, id=CAMPAIGN), targets=targets))
    confirmed(stack, opened, "ada", "60201", SENT)
    stack.run_job("plan", datetime.now(UTC), CAMPAIGN)
    wait_for(partial(has_delivered, opened, SENT, 1))
    run(stack, "hold", CAMPAIGN, WAITING, "--why", "we rehearse")
    for name, postal_code, target in (("bert", "60091", WAITING), ("cyd", "60201", SENT), ("dan", "60091", WAITING)):
        confirmed(stack, opened, name, postal_code, target)

    recover(stack, "recovered")
    # After that, an email leaves, and a letter is erased.
    stack.run_job("plan", datetime.now(UTC) + timedelta(days=7), CAMPAIGN)
    wait_for(partial(has_delivered, opened, SENT, 2))
    run(stack, "erase", CAMPAIGN, "--email", f"dan@{DOMAIN}", "--why", "we rehearse", "--yes")
    wait_for(lambda: Counters(opened.table).total(CAMPAIGN)[0] == 3)
    counted, mails = shown(stack, "counts", CAMPAIGN), stack.mails()
    lose(stack, f"SIGNATURE#{CAMPAIGN}#")
    wait_for(lambda: Counters(opened.table).total(CAMPAIGN)[0] == 0)

    # The steps of docs/backups.md.
    [restored] = shown(stack, "restore", CAMPAIGN, "recovered")
    assert {name: restored[name] for name in ("erased", "changed", "held", "in_doubt")} == {
        "erased": 1, "changed": 0, "held": 0, "in_doubt": [],
    }  # fmt: skip
    wait_for(lambda: Counters(opened.table).total(CAMPAIGN)[0] == 3)
    run(stack, "reconcile", CAMPAIGN)
    assert shown(stack, "counts", CAMPAIGN) == counted
    # It fails if it finds anything that is not explained.
    run(stack, "reconcile", CAMPAIGN)
    assert Signatures(opened.table).signature(CAMPAIGN, id_of(opened, "dan")) is None
    assert stack.mails() == mails

    # While the campaign is paused, nothing goes; then what waited does, once, and what was sent does not.
    run(stack, "release", CAMPAIGN, WAITING)
    stack.run_job("plan", datetime.now(UTC) + timedelta(days=14), CAMPAIGN)
    assert stack.mails() == mails
    run(stack, "resume", CAMPAIGN)
    for days in (14, 21):
        stack.run_job("plan", datetime.now(UTC) + timedelta(days=days), CAMPAIGN)
    wait_for(partial(letters_to, stack, WAITING))
    assert [len(letters_to(stack, target)) for target in (SENT, WAITING)] == [2, 1]
    assert sum(made.letters for made in Deliveries(opened.table).deliveries(CAMPAIGN, WAITING)) == 1
