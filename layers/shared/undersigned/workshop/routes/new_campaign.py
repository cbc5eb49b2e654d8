"""New campaigns: the administrator begins one with its letter, or with a copy of another one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING

from undersigned.base.answers import dashboard_page, moved
from undersigned.base.errors import NotFoundError
from undersigned.base.languages import Message
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.people.routes.dashboard import AdministratorRoutes, language_of
from undersigned.workshop import drafting
from undersigned.workshop import letters as letter_file
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pages.frame import render
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.drafts import DRAFTED, IdTakenError
from undersigned.workshop.starting import empty_files, example_letter, language_of_letter
from undersigned.workshop.texts import slug_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.stack import Stack
    from undersigned.people.requests import SessionRequest

routes = AdministratorRoutes()

_ONE_LETTER = Message("A campaign begins with one letter: your own, our example or a copy. Empty the other fields.")


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """The values that a person typed in the form of a new campaign."""

    text: str = ""
    title: str = ""
    campaign: str = ""
    copy: str = ""


@routes.get("/new", "own")
def show_form(request: SessionRequest) -> Response[str]:
    """Show the form of a new campaign."""
    return _form(request, NewCampaign())


@routes.post("/new", "own", keeps={"text": Message("Text"), "campaign": Message("Name in web addresses")}.get)
def begin(request: SessionRequest) -> Response[str]:
    """Make the draft of a campaign with the letter that was pasted, with our example of one, or with a copy."""
    given = NewCampaign(
        request.typed("text"), request.posted("title"), request.posted("campaign"), request.posted("copy")
    )
    if not given.title:
        return _form(request, given, error=Message("Give the campaign a title."))
    begins_with = "copy" if given.copy else request.posted("do")
    if (given.text.strip() and begins_with != "letter") or (given.copy and request.posted("do") == "example"):
        return _form(request, given, error=_ONE_LETTER, wrong="copy" if given.copy else "text")
    try:
        campaign = given.campaign or _free_id(request.stack, given.title)
        files = _files(request, begins_with, campaign, given)
        drafting.create(request.stack, campaign, _author(request, campaign), files)
    except MistakesError as error:
        return _form(request, given, error=error.mistakes[0].on_page, wrong="text")
    except IdTakenError as error:
        return _form(request, given, error=error.detail)
    except NotFoundError:
        return _form(request, given, error=Message("There is no such campaign to copy. Choose another one."))
    return moved(f"{dashboard_path(campaign)}/workshop/letter")


def _files(request: SessionRequest, begins_with: str, campaign: str, given: NewCampaign) -> Mapping[str, str]:
    """Return the first files of a campaign, with its title, and in the language of its letter."""
    changed, files, language = {"title": given.title}, empty_files(campaign), language_of(request.event)
    if begins_with == "copy":
        files = dict(drafting.copied_files(request.stack, given.copy))
        text = ""
    elif begins_with == "example":
        text = example_letter(language)
    else:
        text = given.text.strip()
        text = text and letter_file.with_own_words(pasted_letter(text, language))
    if text:
        files[letter_file.FILE] = f"{text.strip()}\n"
        changed["language"] = language_of_letter(text)
    settings = DraftSettings.read(files[DRAFTED]).changed(changed)
    return {**files, DRAFTED: settings.text}


def _author(request: SessionRequest, campaign: str) -> str:
    return request.session.person.as_owner(campaign).name


def _free_id(stack: Stack, title: str) -> str:
    """Return a name for web addresses, made of a title, that no campaign has."""
    name = slug_of(title) or "campaign"
    known = _known_ids(stack)
    return next(free for free in chain([name], (f"{name}-{number}" for number in count(2))) if free not in known)


def _known_ids(stack: Stack) -> set[str]:
    return {*Campaigns(stack.table).campaign_ids(), *Drafts(stack).campaigns()}


def _form(
    request: SessionRequest,
    given: NewCampaign,
    *,
    error: Message | None = None,
    wrong: str = "",
) -> Response[str]:
    shown = render(
        "workshop/pages/new.html",
        language_of(request.event),
        None,
        token=request.session.post_token,
        given=given,
        copies=sorted(_known_ids(request.stack)),
        error=error.in_language(language_of(request.event)) if error else None,
        # Either the title is missing, or no name can be made of it.
        wrong=wrong or ("campaign" if given.title else "title"),
    )
    return dashboard_page(shown, status=422 if error else 200)
