"""The workshop's table of recipients: typed, pasted or uploaded."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from undersigned.base.answers import dashboard_page, download
from undersigned.base.languages import Message
from undersigned.base.posted_files import posted_form
from undersigned.people.pages.typed import packed, unpacked
from undersigned.workshop import drafting
from undersigned.workshop import targets as targets_file
from undersigned.workshop.column_choice import by_headings, by_row, rows_in, taken, unneeded, used_twice
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pages import columns as column_pages
from undersigned.workshop.pages import recipients as recipient_pages
from undersigned.workshop.pages.frame import COLUMNS, fingerprint
from undersigned.workshop.pages.recipients import Upload
from undersigned.workshop.routes.drafts import WorkshopRoutes
from undersigned.workshop.routes.steps import as_typed, number_of, save, workshop_of, write
from undersigned.workshop.target_tables import TargetTable, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import DashboardRequest
    from undersigned.workshop.column_choice import Choice
    from undersigned.workshop.pages.frame import Workshop

pages = WorkshopRoutes()

_CELL = re.compile(r"cell-(\d+)-(\w+)")

_LAST = 100_000
"""The number of the table's last page, or of one after it."""


@pages.get("/workshop/recipients", "manage")
def recipients(request: DashboardRequest) -> Response[str]:
    """Show a page of the table of recipients."""
    return dashboard_page(recipient_pages.recipients(workshop_of(request), number_of(request.query("page"))))


@pages.get("/workshop/recipients/file", "manage")
def recipients_file(request: DashboardRequest) -> Response[bytes]:
    """Download the table of recipients as CSV. Spreadsheets find no formula in it."""
    text = read_table(drafting.draft_of(request.stack, request.campaign).files.get(targets_file.FILE, "")).text()
    # Spreadsheets recognise UTF-8 by its byte order mark.
    return download(f"\ufeff{text}".encode(), "text/csv; charset=utf-8", f"{request.campaign}-recipients.csv")


def _label_of(name: str) -> Message | None:
    if cell := _CELL.fullmatch(name):
        column = COLUMNS.get(cell[2], cell[2])
        return Message("%(column)s, row %(number)s", {"column": column, "number": int(cell[1]) + 1})
    return Message("Cells from a spreadsheet") if name == "pasted" else None


@pages.post("/workshop/recipients", "manage", keeps=_label_of)
def save_recipients(request: DashboardRequest) -> Response[str]:
    """Save a page of the table, or take rows from a spreadsheet in two steps; or show the page as it was typed."""
    page = _Typed.read(request)
    match request.posted("do"):
        case "columns" | "headings":
            return _take_rows(request, page)
        case "back":
            rows = column_pages.posted_rows(page.posted)
            chosen = column_pages.kept_choice(rows, page.posted)
            return _shown(request, page, replace(page.with_rows(rows), chosen=chosen))
        case "undo":
            return _undo(request, page)
        case "more":
            return _shown(request, replace(page, number=_LAST), page.rows_as_pasted())
        case action if action == "paste" or page.has_rows:
            return _ask_for_columns(request, page)
        case _:
            return save(request, "recipients", page.workshop, {targets_file.FILE: page.table.text()})


@dataclass(frozen=True, slots=True)
class _Typed:
    """A posted page: its table as typed, and its other fields. `number` is the number of the shown page.

    The page keeps the whole table, packed, once it shows rows that were typed and are not saved.
    """

    posted: Mapping[str, object]
    workshop: Workshop
    table: TargetTable
    upload: Upload
    content: bytes
    number: int

    @classmethod
    def read(cls, request: DashboardRequest) -> Self:
        posted, workshop = posted_form(request.event), workshop_of(request)
        kept = _unpacked(posted, "list")
        table = recipient_pages.posted_table(read_table(kept) if kept else workshop.table, posted)
        upload = Upload(request.typed("pasted"), request.posted("replace") == "yes")
        return cls(posted, workshop, table, upload, request.uploaded("file"), number_of(request.posted("page")))

    @property
    def has_rows(self) -> bool:
        """Say whether rows were pasted or uploaded, or are to replace the list."""
        return bool(self.content or self.upload.pasted.strip() or self.upload.replaces)

    @property
    def kept(self) -> str:
        """Return the table for the page's hidden field; empty if nothing in it was typed."""
        saved = recipient_pages.posted_table(self.workshop.table, {})
        return "" if self.table.rows == saved.rows else packed(self.table.text())

    def with_rows(self, rows: list[list[str]]) -> Upload:
        """Return what the field for pasted rows has, with further rows before it: no page can fill in a file."""
        return replace(self.upload, pasted=column_pages.as_pasted(rows) + self.upload.pasted)

    def rows_as_pasted(self) -> Upload:
        """Return the rows for the field to paste them into, also those of a file."""
        with suppress(MistakesError):
            return self.with_rows(rows_in(self.content, "")) if self.content else self.upload
        return self.upload


def _shown(request: DashboardRequest, page: _Typed, upload: Upload, *, status: int = 200) -> Response[str]:
    """Show the list as it was typed. Nothing is saved."""
    workshop = page.workshop
    if page.kept:
        workshop = as_typed(request, workshop, {targets_file.FILE: page.table.text()})
    shown = recipient_pages.recipients(workshop, page.number, upload, kept_list=page.kept)
    return dashboard_page(shown, status=status)


def _ask_for_columns(request: DashboardRequest, page: _Typed) -> Response[str]:
    """Read pasted or uploaded rows, and ask which column is which. Nothing is saved."""
    try:
        rows = rows_in(page.content, page.upload.pasted)
        if not rows:
            raise MistakesError([recipient_pages.NOTHING_PASTED])  # noqa: TRY301  (shown as the others are)
    except MistakesError as error:
        return _shown(request, page, replace(page.upload, error=error), status=422)
    return _columns_page(request, page, rows, column_pages.chosen_before(rows, page.posted) or by_headings(rows))


def _columns_page(
    request: DashboardRequest, page: _Typed, rows: list[list[str]], choice: Choice, *, status: int = 200
) -> Response[str]:
    workshop = replace(page.workshop, was=request.posted("was"))
    # A file goes first: what was pasted as well stands in its field again after that.
    upload = page.upload if page.content or "rows" in page.posted else replace(page.upload, pasted="")
    is_refused = status != 200  # noqa: PLR2004
    shown = column_pages.columns(workshop, rows, choice, upload, kept_list=page.kept, is_refused=is_refused)
    return dashboard_page(shown, status=status)


def _take_rows(request: DashboardRequest, page: _Typed) -> Response[str]:
    """Add the rows with the chosen columns, or put them in place of the list."""
    rows, replaces, table = column_pages.posted_rows(page.posted), page.upload.replaces, page.table
    choice = column_pages.posted_choice(page.posted, rows)
    if rows and column_pages.is_by_another_row(page.posted):
        return _columns_page(request, page, rows, by_row(rows, choice))
    found = taken(rows, choice)
    if not rows or (any(choice.columns) and not found.rows):
        nothing = MistakesError([recipient_pages.NOTHING_PASTED])
        return _shown(request, page, replace(page.upload, error=nothing), status=422)
    if used_twice(choice) or unneeded(rows, choice) or not found.rows:
        return _columns_page(request, page, rows, choice, status=422)
    is_added = bool(table.rows) and not replaces
    changed = table.with_rows_of(found) if is_added else table.replaced_by(found)
    # Added rows change no other rows.
    saving = write if is_added and not page.kept else save
    answer = saving(request, "recipients", page.workshop, {targets_file.FILE: changed.text()})
    labels = column_pages.labels_of(page.workshop, rows, choice)
    upload = Upload(
        page.upload.pasted,
        unused=[labels[place] for place in found.unused],
        without_codes=changed.without_codes_of(table),
        replaced=table.known_in(found),
    )
    return _taken(request, answer, page.workshop, upload, found)


def _taken(
    request: DashboardRequest, answer: Response[str], before: Workshop, upload: Upload, found: TargetTable
) -> Response[str]:
    """Return the table with the outcome of the rows, and a button that undoes it. Doesn't redirect to the next step.

    The outcome can't be in an address: logs and histories keep addresses, and a link could claim anything.
    """
    if answer.status_code != 303:  # noqa: PLR2004
        return answer
    workshop = _saved(workshop_of(request))
    text = before.draft.files.get(targets_file.FILE, "")
    upload = replace(upload, taken=len(found.rows), before=packed(text))
    return dashboard_page(recipient_pages.recipients(workshop, 1, upload))


def _saved(workshop: Workshop) -> Workshop:
    return replace(workshop, viewer=replace(workshop.viewer, done="saved"))


def _undo(request: DashboardRequest, page: _Typed) -> Response[str]:
    """Put the list back as it was before the rows were taken, unless somebody changed it since."""
    text = _unpacked(page.posted, "before")
    if text is None:
        return _shown(request, page, page.rows_as_pasted(), status=422)
    answer = save(request, "recipients", page.workshop, {targets_file.FILE: text})
    typed = recipient_pages.changed_rows(page.workshop.table, page.posted)
    if answer.status_code != 303 or not (typed or page.has_rows):  # noqa: PLR2004
        return answer
    workshop = replace(_saved(workshop_of(request)), was=fingerprint(text))
    after = replace(page, workshop=workshop, table=recipient_pages.posted_table(workshop.table, typed))
    return _shown(request, after, page.rows_as_pasted())


def _unpacked(posted: Mapping[str, object], name: str) -> str | None:
    """Return a text that a page kept; None if no page of ours did."""
    try:
        return unpacked(posted.get(name))
    except ValueError:
        return None
