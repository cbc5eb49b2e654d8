"""The form: the letter's page, its preview, and signing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.public_api import wired
from undersigned.base.answers import PRIVATE, data, moved, page, preflight
from undersigned.base.characters import AFTER_LINKS
from undersigned.base.errors import BusyError, FormError, problem_of
from undersigned.base.languages import Message
from undersigned.base.posted import RequestError, posted_values
from undersigned.base.reader import (
    base_url,
    is_embedded,
    language_for,
    language_in_link,
    our_next_page,
    theme_of,
    wants_json,
)
from undersigned.base.typos import MistypedError
from undersigned.base.visitors import address_of
from undersigned.campaigns.catalog import find_campaign, next_delivery
from undersigned.campaigns.problem_page import problem
from undersigned.signing.form import open_form
from undersigned.signing.form import preview as letter_preview
from undersigned.signing.pages.form import form_page, prefilled, signed_page
from undersigned.signing.pages.privacy import privacy_page
from undersigned.signing.pages.signer_values import form_values, preview_values, serving_values
from undersigned.signing.sign import FormContext
from undersigned.signing.sign import sign as sign_form
from undersigned.signing.sites import site_page, with_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.base.errors import FieldError
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.signing.form import LetterPreview
    from undersigned.signing.sign import SentForm

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

FORM_CACHE = "public, max-age=10"
"""At most half of the window of a form token, so that the token of a form is at most a minute old."""

PAGE_CACHE = "public, max-age=5"
TARGETS_CACHE = "public, max-age=60"
NOTICE_CACHE = "public, max-age=300"


def _event() -> APIGatewayProxyEventV2:
    return router.current_event


def _base() -> str:
    return base_url(_event(), wired.stack.settings.public_url)


def _language(campaign: Campaign) -> str:
    return language_for(_event(), campaign.languages)


@router.get("/campaigns/<campaign>")
def show_campaign(campaign: str) -> Response[str]:
    """Show the letter and its form, as a page or as JSON."""
    if (meant := campaign.rstrip(AFTER_LINKS)) != campaign:
        return moved(our_next_page(_event(), f"/campaigns/{find_campaign(wired.stack, meant).campaign.id}"))
    if not wants_json(_event()):
        return _page(campaign, cache=FORM_CACHE)
    found = open_form(wired.stack, campaign)
    return data(form_values(found, _language(found.entry.campaign), _base()), cache=FORM_CACHE)


@router.get("/campaigns/<campaign>/embed")
def show_embedded(campaign: str) -> Response[str]:
    """Show the same page in a frame on another site."""
    return _page(campaign, embedded=True, cache=FORM_CACHE)


def closed(campaign: str) -> Response[str]:
    """Show the page of a letter that people can't sign today."""
    return _page(campaign, status=409)


def _page(  # noqa: PLR0913  (what the page shows)
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
    found = open_form(wired.stack, campaign, (values or {}).get("form"))
    shown = form_page(
        found,
        _language(found.entry.campaign),
        answers=values or prefilled(_event(), found.entry.campaign),
        errors=errors,
        preview=preview,
        notice=notice,
        question=question,
        embedded=embedded or is_embedded(_event()),
        theme=theme_of(_event()),
        base=_base(),
    )
    hosts = found.entry.campaign.framing_origins
    return page(
        shown,
        status=status,
        cache=cache,
        hosts=hosts,
        runs_scripts=True,
        retry_after=retry_after,
    )


@router.get("/campaigns/<campaign>/targets")
def find_targets(campaign: str) -> Response[str]:
    """Return the targets for a postal code. If there are several, the signer chooses."""
    postal_code = _event().query_string_parameters.get("postal_code", "")
    if not postal_code.strip():
        raise RequestError(400, Message("Postal code missing"), Message("Add it to the address: ?postal_code=60201"))
    entry = find_campaign(wired.stack, campaign)
    return data(serving_values(entry, postal_code, _language(entry.campaign)), cache=TARGETS_CACHE)


@router.post("/campaigns/<campaign>/preview")
def preview(campaign: str) -> Response[str]:
    """Show the letter filled in with the form's answers so far. Stores nothing."""
    values = posted_values(_event())
    language = _language(find_campaign(wired.stack, campaign).campaign)
    shown = letter_preview(wired.stack, campaign, values, language)
    if not wants_json(_event()):
        return _page(campaign, values, shown.errors, shown, status=422 if shown.errors else 200)
    return data(preview_values(shown, language))


@router.post("/campaigns/<campaign>/signatures")
def sign(campaign: str) -> Response[str]:
    """Sign the letter. The answer doesn't reveal whether the person has signed before."""
    event, values = _event(), posted_values(_event())
    headers, address = event.headers, address_of(event, wired.stack.cdn_proof)
    context = FormContext(address, headers.get("origin"), language_in_link(event), headers.get("accept-language"))
    try:
        sent = sign_form(wired.stack, campaign, values, context)
    except FormError as error:
        return _with_errors(campaign, values, error)
    except (BusyError, MistypedError) as error:
        return _again(campaign, values, error)
    if wants_json(event):
        detail = Message("Look for our email, and open the link in it to confirm. It may take some minutes.")
        said = {"status": "pending", "detail": detail.in_language(sent.language)}
        return data(said | ({"did_you_mean": sent.meant} if sent.meant else {}), status=202)
    if site := site_page(sent.campaign, values.get("thanks")):
        return moved(site)
    return _signed(sent.campaign, sent)


def _with_errors(campaign: str, values: Mapping[str, object], error: FormError) -> Response[str]:
    """Show the form again with its errors and answers, or redirect to the organization's own form."""
    settings = find_campaign(wired.stack, campaign).campaign
    language = _language(settings)
    if wants_json(_event()):
        return problem(problem_of(error, "signer"), language, as_json=True)
    if address := site_page(settings, values.get("mistakes")):
        return moved(with_fields(address, error.errors))
    return _page(campaign, values, error.errors, letter_preview(wired.stack, campaign, values, language), status=422)


def _again(campaign: str, values: Mapping[str, object], error: BusyError | MistypedError) -> Response[str]:
    """Show the form again as it was filled in: its sender must wait, or say which email address is right."""
    language = _language(find_campaign(wired.stack, campaign).campaign)
    found = problem_of(error, "signer")
    if wants_json(_event()):
        return problem(found, language, as_json=True)
    shown = letter_preview(wired.stack, campaign, values, language)
    if isinstance(error, MistypedError):
        return _page(campaign, values, preview=shown, question=error, status=422)
    return _page(
        campaign, values, preview=shown, notice=found.detail, status=found.status, retry_after=found.retry_after
    )


@router.get("/campaigns/<campaign>/signatures")
@router.get("/campaigns/<campaign>/preview")
def show_form_again(campaign: str) -> Response[str]:
    """Redirect to the form from the address of its answer, which people reload and share."""
    return moved(our_next_page(_event(), f"/campaigns/{find_campaign(wired.stack, campaign).campaign.id}"))


@router.get("/campaigns/<campaign>/signed")
def signed(campaign: str) -> Response[str]:
    """Say what happens after signing, at the address that our script gives the page: people reload it."""
    return _signed(find_campaign(wired.stack, campaign).campaign)


def _signed(campaign: Campaign, sent: SentForm | None = None) -> Response[str]:
    """Say what happens after signing; to the sender of a form, with the address and a way back to the form."""
    shown = signed_page(
        campaign,
        next_delivery(wired.stack, find_campaign(wired.stack, campaign.id)),
        _language(campaign),
        sent=sent,
        embedded=is_embedded(_event()),
        theme=theme_of(_event()),
    )
    cache = PRIVATE if sent else PAGE_CACHE
    return page(shown, cache=cache, hosts=campaign.framing_origins, runs_scripts=True)


@router.get("/campaigns/<campaign>/privacy")
def privacy(campaign: str) -> Response[str]:
    """Say what happens to a signer's data."""
    entry = find_campaign(wired.stack, campaign)
    shown = privacy_page(entry, wired.stack.settings.packet_days, _language(entry.campaign))
    return page(shown, cache=NOTICE_CACHE)


@router.route("/campaigns/<campaign>", method="OPTIONS")
@router.route("/campaigns/<campaign>/<_rest>", method="OPTIONS")
def allow_scripts(campaign: str, _rest: str = "") -> Response[str]:
    """Answer a browser's CORS preflight request."""
    find_campaign(wired.stack, campaign)
    return preflight()
