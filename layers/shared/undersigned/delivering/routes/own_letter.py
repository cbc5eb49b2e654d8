"""Routes of the signer's links: the letter to confirm, and the letter's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import data, moved, page
from undersigned.base.languages import chosen_language
from undersigned.base.reader import language_in_link, wants_json
from undersigned.base.routes import OpenRoutes
from undersigned.delivering.own_letter import own_letter
from undersigned.delivering.pages.own_letter import confirm_page, letter_page, letter_values
from undersigned.people import security_log
from undersigned.signing import letters
from undersigned.signing.rules.forms import Form
from undersigned.signing.rules.sources import labelled_path

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Request
    from undersigned.delivering.own_letter import OwnLetter

routes = OpenRoutes()


def _language(request: Request, own: OwnLetter) -> str:
    """Return the language in the link's query, or else the language in which the letter was signed."""
    wanted = language_in_link(request.event) or own.signature.language
    return chosen_language(own.entry.campaign.languages, wanted, None)


@routes.get("/confirm/<token>")
def to_confirm(request: Request, token: str) -> Response[str]:
    """Show the letter with the button that confirms it. Changes nothing, because email scanners follow links."""
    own = own_letter(request.stack, letters.to_confirm(request.stack, token))
    security_log.letter_opened(own.signature.campaign)
    if not isinstance(own.signature, Form):
        return _own(request, own)
    if wants_json(request.event):
        return data(letter_values(own, _language(request, own)))
    can_sign = own.entry.is_open(request.stack.clock())
    return page(confirm_page(own, token, _language(request, own), can_sign=can_sign))


@routes.post("/confirm/<token>")
def confirm(request: Request, token: str) -> Response[str]:
    """Confirm the words of the link. Doing it twice has no further effect, and no other link changes them then."""
    confirmed = letters.confirm(request.stack, token, counted=not wants_json(request.event))
    own = own_letter(request.stack, confirmed)
    if own.is_of_other_words:
        return _own(request, own, status=409)
    if wants_json(request.event):
        return data(letter_values(own, _language(request, own)))
    # Without a redirect, which would be a request more for each signer. A reload confirms again, which changes nothing.
    return _own(request, own)


@routes.get("/letters/<token>")
def show_letter(request: Request, token: str) -> Response[str]:
    """Show a signer's letter and its status."""
    own = own_letter(request.stack, letters.signed_letter(request.stack, token))
    security_log.letter_opened(own.signature.campaign)
    return _own(request, own)


@routes.post("/letters/<token>/withdraw")
def withdraw(request: Request, token: str) -> Response[str]:
    """Withdraw a letter, and answer with its status. A sealed letter stays as it is."""
    return _own(request, own_letter(request.stack, letters.withdraw(request.stack, token)), asked_to_withdraw=True)


@routes.post("/letters/<token>/no-news")
def end_news(request: Request, token: str) -> Response[str]:
    """End the signer's consent to news, and answer with the letter."""
    return _own(request, own_letter(request.stack, letters.end_news(request.stack, token)))


@routes.get("/letters/<token>/no-news")
@routes.get("/letters/<token>/withdraw")
def show_letter_again(request: Request, token: str) -> Response[str]:
    """Redirect a reload of a button's page to the letter. Changes nothing."""
    return moved(f"/letters/{own_letter(request.stack, letters.signed_letter(request.stack, token)).token}")


def _own(request: Request, own: OwnLetter, *, asked_to_withdraw: bool = False, status: int = 200) -> Response[str]:
    if wants_json(request.event):
        return data(letter_values(own, _language(request, own)), status=status)
    return page(
        letter_page(
            own,
            _language(request, own),
            asked_to_withdraw=asked_to_withdraw,
            # A shared link has the source of the link that brought the signer.
            form_url=request.base_url + labelled_path(own.entry.campaign, own.signature.source),
        ),
        status=status,
    )
