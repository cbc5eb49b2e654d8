"""The files of exports as tests read them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from tests.world import client_of

if TYPE_CHECKING:
    from tests.world import World
    from undersigned.organizing.rules.exports import Export


def file_of(world: World, export: Export) -> bytes:
    bucket = world.wiring.settings.packet_bucket
    return bytes(client_of("s3").get_object(Bucket=bucket, Key=export.file)["Body"].read())


def rows_of(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))
