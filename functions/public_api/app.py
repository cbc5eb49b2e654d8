"""The public API: the form, the confirmation, the signer's own page, the count, and packets behind a link."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from functions.public_api.problems import problem_of
from undersigned.domain.deliveries import packet_filename, packet_name
from undersigned.domain.errors import FormError, NotFoundError, UndersignedError
from undersigned.domain.letters import as_text, read_blocks
from undersigned.domain.signatures import FORM_FIELDS
from undersigned.http.answers import data, moved, page, problem
from undersigned.http.posted import RequestError, posted_values, wants_json
from undersigned.rendering import pages
from undersigned.services.signing import ClosedError
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.domain.campaigns import Target
    from undersigned.domain.errors import FieldError
    from undersigned.services.signing import OwnLetter

app = APIGatewayHttpResolver()
wiring = Wiring.of_environment()
signing = wiring.signing()

COUNT_CACHE = "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"
PAGE_CACHE = "public, max-age=5"


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the HTTP API."""
    return app.resolve(event, context)


def _event() -> APIGatewayProxyEventV2:
    return app.current_event


def _as_json() -> bool:
    return wants_json(_event())


# The form


@app.get("/campaigns/<campaign>")
def show_campaign(campaign: str) -> Response[str]:
    """Show the letter and its form."""
    if not _as_json():
        return page(_campaign_page(campaign), cache=PAGE_CACHE)
    entry, count = signing.campaign(campaign), signing.count(campaign)
    return data(
        {
            "campaign": entry.campaign.id,
            "title": entry.campaign.title,
            "summary": entry.campaign.summary,
            "organizer": entry.campaign.organizer.name,
            "open": signing.is_open(entry.campaign),
            "fields": [
                {"name": field.name, "required": field.required, "max_length": field.limit}
                for field in FORM_FIELDS
                if field.name != "note" or entry.letter.offers_note
            ],
            "targets": [_target(target) for target in entry.roster.by_id.values() if not target.retired],
            "signatures": count.signatures,
            "goal": count.goal,
            "next_delivery": signing.next_delivery().isoformat(),
        },
        cache=PAGE_CACHE,
    )


def _campaign_page(
    campaign: str,
    answers: Mapping[str, object] | None = None,
    errors: tuple[FieldError, ...] = (),
    preview: tuple[Target, str] | None = None,
) -> str:
    entry = signing.campaign(campaign)
    return pages.campaign(
        entry.campaign,
        entry.roster,
        entry.letter,
        signing.count(campaign),
        is_open=signing.is_open(entry.campaign),
        today=signing.today(entry.campaign),
        next_delivery=signing.next_delivery(),
        answers=answers,
        errors=errors,
        preview=preview,
    )


def _target(target: Target) -> dict[str, str]:
    return {
        "id": target.id,
        "title": target.title,
        "name": target.name,
        "department": target.department,
        "locality": target.locality,
    }


@app.get("/campaigns/<campaign>/targets")
def find_targets(campaign: str) -> Response[str]:
    """Say who gets the letter of somebody with this postal code; several mean that the signer chooses."""
    postal_code = _event().query_string_parameters.get("postal_code", "")
    if not postal_code.strip():
        raise RequestError(400, "Which postal code?", "Add it to the address: ?postal_code=60201")
    serving = signing.campaign(campaign).roster.serving(postal_code)
    return data({"campaign": campaign, "targets": [_target(target) for target in serving]}, cache=PAGE_CACHE)


@app.post("/campaigns/<campaign>/preview")
def preview(campaign: str) -> Response[str]:
    """Show the letter as it would be, and keep nothing."""
    values = posted_values(_event())
    try:
        target, letter_html = signing.preview(campaign, values)
    except FormError as error:
        return _mend(campaign, values, error)
    if _as_json():
        return data({"target": _target(target), "html": letter_html, "text": as_text(read_blocks(letter_html))})
    return page(_campaign_page(campaign, values, preview=(target, letter_html)))


@app.post("/campaigns/<campaign>/signatures")
def sign(campaign: str) -> Response[str]:
    """Take a signed form; the answer is the same whether the person had signed before or not."""
    values = posted_values(_event())
    try:
        signing.sign(campaign, values)
    except FormError as error:
        return _mend(campaign, values, error)
    if _as_json():
        return data({"status": "pending", "detail": "Check your email and confirm the letter there."}, status=202)
    return moved(f"/campaigns/{campaign}/signed")


def _mend(campaign: str, values: Mapping[str, object], error: FormError) -> Response[str]:
    """Answer a form with every error at once and all answers kept."""
    if _as_json():
        title, detail = "The form has errors", "Mend each field that is named, and send the form again."
        return problem(422, title, detail, as_json=True, errors=error.errors)
    return page(_campaign_page(campaign, values, error.errors), status=422)


@app.get("/campaigns/<campaign>/signed")
def signed(campaign: str) -> Response[str]:
    """Say what happens after signing."""
    return page(pages.signed(signing.campaign(campaign).campaign, signing.next_delivery()), cache=PAGE_CACHE)


@app.get("/campaigns/<campaign>/count")
def count(campaign: str) -> Response[str]:
    """Tell the public count, in one read."""
    found = signing.count(campaign)
    values = {
        "campaign": found.campaign,
        "signatures": found.signatures,
        "goal": found.goal,
        "as_of": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return data(values, cache=COUNT_CACHE)


# The signer's links


@app.get("/confirm/<token>")
def to_confirm(token: str) -> Response[str]:
    """Show the letter with the button that confirms it; mail scanners follow links, so this changes nothing."""
    own = signing.to_confirm(token)
    if own.signature.status != "pending":
        return _own(own)
    return data(_state(own)) if _as_json() else page(pages.confirm(own, token))


@app.post("/confirm/<token>")
def confirm(token: str) -> Response[str]:
    """Confirm a letter; twice is the same as once, and what the signer has not seen is not confirmed."""
    own = signing.confirm(token, _version_seen())
    if own.signature.status != "pending":
        return _own(own, confirmed_now=True)
    return data(_state(own), status=409) if _as_json() else page(pages.confirm(own, token, changed=True), status=409)


def _version_seen() -> int | None:
    """Return the version of the letter that the button stood below; a program may leave it out."""
    version = posted_values(_event()).get("version") if _event().body else None
    if version is None:
        return None
    if not str(version).isdecimal():
        raise RequestError(400, "Which letter?", "`version` is a whole number; open the link in the mail again")
    return int(str(version)[:9])


@app.get("/letters/<token>")
def own_letter(token: str) -> Response[str]:
    """Show a signer what became of the letter."""
    return _own(signing.own_letter(token))


@app.post("/letters/<token>/withdraw")
def withdraw(token: str) -> Response[str]:
    """Take a letter back unless it is sealed; the answer says which."""
    return _own(signing.withdraw(token), asked_back=True)


def _own(own: OwnLetter, *, confirmed_now: bool = False, asked_back: bool = False) -> Response[str]:
    if _as_json():
        return data(_state(own))
    return page(pages.letter(own, confirmed_now=confirmed_now, asked_back=asked_back))


def _state(own: OwnLetter) -> dict[str, object]:
    headline, explanation = pages.state_of(own)
    return {
        "campaign": own.signature.campaign,
        "target": _target(own.target),
        "status": own.signature.status,
        "version": own.signature.version,
        "sealed": own.signature.bundle is not None,
        "delivery": own.delivery.state if own.delivery else None,
        "period": own.signature.period,
        "headline": headline,
        "detail": explanation,
        "letter_html": own.letter_html,
        "links": {"letter": f"/letters/{own.token}", "withdraw": f"/letters/{own.token}/withdraw"},
    }


# The addressee's link


@app.get("/packets/<token>")
def list_packets(token: str) -> Response[str]:
    """Show the packets of a delivery that was too large for a mail."""
    return page(pages.packets(signing.packets(token), token))


@app.get("/packets/<token>/<number>")
def fetch_packet(token: str, number: str) -> Response[str]:
    """Hand a packet over from the store, by an address that works for a few minutes."""
    found = signing.packets(token)
    packet = next((packet for packet in found.packets if str(packet.number) == number), None)
    if packet is None:
        message = f"Packet {number[:10]!r} is not among these packets"
        raise NotFoundError(message)
    filename = packet_filename(found.key, packet.number, len(found.packets))
    return moved(wiring.bucket.link(packet_name(found.key, packet.number), filename), status=302)


# What goes wrong


def _answer_error(error: UndersignedError) -> Response[str]:
    if isinstance(error, ClosedError) and not _as_json():
        return page(_campaign_page(error.campaign.id), status=409)
    return problem(*problem_of(error), as_json=_as_json())


def _answer_no_route(_error: Exception) -> Response[str]:
    detail = "Check the address. A letter’s page is at /campaigns/ and its name."
    return problem(404, "This page is not here", detail, as_json=_as_json())


app.exception_handler(UndersignedError)(_answer_error)
app.not_found(_answer_no_route)
