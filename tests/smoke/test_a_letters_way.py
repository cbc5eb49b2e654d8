"""A letter's whole way through functions as zip files with their layers, and nothing else to import from."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from tests.smoke.signers import confirm, create_file, sign
from tests.support.waiting import wait_for
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import KEY_WORKS_FOR, ApiKey, digest_of
from undersigned.signing.rows.signatures import Signatures
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from tests.support.running import RunningStack
    from undersigned.base.stack import Stack

CAMPAIGN = "zipped"
KEY = "end-demand-" + "k" * 43


@pytest.fixture(scope="module")
def opened(stack: RunningStack) -> Stack:
    """Return the use cases of a stack with a campaign of its own and a key for it."""
    opened = DeployedStack(stack.outputs, stack.client).opened()
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    push(opened, replace(folder, campaign=replace(folder.campaign, id=CAMPAIGN)))
    now = datetime.now(UTC)
    ApiKeys(opened.table).put_api_key(ApiKey(CAMPAIGN, digest_of(KEY), "letters", "", now, now + KEY_WORKS_FOR))
    return opened


def read(stack: RunningStack, path: str) -> Any:
    headers = {"Authorization": f"Bearer {KEY}"}
    address = f"{stack.public_url}/organizer/campaigns/{CAMPAIGN}/{path}"
    with urlopen(Request(address, headers=headers), timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


def confirmed(stack: RunningStack) -> int:
    with urlopen(f"{stack.public_url}/campaigns/{CAMPAIGN}/count", timeout=60) as answer:  # noqa: S310
        return int(json.loads(answer.read())["signatures"])


def test_a_letter_is_signed_confirmed_counted_exported_and_delivered_once(stack: RunningStack, opened: Stack) -> None:
    sign(stack, "ada.zipped@gmail.com", "60201", campaign=CAMPAIGN)
    confirm(stack, "ada.zipped@gmail.com")
    wait_for(lambda: confirmed(stack) == 1)
    assert "evanston" in json.dumps(read(stack, "counts"))

    export = create_file(stack, opened, CAMPAIGN)
    done = wait_for(lambda: (found := read(stack, f"exports/{export}"))["state"] == "done" and found)
    with urlopen(done["link"], timeout=60) as answer:  # noqa: S310
        assert b"ada.zipped@gmail.com" in answer.read()

    wait_for(lambda: Signatures(opened.table).has_waiting(CAMPAIGN, "evanston"))
    for _ in range(2):
        stack.run_job("plan", datetime.now(UTC), CAMPAIGN)
        wait_for(
            lambda: [each.state for each in Deliveries(opened.table).deliveries(CAMPAIGN, "evanston")] == ["delivered"]
        )
    sent = [mail for mail in stack.mails() if (mail.tags["kind"], mail.tags.get("campaign")) == ("delivery", CAMPAIGN)]
    assert len(sent) == 1
    assert b"application/pdf" in sent[0].raw
    stack.run_job("report", datetime.now(UTC), CAMPAIGN)
    stack.run_job("reconcile", datetime.now(UTC), CAMPAIGN)
