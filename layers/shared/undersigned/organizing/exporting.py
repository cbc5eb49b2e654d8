"""Exporting: write a campaign's signatures to a file, with any number of rows in constant memory.

The answer of an API is limited in size and time, so an export is a job: an organizer requests it, a separate function
writes the file, and a link downloads it. Rows are read from the newest to the oldest. A person who signs while rows are
read is listed before the rows that are still to be read, so no row is in the file twice. The row of a person who signs
again moves there, too, and may be missing. A form that is confirmed at that time may be in the file as both, form and
letter.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, cast

from undersigned.base.actions import Done, Field, action
from undersigned.base.csv_cells import BYTE_ORDER_MARK, csv_line
from undersigned.base.errors import ChangedError, NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.stack import Stack
from undersigned.campaigns.activity import record
from undersigned.campaigns.catalog import catalog_of
from undersigned.organizing.listing import newest_letters
from undersigned.organizing.queues import export_queue
from undersigned.organizing.rows.exports import Exports
from undersigned.organizing.rules.exports import (
    COLUMNS,
    SUPPORTER_COLUMNS,
    Export,
    ExportFilter,
    row,
    supporter_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from undersigned.organizing.rules.exports import Exported, ExportState, News

_READ_AHEAD = 500
"""How many letters are read in one step. With a drawing in each, they take 5 MB."""

_LINK_SECONDS = 900

_INDEX_LAGS = timedelta(minutes=15)
"""How late the index can be that lists letters: one from just before an export may be missing in it."""


class NotReadyError(NotNowError):
    """The export's file is not ready, or the export has failed; says what to do."""


@action(
    "export",
    Message("Created a file of letters"),
    command="export",
    page="/exports",
    button=Message("Create a file"),
    done={"asked": Message("The file is in the list below. You can download it as soon as it is ready.")},
)
def ask(  # noqa: PLR0913  (fields)
    stack: Stack,
    campaign: str,
    *,
    target: Annotated[str, Field(str, "Only letters to this recipient.")],
    status: Annotated[str, Field(str, "Only letters with this status.")],
    news: Annotated[str, Field(str, "Only supporters: who `agreed` to news, or `ended` that.")],
    new: Annotated[bool, Field(bool, "Only what is new since the last such file.")],
    by: str,
) -> Done:
    """Request an export. It is written when a function takes it from the queue. Raises NotFoundError."""
    entry = catalog_of(stack).entry(campaign)
    if target:
        entry.target(target)
    wanted = ExportFilter(target or None, cast("Exported | None", status or None), cast("News | None", news or None))
    if new and (last := _last_time(stack, campaign, wanted)):
        wanted = replace(wanted, since=last - _INDEX_LAGS)
    export = Export(campaign, stack.new_id(), "queued", wanted, by, stack.clock())
    # Before the row, which would wait for ever if this failed. The person who gets the error asks again.
    record_export(stack, campaign, wanted, by)
    Exports(stack.table).put_export(export)
    export_queue(stack).put(campaign, export.id)
    return Done("asked", log=None)


def _last_time(stack: Stack, campaign: str, wanted: ExportFilter) -> datetime | None:
    """Return when somebody asked for the newest file that has the same; None if none is known any more, or yet."""
    known = Exports(stack.table).exports(campaign, whole=False)
    same = (export for export in known if replace(export.filter, since=None) == wanted and export.state == "done")
    return max((export.asked_at for export in same), default=None)


def record_export(stack: Stack, campaign: str, wanted: ExportFilter, by: str) -> None:
    """Record an export of personal data in the activity log."""
    record(stack, campaign, "export", by, str(wanted))


def get_export(stack: Stack, campaign: str, export_id: str) -> Export:
    """Return an export. Raises NotFoundError once it has expired."""
    found = Exports(stack.table).export(campaign, export_id)
    if found is None or stack.clock() >= found.file_until:
        message = f"campaign {campaign!r} has no export {export_id!r}; exports are kept for a week"
        raise NotFoundError(message)
    return found


def recent_exports(stack: Stack, campaign: str) -> tuple[Export, ...]:
    """Return a campaign's exports, newest first."""
    now = stack.clock()
    kept = (export for export in Exports(stack.table).exports(campaign, whole=False) if now < export.file_until)
    return tuple(sorted(kept, key=lambda export: export.asked_at, reverse=True))


def link_to(stack: Stack, export: Export) -> str:
    """Return a web address for downloading the file. It works for 15 minutes. Raises NotReadyError."""
    match export.state:
        case "failed":
            raise NotReadyError(Message("The file could not be created. Create a new one."))
        case "erased":
            raise NotReadyError(Message("The file was deleted, because a letter was erased. Create a new one."))
        case "queued" | "running":
            raise NotReadyError(Message("The file is not ready. Try again in a moment."))
    return stack.bucket.link(export.file, export.filename, _LINK_SECONDS)


def write_export(stack: Stack, campaign: str, export_id: str) -> Export:
    """Write an export's file, unless it is written, and return the export.

    After a crash it starts again from the beginning: the file appears in the store only when it is complete. If a
    letter is erased before the end, the file may have it, and is deleted.
    """
    export = get_export(stack, campaign, export_id)
    if export.state == "done":
        return export
    if export.state == "erased":
        # A process that crashed may have completed its file after the erasure.
        stack.bucket.delete(export.file)
        return export
    begun = replace(export, state="running", rows=0, bytes=0)
    progress = _Progress(begun, Exports(stack.table), stack.limits.rows_between_news)
    try:
        stack.bucket.write(export.file, progress.of(csv_lines(stack, campaign, export.filter)))
        return progress.say("done")
    except ChangedError:
        stack.bucket.delete(export.file)
        return get_export(stack, campaign, export_id)


def csv_lines(stack: Stack, campaign: str, wanted: ExportFilter, read_ahead: int = _READ_AHEAD) -> Iterator[bytes]:
    """Return the file's lines: the column names, then the letters, newest first.

    A file of letters begins with a byte order mark, for Excel. A file of supporters doesn't: it is for mailing lists.
    """
    catalog = catalog_of(stack)
    yield csv_line(SUPPORTER_COLUMNS) if wanted.news else BYTE_ORDER_MARK + csv_line(COLUMNS)
    for _, signature in newest_letters(stack, campaign, read_ahead=read_ahead, status=wanted.status):
        if signature and wanted.matches(signature):
            language = catalog.letter(campaign, signature.letter).language
            yield csv_line(supporter_row(signature) if wanted.news else row(signature, language))


def put_off_export(stack: Stack, campaign: str, export_id: str, *, last: bool) -> None:
    """Record that an export was not written, and waits for its next try or, after the last one, has failed."""
    export = get_export(stack, campaign, export_id)
    Exports(stack.table).put_export(replace(export, state="failed" if last else "queued", rows=0, bytes=0))


def end_exports(stack: Stack, campaign: str) -> None:
    """Delete the files of all exports of a campaign. An export that is being written ends, and its file goes, too.

    So does the file of a failed export: another worker may still write it, or have written the file before the export's
    state.
    """
    exports = Exports(stack.table)
    found = exports.exports(campaign)
    for export in found:
        if export.state != "erased":
            exports.put_export(replace(export, state="erased", rows=0, bytes=0))
    # Also files marked as erased before: a crash may have come between mark and deletion.
    if found:
        stack.bucket.delete(*(export.file for export in found))


class _Progress:
    """Counts the lines that pass, and records the progress now and then."""

    def __init__(self, export: Export, exports: Exports, rows_between_news: int) -> None:
        self._export = export
        self._exports = exports
        self._rows_between_news = rows_between_news

    def of(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        self.say("running")
        for rows, line in enumerate(lines):  # the first line holds the columns' names
            self._export = replace(self._export, rows=rows, bytes=self._export.bytes + len(line))
            if rows and rows % self._rows_between_news == 0:
                self.say("running")
            yield line

    def say(self, state: ExportState) -> Export:
        self._export = replace(self._export, state=state)
        self._exports.put_export(self._export)
        return self._export
