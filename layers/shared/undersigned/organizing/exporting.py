"""Exporting: write a campaign's signatures to a file, with any number of rows in constant memory.

The answer of an API is limited in size and time, so an export is a job: an organizer requests it, a separate function
writes the file, and a link downloads it. Rows are read from the newest to the oldest. A person who signs meanwhile is
listed before the rows that are still to be read, so no row is in the file twice. The row of a person who signs again
meanwhile moves there, too, and may be missing. A form that is confirmed meanwhile may be in it as both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError, NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.campaigns.rules.controls import AuditEntry
from undersigned.organizing.listing import newest_letters
from undersigned.organizing.rules.exports import BYTE_ORDER_MARK, COLUMNS, Export, csv_line, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from undersigned.base.bucket import Bucket
    from undersigned.base.queues import ExportQueue
    from undersigned.campaigns.catalog import Catalog
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.organizing.rows.exports import Exports
    from undersigned.organizing.rules.exports import ExportFilter, ExportState
    from undersigned.signing.rows.forms import Forms
    from undersigned.signing.rows.signatures import Signatures

_READ_AHEAD = 500
"""How many letters are read in one step. With a drawing in each, they take 5 MB."""

_LINK_SECONDS = 900

_ROWS_BETWEEN_NEWS = 2_000
"""How often the progress of an export is recorded, in rows."""


class NotReadyError(NotNowError):
    """The export's file is not ready, or the export has failed; says what to do."""


@dataclass(kw_only=True, frozen=True, slots=True)
class SignatureSheet:
    """Reads a campaign's signatures as CSV."""

    catalog: Catalog
    forms: Forms
    signatures: Signatures
    campaigns: Campaigns
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def lines(self, campaign: str, wanted: ExportFilter) -> Iterator[bytes]:
        """Return the file's lines: a byte order mark and the column names, then the letters, newest first."""
        yield BYTE_ORDER_MARK + csv_line(COLUMNS)
        rows = newest_letters(self.forms, self.signatures, campaign, read_ahead=_READ_AHEAD, status=wanted.status)
        for _, signature in rows:
            if signature and wanted.matches(signature):
                yield csv_line(row(signature, self.catalog.letter(campaign, signature.letter).language))

    def check(self, campaign: str, wanted: ExportFilter) -> None:
        """Raise NotFoundError if there is no such campaign or target."""
        entry = self.catalog.entry(campaign)
        if wanted.target is not None:
            entry.target(wanted.target)

    def record(self, campaign: str, wanted: ExportFilter, by: str) -> None:
        """Record an export of personal data in the activity log."""
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), "export", by, about=str(wanted)), self.new_id())


@dataclass(kw_only=True, frozen=True, slots=True)
class Exporting:
    """Makes and lists exports."""

    sheet: SignatureSheet
    exports: Exports
    files: Bucket
    queue: ExportQueue

    def ask(self, campaign: str, wanted: ExportFilter, by: str) -> Export:
        """Request an export. It is written when a function takes it from the queue. Raises NotFoundError."""
        self.sheet.check(campaign, wanted)
        export = Export(campaign, self.sheet.new_id(), "queued", wanted, by, self.sheet.clock())
        # Before the row, which would wait for ever if this failed. The person who gets the error asks again.
        self.sheet.record(campaign, wanted, by)
        self.exports.put_export(export)
        self.queue.put(campaign, export.id)
        return export

    def export(self, campaign: str, export_id: str) -> Export:
        """Return an export. Raises NotFoundError once it has expired."""
        found = self.exports.export(campaign, export_id)
        if found is None or self.sheet.clock() >= found.expires_at:
            message = f"campaign {campaign!r} has no export {export_id!r}; exports are kept for a week"
            raise NotFoundError(message)
        return found

    def recent(self, campaign: str) -> tuple[Export, ...]:
        """Return a campaign's exports, newest first."""
        now = self.sheet.clock()
        kept = (export for export in self.exports.exports(campaign, whole=False) if now < export.expires_at)
        return tuple(sorted(kept, key=lambda export: export.asked_at, reverse=True))

    def link(self, export: Export) -> str:
        """Return a web address for downloading the file. It works for 15 minutes. Raises NotReadyError."""
        match export.state:
            case "failed":
                raise NotReadyError(Message("The file could not be created. Create a new one."))
            case "erased":
                raise NotReadyError(Message("The file was deleted, because a letter was erased. Create a new one."))
            case "queued" | "running":
                raise NotReadyError(Message("The file is not ready. Try again in a moment."))
        return self.files.link(export.file, export.filename, _LINK_SECONDS)

    def write(self, campaign: str, export_id: str) -> Export:
        """Write an export's file, unless it is written, and return the export.

        After a crash it starts again from the beginning: the file appears in the store only when it is complete. If a
        letter is erased meanwhile, the file may have it, and is deleted.
        """
        export = self.export(campaign, export_id)
        if export.state == "done":
            return export
        if export.state == "erased":
            # A process that crashed may have completed its file after the erasure.
            self.files.delete(export.file)
            return export
        progress = _Progress(replace(export, state="running", rows=0, bytes=0), self.exports)
        try:
            self.files.write(export.file, progress.of(self.sheet.lines(campaign, export.filter)))
            return progress.say("done")
        except ChangedError:
            self.files.delete(export.file)
            return self.export(campaign, export_id)

    def put_off(self, campaign: str, export_id: str, *, last: bool) -> None:
        """Record that an export was not written, and waits for its next try or, after the last one, has failed."""
        export = self.export(campaign, export_id)
        self.exports.put_export(replace(export, state="failed" if last else "queued", rows=0, bytes=0))


@dataclass(kw_only=True, frozen=True, slots=True)
class EndingExports:
    """Deletes the files that may have an erased letter."""

    exports: Exports
    files: Callable[[], Bucket]

    def end(self, campaign: str) -> None:
        """Delete the files of all exports of a campaign. One that is being written ends, and its file goes, too."""
        found = self.exports.exports(campaign)
        for export in found:
            if export.state not in {"erased", "failed"}:
                self.exports.put_export(replace(export, state="erased", rows=0, bytes=0))
        # Also those of before: a crash may have come between the two. A failed one may have its file, too: its state
        # is written after the file.
        if found:
            self.files().delete(*(export.file for export in found))


class _Progress:
    """Counts the lines that pass, and records the progress now and then."""

    def __init__(self, export: Export, exports: Exports) -> None:
        self._export = export
        self._exports = exports

    def of(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        self.say("running")
        for rows, line in enumerate(lines):  # the first line holds the columns' names
            self._export = replace(self._export, rows=rows, bytes=self._export.bytes + len(line))
            if rows and rows % _ROWS_BETWEEN_NEWS == 0:
                self.say("running")
            yield line

    def say(self, state: ExportState) -> Export:
        self._export = replace(self._export, state=state)
        self._exports.put_export(self._export)
        return self._export
