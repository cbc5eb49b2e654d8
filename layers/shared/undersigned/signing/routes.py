"""Routes of the form: the letter's page, its preview, signing, and the link of a person who didn't sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import PRIVATE, data, moved, page, preflight
from undersigned.base.characters import AFTER_LINKS
from undersigned.base.errors import (
    BusyError,
    DamagedRowsError,
    FormError,
    NotFoundError,
    ThrottledError,
    TokenExpiredError,
    problem_of,
)
from undersigned.base.languages import Message, chosen_language
from undersigned.base.posted import RequestError, posted_values
from undersigned.base.reader import (
    is_embedded,
    language_for,
    language_in_link,
    our_next_page,
    theme_of,
    wants_json,
)
from undersigned.base.routes import OpenRoutes
from undersigned.base.typos import MistypedError
from undersigned.base.visitors import address_of
from undersigned.campaigns.catalog import find_campaign, next_delivery
from undersigned.campaigns.problem_page import problem
from undersigned.signing import disowning
from undersigned.signing.form import open_form, preview_letter
from undersigned.signing.letters import ExpiredError
from undersigned.signing.pages.form import disown_page, form_page, prefilled, signed_page
from undersigned.signing.pages.privacy import privacy_page
from undersigned.signing.pages.signer_values import form_values, preview_values, serving_values
from undersigned.signing.sign import ClosedError, FormContext, keep_form
from undersigned.signing.sites import site_of, site_page, with_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.errors import FieldError, UndersignedError
    from undersigned.base.routes import Request
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.signing.disowning import DisownedForm
    from undersigned.signing.form import LetterPreview
    from undersigned.signing.sign import KeptForm

routes = OpenRoutes()

FORM_CACHE = "public, max-age=10"
"""At most half of the window of a form token, so that the token of a form is at most a minute old."""

PAGE_CACHE = "public, max-age=5"
TARGETS_CACHE = "public, max-age=60"
NOTICE_CACHE = "public, max-age=300"


def _language(request: Request, campaign: Campaign) -> str:
    return language_for(request.event, campaign.languages)


@routes.get("/campaigns/<campaign>")
def show_campaign(request: Request, campaign: str) -> Response[str]:
    """Show the letter and its form, as a page or as JSON."""
    if (meant := campaign.rstrip(AFTER_LINKS)) != campaign:
        return moved(our_next_page(request.event, f"/campaigns/{find_campaign(request.stack, meant).campaign.id}"))
    if not wants_json(request.event):
        return _page(request, campaign, cache=FORM_CACHE)
    found = open_form(request.stack, campaign)
    return data(form_values(found, _language(request, found.entry.campaign), request.base_url), cache=FORM_CACHE)


@routes.get("/campaigns/<campaign>/embed")
def show_embedded(request: Request, campaign: str) -> Response[str]:
    """Show the same page in a frame on another site."""
    return _page(request, campaign, embedded=True, cache=FORM_CACHE)


def _page(  # noqa: PLR0913, PLR0917  (what the page shows)
    request: Request,
    campaign: str,
    values: Mapping[str, object] | None = None,
    errors: tuple[FieldError, ...] = (),
    preview: LetterPreview | None = None,
    notice: Message | None = None,
    *,
    question: MistypedError | None = None,
    embedded: bool = False,
    status: int = 200,
    cache: str = PRIVATE,
    retry_after: int | None = None,
) -> Response[str]:
    found = open_form(request.stack, campaign, (values or {}).get("form"))
    shown = form_page(
        found,
        _language(request, found.entry.campaign),
        answers=values or prefilled(request.event, found.entry.campaign),
        errors=errors,
        preview=preview,
        notice=notice,
        question=question,
        embedded=embedded or is_embedded(request.event),
        theme=theme_of(request.event),
        base=request.base_url,
    )
    hosts = found.entry.campaign.framed_by
    return page(
        shown,
        status=status,
        cache=cache,
        hosts=hosts,
        runs_scripts=True,
        retry_after=retry_after,
    )


@routes.get("/campaigns/<campaign>/targets")
def find_targets(request: Request, campaign: str) -> Response[str]:
    """Return the targets for a postal code. If there are several, the signer chooses."""
    postal_code = request.event.query_string_parameters.get("postal_code", "")
    if not postal_code.strip():
        raise RequestError(400, Message("Postal code missing"), Message("Add it to the address: ?postal_code=60201"))
    entry = find_campaign(request.stack, campaign)
    return data(serving_values(entry, postal_code, _language(request, entry.campaign)), cache=TARGETS_CACHE)


@routes.post("/campaigns/<campaign>/preview")
def preview(request: Request, campaign: str) -> Response[str]:
    """Show the letter filled in with the form's answers so far. Stores nothing."""
    values = posted_values(request.event)
    language = _language(request, find_campaign(request.stack, campaign).campaign)
    shown = preview_letter(request.stack, campaign, values, language)
    if not wants_json(request.event):
        return _page(request, campaign, values, shown.errors, shown, status=422 if shown.errors else 200)
    return data(preview_values(shown, language))


@routes.post("/campaigns/<campaign>/signatures")
def sign(request: Request, campaign: str) -> Response[str]:
    """Sign the letter. The answer doesn't reveal whether the person has signed before."""
    event, values = request.event, posted_values(request.event)
    headers, address = event.headers, address_of(event, request.stack.cdn_proof)
    context = FormContext(address, headers.get("origin"), language_in_link(event), headers.get("accept-language"))
    try:
        sent = keep_form(request.stack, campaign, values, context)
    except FormError as error:
        return _with_errors(request, campaign, values, error)
    except (BusyError, MistypedError) as error:
        return _again(request, campaign, values, error)
    if wants_json(event):
        detail = Message("Look for our email, and open the link in it to confirm. It may take a few minutes.")
        said = {"status": "pending", "detail": detail.in_language(sent.language)}
        return data(said | ({"did_you_mean": sent.meant} if sent.meant else {}), status=202)
    if site := site_page(sent.campaign, values.get("thanks")):
        return moved(site)
    return _signed(request, sent.campaign, sent)


def _with_errors(request: Request, campaign: str, values: Mapping[str, object], error: FormError) -> Response[str]:
    """Show the form again with its errors and answers, or redirect to the organization's own form."""
    settings = find_campaign(request.stack, campaign).campaign
    language = _language(request, settings)
    if wants_json(request.event):
        return problem(problem_of(error, "signer"), language, as_json=True)
    if address := site_page(settings, values.get("mistakes")):
        return moved(with_fields(address, error.errors))
    shown = preview_letter(request.stack, campaign, values, language)
    return _page(request, campaign, values, error.errors, shown, status=422)


def _again(
    request: Request, campaign: str, values: Mapping[str, object], error: BusyError | MistypedError
) -> Response[str]:
    """Show the form again as it was filled in: its sender must wait, or say which email address is right."""
    language = _language(request, find_campaign(request.stack, campaign).campaign)
    found = problem_of(error, "signer")
    if wants_json(request.event):
        return problem(found, language, as_json=True)
    shown = preview_letter(request.stack, campaign, values, language)
    if isinstance(error, MistypedError):
        return _page(request, campaign, values, preview=shown, question=error, status=422)
    return _page(
        request,
        campaign,
        values,
        preview=shown,
        notice=found.detail,
        status=found.status,
        retry_after=found.retry_after,
    )


@routes.get("/campaigns/<campaign>/signatures")
@routes.get("/campaigns/<campaign>/preview")
def show_form_again(request: Request, campaign: str) -> Response[str]:
    """Redirect to the form from the address of its answer, which people reload and share."""
    return moved(our_next_page(request.event, f"/campaigns/{find_campaign(request.stack, campaign).campaign.id}"))


@routes.get("/campaigns/<campaign>/signed")
def signed(request: Request, campaign: str) -> Response[str]:
    """Say what happens after signing, at the address that our script gives the page: people reload it."""
    return _signed(request, find_campaign(request.stack, campaign).campaign)


def _signed(request: Request, campaign: Campaign, sent: KeptForm | None = None) -> Response[str]:
    """Say what happens after signing; to the sender of a form, with the address and a way back to the form."""
    entry = find_campaign(request.stack, campaign.id)
    shown = signed_page(
        campaign,
        next_delivery(request.stack, entry, not_before=sent.free_from if sent else entry.roster.free_from),
        _language(request, campaign),
        sent=sent,
        embedded=is_embedded(request.event),
        theme=theme_of(request.event),
    )
    cache = PRIVATE if sent else PAGE_CACHE
    return page(shown, cache=cache, hosts=campaign.framed_by, runs_scripts=True)


@routes.get("/campaigns/<campaign>/privacy")
def privacy(request: Request, campaign: str) -> Response[str]:
    """Say what happens to a signer's data."""
    entry = find_campaign(request.stack, campaign)
    shown = privacy_page(entry, request.stack.settings.packet_days, _language(request, entry.campaign))
    return page(shown, cache=NOTICE_CACHE)


@routes.get("/disown/<token>")
def to_disown(request: Request, token: str) -> Response[str]:
    """Show the button for a person whose address somebody else typed. Changes nothing: email scanners follow links."""
    return _disowned(request, disowning.form_to_disown(request.stack, token), token)


@routes.post("/disown/<token>")
def disown(request: Request, token: str) -> Response[str]:
    """Delete the waiting form, and end this campaign's emails to its address for 30 days. A confirmed letter stays."""
    return _disowned(request, disowning.disown(request.stack, token), token)


def _disowned(request: Request, found: DisownedForm, token: str) -> Response[str]:
    if wants_json(request.event):
        return data({"campaign": found.campaign.id, "status": found.state})
    wanted = language_in_link(request.event) or found.language
    language = chosen_language(found.campaign.languages, wanted, None)
    return page(disown_page(found.campaign, found.state, token, language))


@routes.options("/campaigns/<campaign>")
@routes.options("/campaigns/<campaign>/<_rest>")
def allow_scripts(request: Request, campaign: str, _rest: str = "") -> Response[str]:
    """Answer a browser's CORS preflight request."""
    find_campaign(request.stack, campaign)
    return preflight()


def answer_error(request: Request, error: UndersignedError) -> Response[str]:
    """Answer a signer's request that an error ended."""
    event = request.event
    as_json = wants_json(event)
    if isinstance(error, ClosedError) and not as_json:
        return _page(request, error.campaign.id, status=409)
    about, can_sign = _campaign_of(request, error)
    return problem(
        problem_of(error, "signer"),
        language_for(event),
        as_json=as_json,
        framed=_framed(request),
        theme=theme_of(event),
        about=about,
        can_sign=can_sign,
    )


def _campaign_of(request: Request, error: UndersignedError) -> tuple[Campaign | None, bool]:
    """Return the campaign of a signer's link that leads to no letter, and whether people can sign.

    The campaign is None if it isn't known, or can't be read now.
    """
    if not isinstance(error, ExpiredError | TokenExpiredError) or not error.campaign:
        return None, False
    try:
        found = find_campaign(request.stack, error.campaign)
        error.can_sign = found.is_open(request.stack.clock())
    except (DamagedRowsError, NotFoundError, ThrottledError):
        return None, False
    return found.campaign, error.can_sign


def _framed(request: Request) -> Campaign | None:
    """Return the campaign whose framed form sent the request, because the same frame must show the answer."""
    _, campaign = site_of(request.event.raw_event)
    if campaign is None or not is_embedded(request.event):
        return None
    try:
        return find_campaign(request.stack, campaign).campaign
    except NotFoundError:
        return None
