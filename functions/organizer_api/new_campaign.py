"""New campaigns: the administrator begins one from scratch, an example, a copy, or a paper letter."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, get_args

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import administrator_routes, language_of
from undersigned.authoring import letters as letter_file
from undersigned.authoring import settings as settings_file
from undersigned.authoring.mistakes import MistakesError
from undersigned.authoring.settings_document import SettingsDocument
from undersigned.domain.campaigns import dashboard_path
from undersigned.domain.drafts import IdTakenError
from undersigned.domain.errors import NotFoundError
from undersigned.domain.languages import Message
from undersigned.services.drafting import Start
from undersigned.web.answers import dashboard_page, moved
from undersigned.web.workshop.new_campaign import NewCampaign, new_campaign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_lambda_powertools.event_handler import Response

    from undersigned.authoring.mistakes import Mistake
    from undersigned.authoring.paper_form import Finding
    from undersigned.web.organizer_requests import SessionRequest

routes = administrator_routes()

_LONGEST_ID = 40


@routes.get("/new", "own")
def show_form(request: SessionRequest) -> Response[str]:
    """Show the form of a new campaign."""
    return _form(request, NewCampaign())


@routes.post("/new", "own")
def begin(request: SessionRequest) -> Response[str]:
    """Make the draft of a campaign. A paper letter is shown first, with what the importer recognized in it."""
    given = NewCampaign(
        title=request.posted("title"),
        campaign=request.posted("campaign"),
        start=request.posted("start"),
        text=request.typed("text"),
        copy=request.posted("copy"),
    )
    start = next((start for start in get_args(Start.__value__) if start == given.start), None)
    if not given.title or start is None:
        return _form(request, given, error=Message("Give the campaign a title, and choose how to begin."))
    campaign = given.campaign or _id_of(given.title)
    try:
        if start == "letter" and request.posted("do") != "create":
            found = wired.stack.drafting().starting_files(start, campaign, given.text)
            letter = found.files[letter_file.FILE]
            return _form(request, given.with_letter(letter), findings=found.findings)
        files = _files(start, campaign, given)
        wired.stack.drafting().create(campaign, _author(request, campaign), files)
    except MistakesError as error:
        return _form(request, given, mistakes=error.mistakes)
    except IdTakenError as error:
        return _form(request, given, error=error.message, findings=() if start == "letter" else None)
    except NotFoundError:
        return _form(request, given, error=Message("There is no such campaign to copy. Choose another one."))
    return moved(f"{dashboard_path(campaign)}/workshop/letter")


def _files(start: Start, campaign: str, given: NewCampaign) -> Mapping[str, str]:
    """Return the files to begin with, which have the title."""
    drafting = wired.stack.drafting()
    if start == "letter":
        # The person has looked at it, and it may have mistakes: the next page shows them.
        files = {**drafting.starting_files("empty", campaign).files, letter_file.FILE: f"{given.text.rstrip()}\n"}
    else:
        files = dict(drafting.starting_files(start, campaign, given.copy).files)
    settings = SettingsDocument.read(files[settings_file.FILE])
    return {**files, settings_file.FILE: settings.changed({"title": given.title}).text}


def _author(request: SessionRequest, campaign: str) -> str:
    person = request.session.person
    if person is None:
        message = "only people make campaigns"
        raise NotFoundError(message)
    return wired.stack.directory.as_owner(person, campaign).name


def _id_of(title: str) -> str:
    """Return a name for web addresses, made of a title."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST_ID].strip("-") or "campaign"


def _form(
    request: SessionRequest,
    given: NewCampaign,
    *,
    findings: Sequence[Finding] | None = None,
    mistakes: Sequence[Mistake] = (),
    error: Message | None = None,
) -> Response[str]:
    known = {*wired.stack.campaigns.campaign_ids(), *(draft.campaign for draft in wired.stack.drafting().drafts())}
    shown = new_campaign(
        language_of(request.event),
        request.session.post_token,
        given,
        sorted(known),
        findings=findings,
        mistakes=mistakes,
        error=error,
    )
    return dashboard_page(shown, status=422 if mistakes or error else 200)
