"""The workshop's table of recipients: typed, pasted or uploaded."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import dashboard_routes
from functions.organizer_api.workshop import address_of, revision_of, save, save_file, save_merged, workshop_of
from undersigned.authoring import targets as targets_file
from undersigned.authoring.mistakes import MistakesError
from undersigned.authoring.target_tables import TargetTable, read_pasted, read_table
from undersigned.authoring.texts import text_of
from undersigned.web.answers import dashboard_page, download, moved
from undersigned.web.uploads import posted_form
from undersigned.web.workshop import conflicts
from undersigned.web.workshop import recipients as recipient_pages
from undersigned.web.workshop.merging import merge, read_fingerprints
from undersigned.web.workshop.recipients import Upload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_lambda_powertools.event_handler import Response

    from functions.organizer_api.workshop import PageOf
    from undersigned.web.organizer_requests import DashboardRequest
    from undersigned.web.workshop.frame import Workshop

pages = dashboard_routes()


@pages.get("/workshop/recipients", "manage")
def recipients(request: DashboardRequest) -> Response[str]:
    """Show a page of the table of recipients."""
    return dashboard_page(recipient_pages.recipients(workshop_of(request), _page_number(request.query("page"))))


@pages.get("/workshop/recipients/file", "manage")
def recipients_file(request: DashboardRequest) -> Response[bytes]:
    """Download the table of recipients as CSV, in which no spreadsheet finds a formula."""
    text = read_table(wired.stack.drafting().draft(request.campaign).files.get(targets_file.FILE, "")).text()
    # Spreadsheets recognise UTF-8 by its byte order mark.
    return download(f"\ufeff{text}".encode(), "text/csv; charset=utf-8", f"{request.campaign}-recipients.csv")


@pages.post("/workshop/recipients", "manage")
def save_recipients(request: DashboardRequest) -> Response[str]:
    """Save a page of the table, or take rows from a spreadsheet."""
    posted = posted_form(request.event)
    match request.posted("do"):
        case "paste":
            return _take_rows(request)
        case "file":
            return save_file(request, "recipients", targets_file.FILE)
        case "merge":
            return _choose_rows(request, posted)
        case action:
            return _save_rows(request, posted, more=action == "more")


def _save_rows(request: DashboardRequest, posted: Mapping[str, object], *, more: bool) -> Response[str]:
    mine, added = recipient_pages.posted_recipients(posted), recipient_pages.new_recipients(posted)

    def merged(theirs: Workshop) -> str | PageOf:
        if theirs.table and theirs.draft.revision == revision_of(request):
            return recipient_pages.posted_table(theirs.table, posted).text()
        return _merged_rows(theirs, posted, mine, added)

    answer = save_merged(request, "recipients", targets_file.FILE, merged)
    return moved(address_of(request, "recipients?page=100000#rows")) if more and answer.status_code == 303 else answer  # noqa: PLR2004


def _choose_rows(request: DashboardRequest, posted: Mapping[str, object]) -> Response[str]:
    """Save the choices between two people's rows."""
    mine, added = recipient_pages.chosen_recipients(posted), recipient_pages.recipients_added_before(posted)
    return save_merged(
        request, "recipients", targets_file.FILE, lambda theirs: _merged_rows(theirs, posted, mine, added)
    )


def _merged_rows(
    theirs: Workshop, posted: Mapping[str, object], mine: Mapping[str, str | None], added: Sequence[str]
) -> str | PageOf:
    """Return the table with what only this person changed, or what asks about the rows that both changed."""
    table = theirs.table
    if table is None:
        text = recipient_pages.only_these(mine, added).text()
        return lambda shown: conflicts.text_conflict(shown, "recipients", targets_file.FILE, text)
    found = merge(read_fingerprints(posted.get("was")), mine, recipient_pages.recipient_texts(table))
    if found.disputed:
        return lambda shown: conflicts.recipients_conflict(shown, mine, found, added)
    return recipient_pages.with_recipients(table, found.taken, added).text()


def _take_rows(request: DashboardRequest) -> Response[str]:
    """Add the rows that were pasted or uploaded, or put them in place of the list."""
    workshop = workshop_of(request)
    pasted, content = request.typed("pasted"), request.uploaded("file")
    replaces = request.posted("replace") == "yes"
    try:
        taken = _rows_in(content, pasted)
    except MistakesError as error:
        upload = Upload(pasted, replaces, error)
        return dashboard_page(recipient_pages.recipients(workshop, 1, upload), status=422)
    if workshop.table and not replaces:
        # Rows that are added change nobody else's, so they go to the list as it is now.
        answer = save_merged(request, "recipients", targets_file.FILE, lambda theirs: _with_rows(theirs, taken))
        return _saying_what_is_lost(request, answer, Upload(unused=taken.unused))
    before = workshop.table or TargetTable()
    table = before.replaced_by(taken)
    text = table.text()
    answer = save(
        request,
        "recipients",
        {targets_file.FILE: text},
        lambda theirs: conflicts.text_conflict(theirs, "recipients", targets_file.FILE, text),
    )
    upload = Upload(unused=taken.unused, without_codes=table.without_codes_of(before))
    return _saying_what_is_lost(request, answer, upload)


def _saying_what_is_lost(request: DashboardRequest, answer: Response[str], upload: Upload) -> Response[str]:
    """Return the table in place of the way to the next step, if an upload lost something.

    An address can't say it: logs and histories keep addresses, and a link could say anything.
    """
    if answer.status_code != 303 or not (upload.unused or upload.without_codes):  # noqa: PLR2004
        return answer
    _, _, done = str(answer.headers["Location"]).partition("?done=")
    workshop = workshop_of(request)
    workshop = replace(workshop, viewer=replace(workshop.viewer, done=done))
    return dashboard_page(recipient_pages.recipients(workshop, 1, upload))


def _with_rows(theirs: Workshop, taken: TargetTable) -> str | PageOf:
    table = theirs.table
    if table is None:
        text = taken.with_ids().text()
        return lambda shown: conflicts.text_conflict(shown, "recipients", targets_file.FILE, text)
    return table.with_rows_of(taken).text()


def _rows_in(content: bytes, pasted: str) -> TargetTable:
    """Return the rows of a file, or without one those of a pasted text. Raises MistakesError, also for no rows."""
    taken = read_pasted(text_of(targets_file.FILE, content) if content else pasted)
    if not taken.rows:
        raise MistakesError([recipient_pages.NOTHING_PASTED])
    return taken


def _page_number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else 1
