"""An export on a deployed stack: requested over HTTP, written by the function, downloaded by its link."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from tests.deployed.signers import create_file
from tests.scale import scale
from tests.signatures import adas_signature
from undersigned.base.table import to_item
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import ApiKey, digest_of
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.running import RunningStack
    from undersigned.signing.rules.signatures import Signature

CAMPAIGN = "exports"
KEY = "us_exports"
pytestmark = pytest.mark.nightly

BATCH = 25
"""Items that DynamoDB writes in one BatchWriteItem."""

NOW = datetime.now(UTC)


def rows(letter: str) -> Iterator[Signature]:
    """Yield withdrawn letters: they aren't counted, and cause no email."""
    for number in range(scale.rows):
        signed_at = NOW - timedelta(seconds=number)
        yield adas_signature(
            campaign=CAMPAIGN,
            signer=hashlib.sha256(str(number).encode()).hexdigest()[:32],
            status="withdrawn",
            name=f'Signer "{number}", =1+1',
            email=f"signer{number}@signers.example",
            signature=f"Signer {number}",
            note="In my own words,\non two lines",
            updates=bool(number % 2),
            letter=letter,
            signed_at=signed_at,
            signed_on=signed_at.date(),
        )


@pytest.fixture(scope="module")
def campaign(stack: RunningStack) -> RunningStack:
    """Return a stack with a campaign of many letters."""
    opened = DeployedStack(stack.outputs, stack.client).opened()
    shipped = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    push(opened, replace(shipped, campaign=replace(shipped.campaign, id=CAMPAIGN)))
    ApiKeys(opened.table).put_api_key(
        ApiKey(CAMPAIGN, digest_of(KEY), "letters", "", NOW, datetime(2099, 1, 1, tzinfo=UTC))
    )
    client, table = stack.client("dynamodb"), stack.outputs["TableName"]

    def write(batch: tuple[Signature, ...]) -> None:
        puts = [{"PutRequest": {"Item": to_item(row.item())}} for row in batch]
        assert not client.batch_write_item(RequestItems={table: puts}).get("UnprocessedItems")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, batched(rows(shipped.campaign.letter), BATCH, strict=False)))
    return stack


def read(stack: RunningStack, path: str) -> Any:
    request = Request(f"{stack.public_url}{path}", headers={"Authorization": f"Bearer {KEY}"})  # noqa: S310
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


def finished(stack: RunningStack, export: str) -> Any:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = read(stack, f"/organizer/campaigns/{CAMPAIGN}/exports/{export}")
        if found["state"] in {"done", "failed"}:
            return found
        time.sleep(0.2)
    return found


def peak_mb() -> int:
    """Return the peak memory of the function's processes in MB. A Lambda worker runs in the folder of its code.

    A worker's own getrusage would include the emulator before the fork.
    """
    peaks = [0]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            folder = process / "cwd"
            if (folder / "functions/export_signatures/app.py").is_file() and not (folder / "template.yaml").exists():
                status = (process / "status").read_text(encoding="ascii")
                peaks += [int(size) // 1024 for size in re.findall(r"VmHWM:\s+(\d+) kB", status)]
    return max(peaks)


def test_an_export_has_every_row_once_and_its_function_uses_little_memory(campaign: RunningStack) -> None:
    opened = DeployedStack(campaign.outputs, campaign.client).opened()
    done = finished(campaign, create_file(campaign, opened, CAMPAIGN, "evanston"))
    assert (done["state"], done["rows"]) == ("done", scale.rows)
    with urlopen(done["link"], timeout=60) as answer:  # noqa: S310
        assert answer.headers["Content-Type"].startswith("text/csv")
        file = answer.read()
    assert len(file) == done["bytes"]
    found = [row["email_address"] for row in csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""))]
    assert found == [f"signer{number}@signers.example" for number in range(scale.rows)]
    assert 0 < peak_mb() < 256
