"""The files of exports as tests read them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from tests.support.world import CAMPAIGN, client_of
from undersigned.campaigns.activity import perform
from undersigned.organizing.exporting import recent_exports
from undersigned.organizing.rules.exports import ExportFilter

if TYPE_CHECKING:
    from tests.support.world import World
    from undersigned.organizing.rules.exports import Export


def asked(world: World, wanted: ExportFilter = ExportFilter(), by: str = "ann", *, new: bool = False) -> Export:  # noqa: B008
    """Ask for an export, as an organizer does, and return it."""
    known = recent_exports(world.stack, CAMPAIGN)
    given = {"target": wanted.target or "", "status": wanted.status or "", "news": wanted.news or ""}
    given["new"] = "yes" if new else ""
    perform(world.stack, "export", CAMPAIGN, given, by)
    [added] = [export for export in recent_exports(world.stack, CAMPAIGN) if export not in known]
    return added


def file_of(world: World, export: Export) -> bytes:
    bucket = world.stack.settings.packet_bucket
    return bytes(client_of("s3").get_object(Bucket=bucket, Key=export.file)["Body"].read())


def rows_of(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))
