"""The signer's links: the letter to confirm, and its own page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.public_api import wired
from undersigned.domain.languages import Message, chosen_language
from undersigned.domain.tallies import TOTAL, counters_of
from undersigned.web import pages
from undersigned.web.answers import data, moved, page
from undersigned.web.posted import RequestError, asked_for, posted_values, wants_json

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.services.signing import OwnLetter

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


def _event() -> APIGatewayProxyEventV2:
    return router.current_event


def _language(own: OwnLetter) -> str:
    """Return the language that a link asks for, else the one in which the letter was signed."""
    link, _ = asked_for(_event())
    return chosen_language(own.entry.campaign.languages, link or own.signature.language, None)


@router.get("/confirm/<token>")
def to_confirm(token: str) -> Response[str]:
    """Show the letter with the button that confirms it; mail scanners follow links, so this changes nothing."""
    own = wired.signing.to_confirm(token)
    if own.signature.status != "pending":
        return _own(own)
    return _state(own) if wants_json(_event()) else page(pages.confirm(own, token, _language(own)))


@router.post("/confirm/<token>")
def confirm(token: str) -> Response[str]:
    """Confirm a letter; twice is the same as once, and what the signer has not seen is not confirmed."""
    own = wired.signing.confirm(token, _version_seen())
    if own.signature.status != "pending":
        return _state(own) if wants_json(_event()) else moved(f"/letters/{own.token}?confirmed=1")
    if wants_json(_event()):
        return _state(own, status=409)
    return page(pages.confirm(own, token, _language(own), changed=True), status=409)


def _version_seen() -> int | None:
    """Return the version of the letter that the button stood below; a program may leave it out."""
    version = posted_values(_event()).get("version") if _event().body else None
    if version is None:
        return None
    if not str(version).isdecimal():
        raise RequestError(
            400,
            Message("We can’t read what you sent"),
            Message("`version` must be a whole number. Open the link in the email again."),
        )
    return int(str(version)[:9])


@router.get("/letters/<token>")
def own_letter(token: str) -> Response[str]:
    """Show a signer what became of the letter."""
    return _own(wired.signing.own_letter(token))


@router.post("/letters/<token>/withdraw")
def withdraw(token: str) -> Response[str]:
    """Take a letter back unless it is sealed; the answer says which."""
    return _own(wired.signing.withdraw(token), asked_back=True)


@router.get("/letters/<token>/withdraw")
def show_letter_again(token: str) -> Response[str]:
    """Lead to the letter's own page whoever loads the answer to the button anew; this changes nothing."""
    return moved(f"/letters/{wired.signing.own_letter(token).token}")


def _own(own: OwnLetter, *, asked_back: bool = False) -> Response[str]:
    if wants_json(_event()):
        return _state(own)
    count = None
    if "confirmed" in _event().query_string_parameters:
        count = wired.signing.count(own.signature.campaign)
        if own.signature.status == "confirmed" and TOTAL not in counters_of(own.signature.tallied):
            # The counts follow within seconds; who has just signed is one of them now.
            count = replace(count, signatures=count.signatures + 1)
    form_url = f"{_own_origin()}/campaigns/{own.signature.campaign}"
    return page(pages.letter(own, _language(own), count=count, asked_back=asked_back, form_url=form_url))


def _own_origin() -> str:
    """Return where the reader's browser found this page, for links that are to be shared."""
    headers = _event().headers
    scheme = "http" if headers.get("x-forwarded-proto") == "http" else "https"
    return f"{scheme}://{headers['host']}"


def _state(own: OwnLetter, *, status: int = 200) -> Response[str]:
    headline, explanation = pages.state_of(own, _language(own))
    target = own.target
    return data(
        {
            "campaign": own.signature.campaign,
            "target": {
                "id": target.id,
                "title": target.title,
                "name": target.name,
                "department": target.department,
                "locality": target.locality,
            },
            "status": own.signature.status,
            "version": own.signature.version,
            "sealed": own.signature.bundle is not None,
            "delivery": own.delivery.state if own.delivery else None,
            "period": own.signature.period,
            "headline": headline,
            "detail": explanation,
            "letter_html": own.letter_html,
            "links": {"letter": f"/letters/{own.token}", "withdraw": f"/letters/{own.token}/withdraw"},
        },
        status=status,
    )
