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
from undersigned.web.workshop.frame import STEPS, Workshop
from undersigned.web.workshop.merging import merge, read_fingerprints
from undersigned.web.workshop.setting_fields import as_text, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from aws_lambda_powertools.event_handler import Response

    from undersigned.authoring.described_settings import Setting
    from undersigned.authoring.settings_document import Value
    from undersigned.domain.drafts import Draft
    from undersigned.web.organizer_requests import DashboardRequest
    from undersigned.web.page import Page
    from undersigned.web.workshop.frame import Step

type PageOf = Callable[[Workshop], Page]
"""Makes a page of a workshop, whose draft is compiled only for it."""

pages = dashboard_routes()

_MOST_TRIES = 5
"""How often a save is merged again, because another one came between."""


def workshop_of(request: DashboardRequest, draft: Draft | None = None) -> Workshop:
    """Return the workshop with a draft, or with the campaign's own. Raises NotFoundError."""
    drafting = wired.stack.drafting()
    draft = draft or drafting.draft(request.campaign)
    return Workshop(viewer_of(request), draft, drafting.check(draft))


def today(workshop: Workshop) -> date:
    """Return the day in the campaign's time zone."""
    return workshop.viewer.local(wired.stack.now()).date()


def revision_of(request: DashboardRequest) -> int:
    """Return the revision that the page showed. One that no page has is another one than the draft's."""
    text = request.posted("revision")
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else -1


def save(
    request: DashboardRequest,
    step: Step,
    changes: Mapping[str, str | None],
    conflict: PageOf,
) -> Response[str]:
    """Write files of the draft, and go on to the next step. `conflict` makes the page if somebody else wrote it."""
    try:
        written = wired.stack.drafting().write(request.campaign, revision_of(request), changes, request.by)
    except ChangedMeanwhileError as error:
        return dashboard_page(conflict(workshop_of(request, error.current)), status=409)
    except NotSavedError as error:
        return _not_saved(request, step, error)
    return moved(workshop_of(request, written).after(step))


def save_merged(
    request: DashboardRequest, step: Step, file: str, merged: Callable[[Workshop], str | PageOf]
) -> Response[str]:
    """Write a file into the draft as it is now, whatever revision the page showed, and go on to the next step.

    `merged` returns the file's text with what the person changed in it, or what makes the page if that can't be merged.
    It is asked again if another save comes before the writing. Nothing is lost if that happens too often: the page then
    has the text.
    """
    drafting, viewer, text = wired.stack.drafting(), viewer_of(request), ""
    for _ in range(_MOST_TRIES):
        draft = drafting.draft(request.campaign)
        # Compiling takes the time in which others save.
        found = merged(Workshop(viewer, draft, Checked(None)))
        if not isinstance(found, str):
            return dashboard_page(found(workshop_of(request, draft)), status=409)
        text = found
        try:
            written = drafting.write(request.campaign, draft.revision, {file: text}, request.by)
        except ChangedMeanwhileError:
            continue
        except NotSavedError as error:
            return _not_saved(request, step, error)
        is_with_others = draft.revision != revision_of(request) and draft.changed_by != request.by
        return moved(workshop_of(request, written).after(step, "merged" if is_with_others else "saved"))
    return dashboard_page(conflicts.text_conflict(workshop_of(request), step, file, text), status=409)


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
    """Save a file that can't be shown as fields."""
    text = request.typed("text")
    return save(
        request, step, {file: f"{text.rstrip()}\n"}, lambda theirs: conflicts.text_conflict(theirs, step, file, text)
    )


@pages.get("/workshop", "manage")
def begin(request: DashboardRequest) -> Response[str]:
    """Redirect to the first step that has mistakes, or else to the last one."""
    workshop = workshop_of(request)
    step = next((step for step in STEPS[:3] if workshop.mistakes_of(step)), STEPS[-1])
    return moved(workshop.address(step))


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
    file = file_of_letter(workshop.draft, language)
    written = f"{text.rstrip()}\n" if text.strip() else None

    def conflict(theirs: Workshop) -> Page:
        return conflicts.text_conflict(theirs, "letter", file, text, language=language)

    return save(request, "letter", {file: written}, conflict)


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
    posted, revision = posted_form(request.event), revision_of(request)
    was = read_fingerprints(posted.get("was"))
    languages = settings_pages.languages_of(was)

    def merged(theirs: Workshop) -> str | PageOf:
        document = theirs.settings
        if document is None:
            text = _typed_file(request.campaign, languages, posted)
            return lambda shown: conflicts.text_conflict(shown, "settings", settings_file.FILE, text)
        described = dict(document.described(languages))
        values = values_of(described.items(), posted)
        if theirs.draft.revision != revision:
            mine = {name: as_text(value, described[name]) for name, value in values.items()}
            found = merge(was, mine, dict.fromkeys(mine, "") | settings_pages.setting_texts(theirs))
            if found.disputed:
                return lambda shown: conflicts.settings_conflict(shown, mine, found)
            values = {name: value for name, value in values.items() if name in found.taken}
        return _changed(document, described, values)

    return save_merged(request, "settings", settings_file.FILE, merged)


def _typed_file(campaign: str, languages: Iterable[str], posted: Mapping[str, object]) -> str:
    """Return a file with all settings of a posted page."""
    files = wired.stack.drafting().starting_files("empty", campaign).files
    document = SettingsDocument.read(files[settings_file.FILE])
    return document.changed(values_of(document.described(languages), posted)).text


def _changed(document: SettingsDocument, described: Mapping[str, Setting], values: Mapping[str, Value]) -> str:
    """Return the settings with the values that differ from those that are there."""
    before = document.values
    changed = {
        name: value
        for name, value in values.items()
        if as_text(value, described[name]) != as_text(before.get(name), described[name])
    }
    return document.changed(changed).text
