"""The workshop: the pages and buttons with which an organizer writes a campaign's draft."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import dashboard_routes, viewer_of
from undersigned.authoring import settings as settings_file
from undersigned.authoring.letter_files import language_of_file
from undersigned.authoring.settings_document import SettingsDocument
from undersigned.domain.drafts import ChangedMeanwhileError
from undersigned.services.draft_views import file_of_letter
from undersigned.services.drafting import Checked, NotSavedError
from undersigned.web.answers import dashboard_page, moved
from undersigned.web.uploads import posted_form
from undersigned.web.workshop import conflicts
from undersigned.web.workshop import letter as letter_pages
from undersigned.web.workshop import recipients as recipient_pages
from undersigned.web.workshop import settings as settings_pages
from undersigned.web.workshop.frame import Workshop, fingerprint

if TYPE_CHECKING:
    from datetime import date

    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.drafts import Draft
    from undersigned.web.organizer_requests import DashboardRequest
    from undersigned.web.workshop.frame import Step

pages = dashboard_routes()


def workshop_of(request: DashboardRequest, draft: Draft | None = None) -> Workshop:
    """Return the workshop with a draft, or with the campaign's own. Raises NotFoundError."""
    drafting = wired.stack.drafting()
    draft = draft or drafting.draft(request.campaign)
    return Workshop(viewer_of(request), draft, drafting.check(draft), is_refused=request.query("refused") == "yes")


def today(workshop: Workshop) -> date:
    """Return the day in the campaign's time zone."""
    return workshop.viewer.local(wired.stack.now()).date()


def revision_of(request: DashboardRequest) -> int:
    """Return the revision that the page showed. One that no page has is another one than the draft's."""
    text = request.posted("revision")
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else -1


def save(request: DashboardRequest, step: Step, draft: Draft, file: str, text: str | None) -> Response[str]:
    """Write a file of the draft, and go on to the next step. None removes the file.

    Shows both texts if somebody else saved the file since the page showed it. Other files may have changed.
    """
    now = draft.files.get(file)
    if text != now and request.posted("was") != fingerprint(now):
        return _both_texts(request, step, draft, file, text)
    return write(request, step, draft, file, text)


def write(request: DashboardRequest, step: Step, draft: Draft, file: str, text: str | None) -> Response[str]:
    """Write a file of the draft as it is now, and go on. Shows both texts if another save comes before the writing."""
    try:
        written = wired.stack.drafting().write(request.campaign, draft.revision, {file: text}, request.by)
    except ChangedMeanwhileError as error:
        return _both_texts(request, step, error.current, file, text)
    except NotSavedError as error:
        return _not_saved(request, step, error)
    return moved(workshop_of(request, written).after(step))


def _both_texts(
    request: DashboardRequest, step: Step, theirs: Draft | None, file: str, text: str | None
) -> Response[str]:
    shown = conflicts.both_texts(workshop_of(request, theirs), step, file, text or "")
    return dashboard_page(shown, status=409)


def _not_saved(request: DashboardRequest, step: Step, error: NotSavedError) -> Response[str]:
    """Show a step with the files that have more than their limits, as they were typed."""
    workshop = workshop_of(request, error.draft)
    match step:
        case "settings":
            shown = settings_pages.settings(workshop)
        case "recipients":
            shown = recipient_pages.recipients(workshop, 1)
        case _:
            language = language_of_file(error.mistakes[0].file) or workshop.letter_languages[0]
            shown = letter_pages.letter(workshop, language, None, today(workshop))
    return dashboard_page(shown, status=422)


def address_of(request: DashboardRequest, path: str) -> str:
    """Return an address of the workshop."""
    return f"{request.home}/workshop/{path}"


def save_file(request: DashboardRequest, step: Step, file: str) -> Response[str]:
    """Save a file that was typed as a whole."""
    draft = wired.stack.drafting().draft(request.campaign)
    return save(request, step, draft, file, f"{request.typed('text').rstrip()}\n")


@pages.get("/workshop", "manage")
def begin(request: DashboardRequest) -> Response[str]:
    """Redirect to the first step in which something is left to do."""
    workshop = workshop_of(request)
    return moved(workshop.address(workshop.next()))


@pages.get("/workshop/letter", "manage")
def letter(request: DashboardRequest) -> Response[str]:
    """Show the letter in one of its languages."""
    workshop = workshop_of(request)
    return dashboard_page(
        letter_pages.letter(workshop, _language(workshop, request.query("lang")), None, today(workshop))
    )


@pages.post("/workshop/letter", "manage")
def save_letter(request: DashboardRequest) -> Response[str]:
    """Save the letter; or show it as it was typed, without saving it."""
    workshop = workshop_of(request)
    language, text, action = (
        _language(workshop, request.posted("language")),
        request.typed("text"),
        request.posted("do"),
    )
    if action in {"live", "show"}:
        return dashboard_page(letter_pages.letter(workshop, language, text, today(workshop), live=action == "live"))
    written = f"{text.rstrip()}\n" if text.strip() else None
    return save(request, "letter", workshop.draft, file_of_letter(workshop.draft, language), written)


def _language(workshop: Workshop, wanted: str | None) -> str:
    languages = workshop.letter_languages
    return wanted if wanted in languages else languages[0]


@pages.get("/workshop/settings", "manage")
def settings(request: DashboardRequest) -> Response[str]:
    """Show the settings."""
    return dashboard_page(settings_pages.settings(workshop_of(request)))


@pages.post("/workshop/settings", "manage")
def save_settings(request: DashboardRequest) -> Response[str]:
    """Save the settings of a page."""
    if request.posted("do") == "file":
        return save_file(request, "settings", settings_file.FILE)
    posted, draft = posted_form(request.event), wired.stack.drafting().draft(request.campaign)
    document = Workshop(viewer_of(request), draft, Checked(None)).settings or _all_left_out(request.campaign)
    changed = settings_pages.changed_values(document, posted)
    return save(request, "settings", draft, settings_file.FILE, document.changed(changed).text)


def _all_left_out(campaign: str) -> SettingsDocument:
    """Return the settings to begin with, in place of a file that became unreadable."""
    files = wired.stack.drafting().starting_files("empty", campaign).files
    return SettingsDocument.read(files[settings_file.FILE])
