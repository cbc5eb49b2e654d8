"""Counts on the local stack: after hundreds of random changes, they equal a count of the rows."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.scale import scale
from tests.support.signatures import adas_form
from undersigned.base.errors import ChangedError
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.rows.counters import Counters
from undersigned.counting.rules.tallies import counters_of
from undersigned.organizing.erasing import erase
from undersigned.organizing.reconciling import begin, proceed
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import SignatureStateError, new_mail_request, signer_id
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from tests.support.running import RunningStack
    from undersigned.base.stack import Stack

CAMPAIGN = "counted"
PEOPLE = scale.changes // 4
TOWNS = {"evanston": "60201", "wilmette": "60091", "skokie": "60076"}


@pytest.fixture(scope="module")
def opened(stack: RunningStack) -> Stack:
    made = DeployedStack(stack.outputs, stack.client).opened()
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    push(made, replace(folder, campaign=replace(folder.campaign, id=CAMPAIGN)))
    return made


class Person:
    """A person who does things at random."""

    def __init__(self, opened: Stack, number: int) -> None:
        self._opened = opened
        self._rng = random.Random(number)  # noqa: S311  (a repeatable run)
        self._email = f"person{number}@signers.example"
        self._signer = signer_id(opened.secret(), self._email)
        self._request = new_mail_request(datetime.now(UTC), self._signer)
        self._entry = catalog_of(opened).entry(CAMPAIGN)

    def change(self, changes: int) -> None:
        for _ in range(changes):
            act = self._rng.choices((self._sign, self._confirm, self._withdraw, self._erase), weights=(4, 4, 2, 1))[0]
            try:
                act()
            except (ChangedError, SignatureStateError):
                # As when two buttons are pressed at the same time: this one changed nothing.
                continue

    def _sign(self) -> None:
        target, now = self._rng.choice(sorted(TOWNS)), datetime.now(UTC)
        form = adas_form(
            campaign=CAMPAIGN,
            signer=self._signer,
            form=f"{self._rng.getrandbits(64):016x}",
            email=self._email,
            postal_code=TOWNS[target],
            target=target,
            letter=self._entry.campaign.letter,
            addressee=self._entry.target(target).addressee,
            signed_at=now,
            signed_on=now.date(),
            # One email for each person is enough, so all forms request the same one.
            mail_request=self._request,
            expires_at=now + timedelta(days=14),
        )
        Forms(self._opened.table).put(form)

    def _confirm(self) -> None:
        now = datetime.now(UTC)
        forms = Forms(self._opened.table).of_signer(CAMPAIGN, self._signer)
        if forms:
            Signatures(self._opened.table).confirm(max(forms, key=lambda form: form.signed_at), at=now, on=now.date())

    def _withdraw(self) -> None:
        Signatures(self._opened.table).withdraw(CAMPAIGN, self._signer, datetime.now(UTC))

    def _erase(self) -> None:
        if Signatures(self._opened.table).signature(CAMPAIGN, self._signer):
            erase(self._opened, CAMPAIGN, self._signer, "they asked")


def rows_of(stack: RunningStack) -> list[dict[str, Any]]:
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["TableName"])
    rows: list[dict[str, Any]] = [item for page in pages for item in page["Items"]]
    return [row for row in rows if row["pk"]["S"].startswith(f"SIGNATURE#{CAMPAIGN}#")]


def marked(stack: RunningStack) -> dict[str, int]:
    """Count what the marks on the rows say: the marks move with the counters."""
    return Counter(name for row in rows_of(stack) for name in counters_of(row.get("tallied", {}).get("S", "")))


def recount(stack: RunningStack) -> dict[str, int]:
    """Count the rows without the product's code."""
    counts: Counter[str] = Counter()
    for row in rows_of(stack):
        if row["status"]["S"] == "confirmed":
            counts["TOTAL"] += 1
            counts[f"TARGET#{row['target']['S']}"] += 1
            counts[f"DAY#{row['confirmed_on']['S']}"] += 1
    return dict(counts)


def test_counts_equal_the_rows_after_random_changes(stack: RunningStack, opened: Stack) -> None:
    people = [Person(opened, number) for number in range(PEOPLE)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda person: person.change(scale.changes // PEOPLE), people))
    expected = recount(stack)
    assert expected["TOTAL"] > PEOPLE / 10
    found: dict[str, int] = {}
    for _ in range(300):
        found = {name: count for name, count in Counters(opened.table).counts(CAMPAIGN).items() if count}
        if found == expected:
            break
        time.sleep(0.2)
    assert found == expected == marked(stack)


def test_the_daily_reconciliation_explains_every_row(stack: RunningStack) -> None:
    found: list[object] = []
    opened = DeployedStack(stack.outputs, stack.client).opened()

    stack.run_job("reconcile", datetime.now(UTC))
    [run] = begin(opened, CAMPAIGN)
    while not run.is_done:
        run = proceed(opened, run, found.append)

    assert (found, run.summary.differing, run.summary.rows > PEOPLE / 10) == ([], 0, True)
