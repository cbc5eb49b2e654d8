"""The form: the letter's page, its preview and its signing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.public_api import wired
from functions.public_api.problems import problem_of, wait_for
from undersigned.domain.errors import FormError
from undersigned.domain.languages import Message, chosen_language
from undersigned.domain.letters import as_text, read_blocks
from undersigned.domain.signatures import FORM_FIELDS
from undersigned.services.abuse_checks import BusyError
from undersigned.services.signing import FormContext
from undersigned.web import pages
from undersigned.web.answers import Problem, data, moved, page, preflight, problem
from undersigned.web.posted import RequestError, asked_for, posted_values, wants_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.errors import FieldError
    from undersigned.services.signing import LetterPreview

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

PAGE_CACHE = "public, max-age=5"


def _event() -> APIGatewayProxyEventV2:
    return router.current_event


def _language(campaign: Campaign) -> str:
    return chosen_language(campaign.languages, *asked_for(_event()))


@router.get("/campaigns/<campaign>")
def show_campaign(campaign: str) -> Response[str]:
    """Show the letter and its form."""
    return _as_json(campaign) if wants_json(_event()) else _page(campaign)


@router.get("/campaigns/<campaign>/embed")
def show_embedded(campaign: str) -> Response[str]:
    """Show the same for a frame on another site."""
    return _page(campaign, embedded=True)


def closed(campaign: str) -> Response[str]:
    """Show the page of a letter that can't be signed on this day."""
    return _page(campaign, status=409)


def _as_json(campaign: str) -> Response[str]:
    entry, count = wired.signing.campaign(campaign), wired.signing.count(campaign)
    language = _language(entry.campaign)
    texts = entry.campaign.texts(language)
    ticket = wired.signing.abuse_checks.ticket(entry.campaign)
    letter = entry.letter(language)
    return data(
        {
            "campaign": entry.campaign.id,
            "title": texts.title,
            "summary": texts.summary,
            "language": language,
            "languages": entry.campaign.languages,
            "letter_languages": list(entry.letters),
            "organizer": entry.campaign.organizer.name,
            "open": wired.signing.is_open(entry.campaign),
            "fields": [
                {
                    "name": field.name,
                    "label": field.label.in_language(language),
                    "required": field.required,
                    "max_length": field.limit,
                }
                for field in FORM_FIELDS
                if field.name != "note" or letter.offers_note
            ],
            "targets": [_target(target, language) for target in entry.roster.by_id.values() if not target.retired],
            "signatures": count.signatures,
            "goal": count.goal,
            "next_delivery": wired.signing.next_delivery().isoformat(),
            "form": ticket.token,
            "challenge": ticket.challenge,
        }
    )


def _page(  # noqa: PLR0913  (what the page shows)
    campaign: str,
    values: Mapping[str, object] | None = None,
    errors: tuple[FieldError, ...] = (),
    preview: LetterPreview | None = None,
    notice: Message | None = None,
    *,
    embedded: bool = False,
    status: int = 200,
    retry_after: int | None = None,
) -> Response[str]:
    entry = wired.signing.campaign(campaign)
    shown = pages.campaign(
        entry,
        wired.signing.count(campaign),
        wired.signing.abuse_checks.ticket(entry.campaign, (values or {}).get("form")),
        language=_language(entry.campaign),
        is_open=wired.signing.is_open(entry.campaign),
        today=wired.signing.today(entry.campaign),
        next_delivery=wired.signing.next_delivery(),
        answers=values,
        errors=errors,
        preview=preview,
        notice=notice,
        embedded=embedded or "embedded" in _event().query_string_parameters,
    )
    hosts = entry.campaign.allowed_origins
    return page(shown, status=status, hosts=hosts, runs_scripts=True, retry_after=retry_after)


def _target(target: Target, language: str) -> dict[str, str]:
    return {
        "id": target.id,
        "title": target.title_in(language),
        "name": target.name,
        "addressed": target.addressed(language),
        "department": target.department,
        "locality": target.locality,
    }


@router.get("/campaigns/<campaign>/targets")
def find_targets(campaign: str) -> Response[str]:
    """Say who gets the letter of somebody with this postal code; several mean that the signer chooses."""
    postal_code = _event().query_string_parameters.get("postal_code", "")
    if not postal_code.strip():
        raise RequestError(400, Message("Postal code missing"), Message("Add it to the address: ?postal_code=60201"))
    entry = wired.signing.campaign(campaign)
    language, serving = _language(entry.campaign), entry.roster.serving(postal_code)
    return data({"campaign": campaign, "targets": [_target(target, language) for target in serving]}, cache=PAGE_CACHE)


@router.post("/campaigns/<campaign>/preview")
def preview(campaign: str) -> Response[str]:
    """Show the letter as far as the form goes, and keep nothing."""
    values = posted_values(_event())
    language = _language(wired.signing.campaign(campaign).campaign)
    shown = wired.signing.preview(campaign, values, language)
    if not wants_json(_event()):
        return _page(campaign, values, shown.errors, shown, status=422 if shown.errors else 200)
    return data(
        {
            "target": _target(shown.target, language) if shown.target else None,
            "targets": [_target(target, language) for target in shown.serving],
            "language": shown.letter_language,
            "html": shown.letter_html,
            "text": as_text(read_blocks(shown.letter_html)),
            "errors": [{"field": error.field, "detail": error.message.in_language(language)} for error in shown.errors],
        }
    )


@router.post("/campaigns/<campaign>/signatures")
def sign(campaign: str) -> Response[str]:
    """Take a signed form; the answer is the same whether the person had signed before or not."""
    event, values = _event(), posted_values(_event())
    asked = wired.signing.campaign(campaign).campaign
    language = _language(asked)
    context = FormContext(event.request_context.http.source_ip, event.headers.get("origin"), language)
    try:
        wired.signing.sign(campaign, values, context)
    except FormError as error:
        return _mend(asked, values, error, language)
    except BusyError as error:
        if wants_json(event):
            return problem(problem_of(error), language, as_json=True)
        shown = wired.signing.preview(campaign, values, language)
        return _page(campaign, values, preview=shown, notice=wait_for(error), status=429, retry_after=error.seconds)
    if wants_json(event):
        detail = Message("We’ve emailed you. Open the link to confirm.")
        return data({"status": "pending", "detail": detail.in_language(language)}, status=202)
    return moved(_own_page(asked, values.get("thanks")) or _with_query(f"/campaigns/{campaign}/signed"))


def _mend(asked: Campaign, values: Mapping[str, object], error: FormError, language: str) -> Response[str]:
    """Answer a form with every error at once and all answers kept, or send back to the organization's own form."""
    if wants_json(_event()):
        found = Problem(
            422,
            Message("There is a problem"),
            Message("Correct the fields in the list, then send the form again."),
            errors=error.errors,
        )
        return problem(found, language, as_json=True)
    if own_page := _own_page(asked, values.get("mistakes")):
        fields = ",".join(dict.fromkeys(mistake.field for mistake in error.errors))
        before, hash_sign, fragment = own_page.partition("#")
        query = ("&" if "?" in before else "?") + urlencode({"fields": fields}, safe=",")
        return moved(before + query + hash_sign + fragment)
    return _page(asked.id, values, error.errors, wired.signing.preview(asked.id, values, language), status=422)


def _own_page(asked: Campaign, address: object) -> str | None:
    """Return an address that a form names for what follows, if it is on a site of the organization."""
    return address if isinstance(address, str) and asked.allows(address) else None


def _with_query(path: str) -> str:
    """Let a page of ours know what this one was asked with: its language, and that it is in a frame."""
    kept = {name: value for name, value in _event().query_string_parameters.items() if name in {"lang", "embedded"}}
    return f"{path}?{urlencode(kept)}" if kept else path


@router.get("/campaigns/<campaign>/signatures")
@router.get("/campaigns/<campaign>/preview")
def show_form_again(campaign: str) -> Response[str]:
    """Lead to the form from the address of an answer to it, which phones load anew and people pass on."""
    return moved(_with_query(f"/campaigns/{wired.signing.campaign(campaign).campaign.id}"))


@router.get("/campaigns/<campaign>/signed")
def signed(campaign: str) -> Response[str]:
    """Say what happens after signing."""
    asked = wired.signing.campaign(campaign).campaign
    embedded = "embedded" in _event().query_string_parameters
    shown = pages.signed(asked, wired.signing.next_delivery(), _language(asked), embedded=embedded)
    return page(shown, cache=PAGE_CACHE, hosts=asked.allowed_origins, runs_scripts=True)


@router.route("/campaigns/<campaign>", method="OPTIONS")
@router.route("/campaigns/<campaign>/<_rest>", method="OPTIONS")
def ask_first(campaign: str, _rest: str = "") -> Response[str]:
    """Answer the question that a browser asks before a script of another site may send JSON."""
    wired.signing.campaign(campaign)
    return preflight()
