"""Exports: the files of signatures that organizers requested, and their progress."""

from __future__ import annotations

from boto3.dynamodb.conditions import Attr

from undersigned.base.table import Repository, read_row, read_rows
from undersigned.organizing.rules.exports import Export


class Exports(Repository):
    """Exports in the table."""

    def put_export(self, export: Export) -> None:
        """Write the state of an export. Raises ChangedError if its file was deleted because a letter was erased."""
        is_kept = Attr("state").not_exists() | Attr("state").ne("erased")
        self._table.put(export.item(), None if export.state == "erased" else is_kept)

    def export(self, campaign: str, export_id: str) -> Export | None:
        """Read an export consistently."""
        values = self._table.get(Export.locate(campaign=campaign, id=export_id), consistent=True)
        return read_row(Export.read, values) if values else None

    def exports(self, campaign: str, *, whole: bool = True) -> tuple[Export, ...]:
        """Read a campaign's exports consistently, in no order."""
        rows = self._table.query(Export.partition(campaign=campaign), consistent=True)
        return tuple(read_rows(Export.read, rows, whole=whole))
