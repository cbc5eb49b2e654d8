"""Sign in by email: ask for one, then use its link or its code in the same browser."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import HOME, doorstep, language_of, public_url, signed_in
from functions.organizer_api.problems import dashboard_problem_of
from undersigned.domain.errors import TokenError
from undersigned.domain.languages import Message
from undersigned.domain.signing.addresses import email_mistake
from undersigned.services.people.signing_in import Asked, OtherBrowserError, SignInError, WrongCodeError
from undersigned.services.signing.abuse_checks import BusyError
from undersigned.web import security_log
from undersigned.web.answers import Problem, dashboard_page, moved
from undersigned.web.organizer_requests import posted_text
from undersigned.web.people.sessions import (
    asked_cookie,
    asked_in,
    check_origin,
    comes_from_a_link,
    known_cookie,
    known_in,
    session_cookie,
)
from undersigned.web.people.sign_in import (
    EXPIRED,
    code_page,
    expired_page,
    link_page,
    other_browser_page,
    sign_in_page,
)
from undersigned.web.people.typed import typed_page
from undersigned.web.posted import RequestError
from undersigned.web.visitors import address_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.people.people import Person
    from undersigned.web.security_log import SignInWay

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
            return _form(None, email, typed)
        # A program must not fill the queue, because everybody's emails wait there.
        with security_log.refusals("dashboard", None, "", "ask"):
            wired.stack.people.sign_in_limit.admit(address_of(event, wired.stack.cdn_proof))
    except (RequestError, BusyError) as error:
        return _form(error, email, typed)
    asked = wired.stack.people.signing_in.ask(email, language_of(event), known_in(event.cookies))
    security_log.sign_in_asked()
    answer = dashboard_page(code_page(language_of(event), typed=typed)) if typed else moved(_ADDRESS)
    answer.cookies = [asked_cookie(asked.written())]
    return answer


def _typed() -> str:
    """Return the sealed text that a page to sign in sends along; empty without one, or if it is damaged or old."""
    event = router.current_event
    with suppress(TokenError, RequestError):
        if event.body and (sealed := posted_text(event, "typed")):
            wired.sessions.tokens.read_typed(sealed)
            return sealed
    return ""


def _form(error: RequestError | BusyError | None, email: str = "", typed: str = "") -> Response[str]:
    """Show the form for the address again, with the mistake and the typed address."""
    event = router.current_event
    language = language_of(event)
    found = dashboard_problem_of(error) if error else Problem(400, _WRONG_EMAIL, _WRONG_EMAIL)
    form = sign_in_page(language, by_email=found.detail.in_language(language), email=email, typed=typed)
    return dashboard_page(form, status=found.status, retry_after=found.retry_after)


@router.get(_ADDRESS)
def show_code_form() -> Response[str]:
    """Show the form that takes the code, in a browser that asked for an email."""
    event = router.current_event
    if not asked_in(event.cookies):
        # Signed-in people find their campaigns there, others the form that asks for an email.
        return doorstep(event) if comes_from_a_link(event.headers) else moved(HOME)
    return dashboard_page(code_page(language_of(event)))


@router.post(f"{_ADDRESS}/code")
def use_code() -> Response[str]:
    """Sign in with the code."""
    event = router.current_event
    asked = Asked.read(asked_in(event.cookies))
    return _signed_in("email code", lambda: wired.stack.people.signing_in.by_code(posted_text(event, "code"), asked))


@router.get(f"{_ADDRESS}/link/<token>")
def show_link(token: str) -> Response[str]:
    """Show the button that signs in. Changes nothing, because email scanners follow links."""
    event = router.current_event
    asked = asked_in(event.cookies)
    if not asked and comes_from_a_link(event.headers):
        return doorstep(event)
    try:
        wired.stack.people.signing_in.check_link(token, Asked.read(asked))
    except SignInError as error:
        security_log.sign_in_refused("email link", error)
        return _refused(error)
    return dashboard_page(link_page(language_of(event), f"{_ADDRESS}/link/{token}"))


@router.post(f"{_ADDRESS}/link/<token>")
def use_link(token: str) -> Response[str]:
    """Sign in with the link."""
    asked = Asked.read(asked_in(router.current_event.cookies))
    return _signed_in("email link", lambda: wired.stack.people.signing_in.by_link(token, asked))


def _signed_in(way: SignInWay, begin: Callable[[], str]) -> Response[str]:
    """Begin a session, or say why not and what to do."""
    event = router.current_event
    try:
        with security_log.refusals(way, None, "", ""):
            check_origin(event.headers, public_url(event))
        token = begin()
    except RequestError as error:
        return _form(error)
    except SignInError as error:
        security_log.sign_in_refused(way, error)
        return _refused(error)
    person = wired.sessions.session(token).person
    security_log.signed_in(person, way)
    answer = _what_was_typed(person, token) or signed_in(event, token)
    answer.cookies = [*answer.cookies, asked_cookie("")]
    known = wired.stack.people.signing_in.known_browser(person, known_in(event.cookies))
    answer.cookies.append(known_cookie(known))
    return answer


def _what_was_typed(person: Person | None, token: str) -> Response[str] | None:
    """Show what a person typed before their session was over; None for somebody else, or if there is nothing."""
    if person is None or not (sealed := _typed()):
        return None
    typed = wired.sessions.tokens.read_typed(sealed)
    if typed.person != person.id:
        return None
    shown = typed_page(language_of(router.current_event), typed, wired.sessions.tokens.for_posts(token))
    answer = dashboard_page(shown)
    answer.cookies = [session_cookie(token)]
    return answer


def _refused(error: SignInError) -> Response[str]:
    language, typed = language_of(router.current_event), _typed()
    match error:
        case WrongCodeError(tries_left=left) if left:
            return dashboard_page(code_page(language, tries_left=left, typed=typed), status=400)
        case OtherBrowserError():
            return dashboard_page(other_browser_page(language), status=403)
        case _ if typed:
            form = sign_in_page(language, by_email=EXPIRED.in_language(language), typed=typed)
            return dashboard_page(form, status=410)
        case _:
            return dashboard_page(expired_page(language), status=410)
