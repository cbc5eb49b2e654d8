"""Peak memory and CPU of an export, by its number of rows: read, written as CSV, uploaded part by part.

The real use case and the real adapter of S3 run in a process of their own. Rows are made when they are asked for, long
ones with a drawing, and S3's answers are stubbed: neither the table nor the file is in the function's memory.
"""

from __future__ import annotations

import json
import sys
import time
from types import SimpleNamespace
from typing import Any

import boto3

from benchmarks.goals import Benchmark, Figures, Flat, Limit, Size
from benchmarks.memory import in_own_process, peak_mb
from benchmarks.stores import (
    CAMPAIGN,
    NOW,
    SHIPPED,
    MadeSignatures,
    OneExport,
    QueuedExports,
    ShippedCampaign,
)
from undersigned.aws.export_files import ExportFiles
from undersigned.aws.packet_store import SIGNED_LINKS
from undersigned.domain.exports import ExportFilter
from undersigned.services.catalog import Catalog
from undersigned.services.exporting import Exporting, SignatureSheet

SIZES: dict[Size, tuple[int, ...]] = {"full": (1_000, 50_000), "small": (1_000, 10_000)}

GOALS = (
    Limit("* rows", ("peak_mb",), at_most=256),
    Flat("* rows", "peak_mb"),
    Limit("50,000 rows", ("cpu_seconds",), at_most=45, timed=True, only="full"),
)
"""At 45 seconds, a million rows take the quarter of an hour that Lambda gives the function."""

_PART = 5 * 1024 * 1024


def measure(size: Size) -> Figures:
    """Return peak megabytes, seconds of CPU, parts and bytes of the file for each number of rows."""
    return {f"{rows:,} rows": in_own_process(__name__, str(rows)) for rows in SIZES[size]}


def export(rows: int) -> dict[str, float]:
    """Export that many rows and return the figures."""
    campaigns, exports, queue, s3 = ShippedCampaign(), OneExport(), QueuedExports(), _Uploads()
    letter = SHIPPED.letter.version
    exporting = Exporting(
        sheet=SignatureSheet(
            catalog=Catalog(campaigns=campaigns, clock=lambda: NOW),
            signatures=MadeSignatures(rows, letter, note="In my own words. " * 20, drawing="M0 0" * 1_000),
            campaigns=campaigns,
            clock=lambda: NOW,
            new_id=lambda: "an-export",
        ),
        exports=exports,
        files=ExportFiles(s3.client, "bucket"),
        queue=queue,
    )
    asked = exporting.ask(CAMPAIGN, ExportFilter(), "benchmark")
    assert (queue.ids, len(campaigns.audited)) == ([asked.id], 1)
    began = time.process_time()
    done = exporting.write(CAMPAIGN, asked.id)
    seconds, peak = time.process_time() - began, peak_mb()
    assert (done.state, done.rows, done.bytes) == ("done", rows, s3.bytes)
    assert (s3.lines, s3.parts) == (rows + 1, -(-s3.bytes // _PART))
    return {"peak_mb": peak, "cpu_seconds": round(seconds, 1), "parts": s3.parts, "bytes": s3.bytes}


class _Uploads:
    """An S3 client whose uploads are counted and answered without a network."""

    def __init__(self) -> None:
        self.parts = self.bytes = self.lines = 0
        self.client = _client()
        self.client.meta.events.register("before-call.s3", self._answer)

    def _answer(self, model: Any, params: Any, **_: Any) -> tuple[Any, Any]:
        if model.name in {"UploadPart", "PutObject"}:
            part = params["body"].read()
            self.parts += 1
            self.bytes += len(part)
            self.lines += part.count(b"\r\n")
        return SimpleNamespace(status_code=200), {"UploadId": "upload", "ETag": '"part"', "ResponseMetadata": {}}


def _client() -> Any:
    return boto3.client(
        "s3",
        config=SIGNED_LINKS,
        region_name="us-east-1",
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",  # noqa: S106  (it opens nothing)
    )


BENCHMARK = Benchmark("Peak memory of an export", GOALS, measure)

if __name__ == "__main__":
    print(json.dumps(export(int(sys.argv[1]))))
