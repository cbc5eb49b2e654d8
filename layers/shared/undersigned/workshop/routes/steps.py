"""The workshop: the pages and buttons with which an organizer writes a campaign's draft."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from undersigned.base.answers import dashboard_page, moved
from undersigned.base.languages import Message
from undersigned.base.posted_files import posted_form
from undersigned.campaigns.catalog import schedule_of
from undersigned.people.pages.typed import packed
from undersigned.people.routes.dashboard import viewer_of
from undersigned.people.viewer import NOTICES
from undersigned.workshop import drafting
from undersigned.workshop import letters as letter_file
from undersigned.workshop import logos as logo_file
from undersigned.workshop import targets as targets_file
from undersigned.workshop.campaigns import language_of_file
from undersigned.workshop.described_settings import label_of, setting_of
from undersigned.workshop.draft_views import file_of_letter, previewed
from undersigned.workshop.drafting import NotSavedError
from undersigned.workshop.logos import read_logo
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pages import letter as letter_pages
from undersigned.workshop.pages import recipients as recipient_pages
from undersigned.workshop.pages import settings as settings_pages
from undersigned.workshop.pages.conflict import changed_meanwhile
from undersigned.workshop.pages.frame import Workshop, anchor_of, fingerprint
from undersigned.workshop.pages.preview import Preview
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned.workshop.routes.drafts import WorkshopRoutes
from undersigned.workshop.rules.drafts import DRAFTED, ChangedMeanwhileError
from undersigned.workshop.starting import empty_files, example_letter
from undersigned.workshop.texts import with_our_line_ends
from undersigned.workshop.typed_letters import boxed_letter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import DashboardRequest
    from undersigned.workshop.mistakes import Mistake
    from undersigned.workshop.pages.frame import Step
    from undersigned.workshop.rules.drafts import Draft

NOTICES |= {
    "saved": Message("Saved in the draft. Nothing is published yet."),
    "saved-new-fields": Message("Saved in the draft. The page now has more fields. Fill in those that are empty."),
    "saved-left": Message("Saved in the draft. The list below says what is left to do."),
}

pages = WorkshopRoutes()


def workshop_of(request: DashboardRequest, draft: Draft | None = None) -> Workshop:
    """Return the workshop with a draft, or with the campaign's own. Raises NotFoundError."""
    stack = request.stack
    draft = draft or drafting.draft_of(stack, request.campaign)
    return Workshop(viewer_of(request), draft, drafting.check(draft), is_refused=request.query("refused") == "yes")


def as_typed(request: DashboardRequest, workshop: Workshop, files: Mapping[str, str]) -> Workshop:
    """Return the workshop with the files of a posted page that is not saved. The page goes on with it."""
    typed = with_draft(workshop, replace(workshop.draft, files={**workshop.draft.files, **files}))
    return replace(typed, was=request.posted("was")) if workshop.was is None else typed


def with_draft(workshop: Workshop, draft: Draft) -> Workshop:
    """Return the workshop with another draft of its campaign."""
    return replace(workshop, draft=draft, checked=drafting.check(draft))


def number_of(text: str | None) -> int:
    """Return a number in a form or an address; -1 for anything else."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,15}", text) else -1


def revision_of(request: DashboardRequest) -> int:
    """Return the revision that the page showed. A value that no page has is never the draft's."""
    return number_of(request.posted("revision"))


def preview_of(request: DashboardRequest, draft: Draft, language: str = "") -> Preview:
    """Return the preview beside a page that writes the draft, with the letter in a language."""
    from undersigned.workshop.sampling import sample

    compiled = previewed(draft)
    to = compiled.campaign.organizer.email
    chosen = request.posted if request.event.http_method == "POST" else request.query
    sender = request.stack.settings.sender_at(request.base_url)
    shown = sample(request.stack, sender, compiled, to, chosen("to") or "", language)
    return Preview(shown, compiled.targets, chosen("view") or "")


def save(request: DashboardRequest, step: Step, workshop: Workshop, changes: Mapping[str, str | None]) -> Response[str]:
    """Change files of the draft, and go on to the next step. The first is the step's; None removes one.

    If somebody else saved that file since the page showed it, shows what was typed. Other files may have changed.
    """
    [(file, text), *_] = changes.items()
    now = workshop.draft.files.get(file)
    if text != now and request.posted("was") != fingerprint(now):
        return _changed_meanwhile(workshop, step, changes)
    return write(request, step, workshop, changes)


def write(
    request: DashboardRequest, step: Step, workshop: Workshop, changes: Mapping[str, str | None]
) -> Response[str]:
    """Change files of the draft as it is now, and go on. If another save comes first, show what was typed."""
    try:
        written = drafting.write(request.stack, request.campaign, workshop.draft.revision, changes, request.by)
    except ChangedMeanwhileError as error:
        return _changed_meanwhile(workshop_of(request, error.current), step, changes)
    except NotSavedError as error:
        return _not_saved(request, step, error)
    workshop = with_draft(workshop, written)
    if step == "settings":
        posted, left = posted_form(request.event), [one.setting for one in workshop.mistakes_of(step) if one.setting]
        if new := next((name for name in left if name not in posted), None):
            return moved(workshop.address(step, done="saved-new-fields") + anchor_of(new))
    return moved(workshop.after(step))


def _changed_meanwhile(theirs: Workshop, step: Step, changes: Mapping[str, str | None]) -> Response[str]:
    """Show what was typed, to copy: somebody else has saved the file in the meantime. Saves nothing."""
    [(file, text), *_] = changes.items()
    return dashboard_page(changed_meanwhile(theirs, step, file, text or ""), status=409)


def _not_saved(request: DashboardRequest, step: Step, error: NotSavedError) -> Response[str]:
    """Show a step with the files that have more than their limits, as they were typed."""
    workshop = as_typed(request, workshop_of(request), error.draft.files)
    match step:
        case "settings":
            shown = settings_pages.settings(workshop, preview_of(request, workshop.draft), schedule_of(request.stack))
        case "recipients":
            kept_list = packed(error.draft.files[targets_file.FILE])
            shown = recipient_pages.recipients(workshop, 1, kept_list=kept_list)
        case _:
            language = language_of_file(error.mistakes[0].file) or workshop.letter_languages[0]
            return _letter_page(request, workshop, language, status=422)
    return dashboard_page(shown, status=422, has_frames=True)


def address_of(request: DashboardRequest, path: str) -> str:
    """Return an address of the workshop."""
    return f"{request.home}/workshop/{path}"


@pages.get("/workshop", "manage")
def begin(request: DashboardRequest) -> Response[str]:
    """Redirect to the first step in which something is left to do."""
    workshop = workshop_of(request)
    return moved(workshop.address(workshop.next()))


@pages.get("/workshop/letter", "manage")
def letter(request: DashboardRequest) -> Response[str]:
    """Show the letter in one of its languages."""
    workshop = workshop_of(request)
    return _letter_page(request, workshop, _language(workshop, request.query("lang")))


def _letter_page(  # noqa: PLR0913  (what the page shows)
    request: DashboardRequest,
    workshop: Workshop,
    language: str,
    text: str | None = None,
    *,
    status: int = 200,
    has_letter: bool = False,
) -> Response[str]:
    now = letter_pages.written(workshop, language, text, has_letter=has_letter)
    shown = letter_pages.letter(workshop, now, preview_of(request, now.draft, language))
    return dashboard_page(shown, status=status, has_frames=True)


@pages.post("/workshop/letter", "manage", keeps={"text": Message("Text")}.get)
def save_letter(request: DashboardRequest) -> Response[str]:
    """Save the letter; or show it as it was typed, without saving it."""
    workshop = replace(workshop_of(request), was=request.posted("was"))
    language, text, action = (
        _language(workshop, request.posted("language")),
        with_our_line_ends(request.typed("text")).rstrip(),
        request.posted("do"),
    )
    if action == "example":
        if text:
            return _letter_page(request, workshop, language, text, status=422, has_letter=True)
        text = boxed_letter(example_letter(language), workshop.language)
    if action == "live":
        now = letter_pages.written(workshop, language, text)
        return dashboard_page(letter_pages.letter_parts(workshop, now, preview_of(request, now.draft, language)))
    if action in {"show", "example"}:
        return _letter_page(request, workshop, language, text)
    file = file_of_letter(workshop.draft, language)
    saved = workshop.draft.files.get(file)
    if text == boxed_letter(saved or "", workshop.language).rstrip():
        return save(request, "letter", workshop, {file: saved})
    try:
        written = pasted_letter(text, workshop.language) if text else None
    except MistakesError:
        return _letter_page(request, workshop, language, text, status=422)
    if written and saved == empty_files(request.campaign)[letter_file.FILE]:
        written = letter_file.with_own_words(written)
    return save(request, "letter", workshop, {file: written})


def _language(workshop: Workshop, wanted: str | None) -> str:
    languages = workshop.letter_languages
    return wanted if wanted in languages else languages[0]


@pages.get("/workshop/settings", "manage")
def settings(request: DashboardRequest) -> Response[str]:
    """Show the settings."""
    workshop = workshop_of(request)
    shown = settings_pages.settings(workshop, preview_of(request, workshop.draft), schedule_of(request.stack))
    return dashboard_page(shown, has_frames=True)


def _label_of(name: str) -> Message | None:
    return label_of(name) if setting_of(name) else None


@pages.post("/workshop/settings", "manage", keeps=_label_of)
def save_settings(request: DashboardRequest) -> Response[str]:
    """Save the settings of a page, with its logo; or show them as they were typed, without saving them."""
    workshop, logo, removes_logo = workshop_of(request), request.posted("kept-logo"), request.ticked("remove-logo")
    changed = settings_pages.changed_values(workshop.settings, posted_form(request.event))
    text = workshop.settings.changed(changed).text
    mistakes: Sequence[Mistake] = ()
    try:
        if content := request.uploaded("logo"):
            logo = read_logo(content).text
    except MistakesError as error:
        mistakes = error.mistakes
    if mistakes or request.posted("do") == "show":
        files = {DRAFTED: text, **({logo_file.FILE: logo} if logo else {})}
        typed = as_typed(request, workshop, files)
        preview = preview_of(request, typed.draft)
        shown = settings_pages.settings(
            typed, preview, schedule_of(request.stack), mistakes, kept_logo=logo, removes_logo=removes_logo
        )
        return dashboard_page(shown, status=422 if mistakes else 200, has_frames=True)
    changes: dict[str, str | None] = {DRAFTED: text}
    if logo or removes_logo:
        changes[logo_file.FILE] = logo or None
    return save(request, "settings", workshop, changes)
