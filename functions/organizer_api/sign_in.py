"""Sign in by email: ask for one, and type its code."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import HOME, language_of, public_url, signed_in
from undersigned.base.abuse_counters import admit
from undersigned.base.answers import dashboard_page, moved
from undersigned.base.email_addresses import email_mistake
from undersigned.base.errors import BusyError, TokenError, problem_of
from undersigned.base.languages import Message
from undersigned.base.posted import RequestError
from undersigned.base.visitors import address_of
from undersigned.people import security_log, signing_in
from undersigned.people.cookies import check_origin, session_cookie
from undersigned.people.pages.sign_in import NO_CODE, code_page, sign_in_page
from undersigned.people.requests import posted_text
from undersigned.people.rules.people import REQUEST_PATTERN
from undersigned.people.sessions import session_of
from undersigned.people.signing_in import MOST_ASKED_A_MINUTE, SignInError, WrongCodeError
from undersigned.workshop.pages.typed import Typed, typed_page

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.sessions import Session

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

_ADDRESS = f"{HOME}/sign-in"
_WRONG_EMAIL = Message("Write an email address like name@example.org.")


@router.post(_ADDRESS)
def ask() -> Response[str]:
    """Ask for an email. The answer is the same for every address."""
    event = router.current_event
    # Texts that another site sends are not shown.
    email = typed = ""
    try:
        with security_log.refusals("dashboard", None, "", "ask"):
            check_origin(event.headers, public_url(event))
        email, typed = posted_text(event, "email"), _typed()
        if typed and not email:
            return dashboard_page(sign_in_page(language_of(event), typed=typed))
        if email_mistake(email):
            return _form(RequestError(400, _WRONG_EMAIL, _WRONG_EMAIL), email, typed)
        # A program must not fill the queue, because everybody's emails wait there.
        with security_log.refusals("dashboard", None, "", "ask"):
            admit(wired.stack, "sign-in", address_of(event, wired.stack.cdn_proof), MOST_ASKED_A_MINUTE)
    except (RequestError, BusyError) as error:
        return _form(error, email, typed)
    request = signing_in.ask(wired.stack, email, language_of(event))
    security_log.sign_in_asked()
    return _code_form(request, typed=typed) if typed else moved(f"{_ADDRESS}/{request}")


def _typed() -> str:
    """Return the sealed text that a page to sign in sends along; empty without one, or if it is damaged or old."""
    event = router.current_event
    with suppress(TokenError, RequestError):
        if event.body and (sealed := posted_text(event, "typed")):
            wired.stack.links.read("typed", sealed)
            return sealed
    return ""


def _form(error: RequestError | BusyError, email: str = "", typed: str = "") -> Response[str]:
    """Show the form for the address again, with the mistake and the typed address."""
    event = router.current_event
    found, language = problem_of(error, "organizer"), language_of(event)
    form = sign_in_page(language, mistake=found.detail.in_language(language), email=email, typed=typed)
    return dashboard_page(form, status=found.status, retry_after=found.retry_after)


@router.get(_ADDRESS)
def show_form() -> Response[str]:
    """Redirect to the form for an address, whose mistakes are shown here."""
    return moved(HOME)


@router.get(f"{_ADDRESS}/<request>")
def show_code_form(request: str) -> Response[str]:
    """Show the form that takes the code of a request."""
    return _code_form(request) if REQUEST_PATTERN.fullmatch(request) else _no_code()


@router.post(f"{_ADDRESS}/<request>")
def use_code(request: str) -> Response[str]:
    """Sign in with the code of a request, or say why not and what to do."""
    event = router.current_event
    try:
        with security_log.refusals("dashboard", None, "", "use_code"):
            check_origin(event.headers, public_url(event))
        token = signing_in.sign_in(wired.stack, request, posted_text(event, "code"))
    except RequestError as error:
        return _form(error)
    except SignInError as error:
        security_log.sign_in_refused(error)
        if isinstance(error, WrongCodeError) and error.tries_left:
            return _code_form(request, status=400, tries_left=error.tries_left, typed=_typed())
        return _no_code()
    session = session_of(wired.stack, token)
    security_log.signed_in(session.person)
    return _what_was_typed(session) or signed_in(event, token)


def _code_form(request: str, *, status: int = 200, tries_left: int | None = None, typed: str = "") -> Response[str]:
    language, address = language_of(router.current_event), f"{_ADDRESS}/{request}"
    return dashboard_page(code_page(language, address, tries_left=tries_left, typed=typed), status=status)


def _no_code() -> Response[str]:
    """Show the form for an address again, because the code signs in no more."""
    language = language_of(router.current_event)
    return dashboard_page(sign_in_page(language, mistake=NO_CODE.in_language(language), typed=_typed()), status=410)


def _what_was_typed(session: Session) -> Response[str] | None:
    """Show what a person typed before their session was over; None for somebody else, or if there is nothing."""
    if not (sealed := _typed()):
        return None
    typed = Typed(*wired.stack.links.read("typed", sealed).parts)
    if typed.person != session.person.id:
        return None
    answer = dashboard_page(typed_page(language_of(router.current_event), typed, session.post_token))
    answer.cookies = [session_cookie(session.token)]
    return answer
