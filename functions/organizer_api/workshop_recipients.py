"""The workshop's table of recipients: typed, pasted or uploaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import dashboard_routes
from functions.organizer_api.workshop import address_of, number_of, save, workshop_of, write
from undersigned.authoring import targets as targets_file
from undersigned.authoring.column_choice import guess, rows_in, taken, used_twice
from undersigned.authoring.mistakes import MistakesError
from undersigned.authoring.target_tables import TargetTable, read_table
from undersigned.web.answers import dashboard_page, download
from undersigned.web.authoring import columns as column_pages
from undersigned.web.authoring import recipients as recipient_pages
from undersigned.web.authoring.recipients import Upload
from undersigned.web.uploads import posted_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.web.authoring.frame import Workshop
    from undersigned.web.organizer_requests import DashboardRequest

pages = dashboard_routes()


@pages.get("/workshop/recipients", "manage")
def recipients(request: DashboardRequest) -> Response[str]:
    """Show a page of the table of recipients."""
    return dashboard_page(recipient_pages.recipients(workshop_of(request), number_of(request.query("page"))))


@pages.get("/workshop/recipients/file", "manage")
def recipients_file(request: DashboardRequest) -> Response[bytes]:
    """Download the table of recipients as CSV. Spreadsheets find no formula in it."""
    text = read_table(wired.stack.authoring.drafting.draft(request.campaign).files.get(targets_file.FILE, "")).text()
    # Spreadsheets recognise UTF-8 by its byte order mark.
    return download(f"\ufeff{text}".encode(), "text/csv; charset=utf-8", f"{request.campaign}-recipients.csv")


@pages.post("/workshop/recipients", "manage")
def save_recipients(request: DashboardRequest) -> Response[str]:
    """Save a page of the table, or take rows from a spreadsheet in two steps."""
    posted = posted_form(request.event)
    match request.posted("do"):
        case "paste":
            return _ask_for_columns(request)
        case "columns":
            return _take_rows(request, posted)
        case "back":
            return _show_pasted(request, posted)
        case "undo":
            return _undo(request, posted)
        case action:
            return _save_rows(request, posted, more=action == "more")


def _save_rows(request: DashboardRequest, posted: Mapping[str, object], *, more: bool) -> Response[str]:
    workshop = workshop_of(request)
    text = recipient_pages.posted_table(workshop.table, posted).text()
    then = address_of(request, "recipients?page=100000#rows") if more else ""
    return save(request, "recipients", workshop.draft, targets_file.FILE, text, then=then)


def _ask_for_columns(request: DashboardRequest) -> Response[str]:
    """Read pasted or uploaded rows, and ask which column is which. Nothing is saved."""
    workshop, pasted = workshop_of(request), request.typed("pasted")
    replaces = request.posted("replace") == "yes"
    try:
        rows = rows_in(request.uploaded("file"), pasted)
        if not rows:
            raise MistakesError([recipient_pages.NOTHING_PASTED])  # noqa: TRY301  (shown as the others are)
    except MistakesError as error:
        upload = Upload(pasted, replaces, error)
        return dashboard_page(recipient_pages.recipients(workshop, 1, upload), status=422)
    return dashboard_page(column_pages.columns(workshop, rows, guess(rows), replaces=replaces))


def _show_pasted(request: DashboardRequest, posted: Mapping[str, object]) -> Response[str]:
    """Show the list again, with the rows in the field to paste them into."""
    upload = Upload(column_pages.as_pasted(column_pages.posted_rows(posted)), request.posted("replace") == "yes")
    return dashboard_page(recipient_pages.recipients(workshop_of(request), 1, upload))


def _take_rows(request: DashboardRequest, posted: Mapping[str, object]) -> Response[str]:
    """Add the rows with the chosen columns, or put them in place of the list."""
    workshop, replaces = workshop_of(request), request.posted("replace") == "yes"
    rows = column_pages.posted_rows(posted)
    choice = column_pages.posted_choice(posted, len(rows[0]) if rows else 0)
    found = taken(rows, choice)
    if not rows or (any(choice.columns) and not found.rows):
        upload = Upload("", replaces, MistakesError([recipient_pages.NOTHING_PASTED]))
        return dashboard_page(recipient_pages.recipients(workshop, 1, upload), status=422)
    if used_twice(choice) or not found.rows:
        return dashboard_page(column_pages.columns(workshop, rows, choice, replaces=replaces), status=422)
    table = workshop.table
    is_added = bool(workshop.table.rows) and not replaces
    changed = table.with_rows_of(found) if is_added else table.replaced_by(found)
    # Added rows change no other rows.
    saving = write if is_added else save
    answer = saving(request, "recipients", workshop.draft, targets_file.FILE, changed.text())
    upload = Upload(unused=found.unused, without_codes=changed.without_codes_of(table), replaced=table.known_in(found))
    return _taken(request, answer, workshop, upload, found)


def _taken(
    request: DashboardRequest, answer: Response[str], before: Workshop, upload: Upload, found: TargetTable
) -> Response[str]:
    """Return the table with the outcome of the rows, and a button that undoes it. Doesn't redirect to the next step.

    The outcome can't be in an address: logs and histories keep addresses, and a link could claim anything.
    """
    if answer.status_code != 303:  # noqa: PLR2004
        return answer
    workshop = workshop_of(request)
    workshop = replace(workshop, viewer=replace(workshop.viewer, done="saved"))
    text = before.draft.files.get(targets_file.FILE, "")
    upload = replace(upload, taken=len(found.rows), before=column_pages.packed(text))
    return dashboard_page(recipient_pages.recipients(workshop, 1, upload))


def _undo(request: DashboardRequest, posted: Mapping[str, object]) -> Response[str]:
    """Put the list back as it was before the rows were taken, unless somebody changed it since."""
    try:
        text = column_pages.unpacked(posted.get("before"))
    except ValueError:
        return dashboard_page(recipient_pages.recipients(workshop_of(request), 1), status=422)
    draft = wired.stack.authoring.drafting.draft(request.campaign)
    return save(request, "recipients", draft, targets_file.FILE, text)
