"""Exports: the files of signatures that organizers requested, and their progress.

| row | pk | sk |
|---|---|---|
| export | `EXPORT#<campaign>` | `<id>` |
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Key
from undersigned.base.table import Repository, read_choice, read_row, read_rows, written
from undersigned.organizing.rules.exports import Export, Exported, ExportFilter, ExportState

if TYPE_CHECKING:
    from undersigned.base.rows import Values


def _partition(campaign: str) -> str:
    return f"EXPORT#{campaign}"


def locate(campaign: str, export_id: str) -> Key:
    """Return the key of an export."""
    return Key(_partition(campaign), export_id)


class Exports(Repository):
    """Exports in the table."""

    def put_export(self, export: Export) -> None:
        """Write the state of an export. Raises ChangedError if its file was deleted because a letter was erased."""
        is_kept = Attr("state").not_exists() | Attr("state").ne("erased")
        self._table.put(
            {
                **locate(export.campaign, export.id)._asdict(),
                "state": export.state,
                "target": export.filter.target,
                "standing": export.filter.status,
                "by": export.by,
                "asked_at": written(export.asked_at),
                "rows": export.rows,
                "bytes": export.bytes,
                "expires_at": int(export.expires_at.timestamp()),
            },
            None if export.state == "erased" else is_kept,
        )

    def export(self, campaign: str, export_id: str) -> Export | None:
        """Read an export consistently."""
        values = self._table.get(locate(campaign, export_id), consistent=True)
        return read_row(_read, values) if values else None

    def exports(self, campaign: str, *, whole: bool = True) -> tuple[Export, ...]:
        """Read a campaign's exports consistently, in no order."""
        return tuple(read_rows(_read, self._table.query(_partition(campaign), consistent=True), whole=whole))


def _read(values: Values) -> Export:
    return Export(
        campaign=values["pk"].partition("#")[2],
        id=values["sk"],
        state=read_choice(ExportState, values["state"]),
        filter=ExportFilter(values.get("target"), cast("Exported | None", values.get("standing"))),
        by=values["by"],
        asked_at=datetime.fromisoformat(values["asked_at"]),
        rows=int(values["rows"]),
        bytes=int(values["bytes"]),
    )
