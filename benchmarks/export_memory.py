"""Peak memory and CPU of an export, by its number of rows: read, written as CSV, uploaded part by part.

The real use case and the real adapter of S3 run in a process of their own. Rows are made when they are asked for, long
ones with a drawing, and S3's answers are stubbed: neither the table nor the file is in the function's memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3

from benchmarks.typesetting import peak_mb
from undersigned.aws.export_files import ExportFiles
from undersigned.aws.packet_store import SIGNED_LINKS
from undersigned.domain.exports import ExportFilter
from undersigned.domain.signatures import Signature
from undersigned.services.exporting import Exporting, SignatureSheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.domain.controls import AuditEntry
    from undersigned.domain.exports import Export

ROOT = Path(__file__).parents[1]
SIZES = (1_000, 50_000)
NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
CAMPAIGN = "end-demand-illinois"


def measure() -> dict[str, dict[str, float]]:
    """Return peak megabytes, seconds of CPU, parts and bytes of the file for each number of rows."""
    return {f"{size:,} rows": _in_a_process_of_its_own(size) for size in SIZES}


def _in_a_process_of_its_own(rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.export_memory", str(rows)]
    child = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(child.stdout)
    return figures


def export(rows: int) -> dict[str, float]:
    """Export that many rows and return the figures."""
    stores, s3 = _Stores(rows), _UploadedTo()
    exporting = Exporting(
        SignatureSheet(stores, stores, stores, lambda: NOW, lambda: "an-export"),  # type: ignore[arg-type]  # all that is asked of the stores here
        stores,
        ExportFiles(s3.client, "bucket"),
        stores,
    )
    asked = exporting.ask(CAMPAIGN, ExportFilter(), "benchmark")
    began = time.process_time()
    done = exporting.write(CAMPAIGN, asked.id)
    seconds = time.process_time() - began
    assert (done.state, done.rows, done.bytes) == ("done", rows, s3.bytes)
    return {"peak_mb": peak_mb(), "cpu_seconds": round(seconds, 1), "parts": s3.parts, "bytes": s3.bytes}


class _UploadedTo:
    """An S3 client whose uploads are counted and answered without a network."""

    def __init__(self) -> None:
        self.parts = self.bytes = 0
        self.client: Any = boto3.client(
            "s3",
            config=SIGNED_LINKS,
            region_name="us-east-1",
            aws_access_key_id="benchmark",
            aws_secret_access_key="benchmark",  # noqa: S106
        )
        self.client.meta.events.register("before-call.s3", self._answer)  # type: ignore[arg-type]  # an answer stops the call

    def _answer(self, model: Any, params: Any, **_: Any) -> tuple[Any, Any]:
        if model.name in {"UploadPart", "PutObject"}:
            self.parts += 1
            self.bytes += len(params["body"].read())
        return SimpleNamespace(status_code=200), {"UploadId": "upload", "ETag": '"part"', "ResponseMetadata": {}}


class _Stores:
    """All that an export needs of the outside."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._export: Export | None = None

    def entry(self, _campaign: str) -> Any:
        return SimpleNamespace(roster=SimpleNamespace(by_id={}))

    def letter(self, _campaign: str, _version: str) -> Any:
        return SimpleNamespace(language="en")

    def newest_signatures(self, _campaign: str, **_: object) -> Iterator[tuple[str, Signature]]:
        for number in range(self._rows):
            yield str(number), _signature(number)

    def note(self, _entry: AuditEntry, _mark: str) -> None:
        """Keep nothing."""

    def put_export(self, export: Export) -> None:
        self._export = export

    def export(self, _campaign: str, _export_id: str) -> Export | None:
        return self._export

    def exports(self, _campaign: str) -> tuple[Export, ...]:
        return (self._export,) if self._export else ()

    def put(self, _campaign: str, _export_id: str) -> None:
        """Queue nothing."""


def _signature(number: int) -> Signature:
    signed_at = NOW - timedelta(seconds=number)
    return Signature(
        campaign=CAMPAIGN,
        signer=f"{number:032x}",
        status="confirmed",
        version=2,
        name=f"Signer Number{number}",
        email=f"signer{number}@signers.example",
        address_line="1 Sample Street",
        locality="Evanston",
        region="IL",
        postal_code="60201",
        target="evanston",
        signature=f"Signer Number{number}",
        note="In my own words. " * 20,
        updates=True,
        letter="a" * 64,
        signed_at=signed_at,
        signed_on=signed_at.date(),
        mail_request="",
        confirmed_at=signed_at,
        confirmed_on=signed_at.date(),
        drawing="M0 0" * 1_000,
    )


if __name__ == "__main__":
    print(json.dumps(export(int(sys.argv[1]))))
