"""Sign in by email: ask for one, and type its code. Sign out."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from undersigned.base.abuse_counters import admit
from undersigned.base.answers import dashboard_page, moved
from undersigned.base.email_addresses import email_mistake
from undersigned.base.errors import BusyError, TokenError, problem_of
from undersigned.base.languages import Message
from undersigned.base.posted import RequestError
from undersigned.base.routes import OpenRoutes
from undersigned.base.visitors import address_of
from undersigned.people import security_log, signing_in
from undersigned.people.pages.sign_in import NO_CODE, code_page, sign_in_page
from undersigned.people.pages.typed import Typed, typed_page
from undersigned.people.requests import OrganizerRequest, SessionRequest
from undersigned.people.routes.cookies import check_origin, session_cookie
from undersigned.people.routes.dashboard import HOME, SessionRoutes, home_with_cookie, language_of, signed_in
from undersigned.people.rules.people import REQUEST_PATTERN
from undersigned.people.sessions import end_session, session_of
from undersigned.people.signing_in import MOST_ASKED_A_MINUTE, SignInError, WrongCodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Request, Route
    from undersigned.people.sessions import Session


_WRONG_EMAIL = Message("Write an email address like name@example.org.")


class SignInRoutes(OpenRoutes):
    """Routes for people who are not signed in. Handlers take an OrganizerRequest."""

    address = f"{HOME}/sign-in"

    def serve(self, request: Request, route: Route, parts: Mapping[str, str]) -> Response[Any]:
        """Call the handler."""
        return route.handler(OrganizerRequest(request.stack, request.event), **parts)


routes, of_session = SignInRoutes(), SessionRoutes()


@routes.post("")
def ask(request: OrganizerRequest) -> Response[str]:
    """Ask for an email. The answer is the same for every address."""
    # Texts that another site sends are not shown.
    email = typed = ""
    try:
        with security_log.refusals(request.stack, "dashboard", None, "", "ask"):
            check_origin(request.event.headers, request.base_url)
        email, typed = request.posted("email"), _typed(request)
        if typed and not email:
            return dashboard_page(sign_in_page(language_of(request.event), typed=typed))
        if email_mistake(email):
            return _form(request, RequestError(400, _WRONG_EMAIL, _WRONG_EMAIL), email, typed)
        # A program must not fill the queue, because everybody's emails wait there.
        with security_log.refusals(request.stack, "dashboard", None, "", "ask"):
            visitor = address_of(request.event, request.stack.cdn_proof)
            admit(request.stack, "sign-in", visitor, MOST_ASKED_A_MINUTE)
    except (RequestError, BusyError) as error:
        return _form(request, error, email, typed)
    asked = signing_in.ask(request.stack, email, language_of(request.event))
    security_log.sign_in_asked()
    return _code_form(request, asked, typed=typed) if typed else moved(f"{routes.address}/{asked}")


def _typed(request: OrganizerRequest) -> str:
    """Return the sealed text that a page to sign in sends along; empty without one, or if it is damaged or old."""
    with suppress(TokenError, RequestError):
        if request.event.body and (sealed := request.posted("typed")):
            request.stack.links.read("typed", sealed)
            return sealed
    return ""


def _form(
    request: OrganizerRequest, error: RequestError | BusyError, email: str = "", typed: str = ""
) -> Response[str]:
    """Show the form for the address again, with the mistake and the typed address."""
    found, language = problem_of(error, "organizer"), language_of(request.event)
    form = sign_in_page(language, mistake=found.detail.in_language(language), email=email, typed=typed)
    return dashboard_page(form, status=found.status, retry_after=found.retry_after)


@routes.get("")
def show_form(_request: OrganizerRequest) -> Response[str]:
    """Redirect to the form for an address, whose mistakes are shown here."""
    return moved(HOME)


@routes.get("/<asked>")
def show_code_form(request: OrganizerRequest, asked: str) -> Response[str]:
    """Show the form that takes the code of a request."""
    return _code_form(request, asked) if REQUEST_PATTERN.fullmatch(asked) else _no_code(request)


@routes.post("/<asked>")
def use_code(request: OrganizerRequest, asked: str) -> Response[str]:
    """Sign in with the code of a request, or say why not and what to do."""
    try:
        with security_log.refusals(request.stack, "dashboard", None, "", "use_code"):
            check_origin(request.event.headers, request.base_url)
        token = signing_in.sign_in(request.stack, asked, request.posted("code"))
    except RequestError as error:
        return _form(request, error)
    except SignInError as error:
        security_log.sign_in_refused(request.stack, error)
        if isinstance(error, WrongCodeError) and error.tries_left:
            return _code_form(request, asked, status=400, tries_left=error.tries_left, typed=_typed(request))
        return _no_code(request)
    session = session_of(request.stack, token)
    security_log.signed_in(session.person)
    return _what_was_typed(request, session) or signed_in(request.event, token)


def _code_form(
    request: OrganizerRequest, asked: str, *, status: int = 200, tries_left: int | None = None, typed: str = ""
) -> Response[str]:
    shown = code_page(language_of(request.event), f"{routes.address}/{asked}", tries_left=tries_left, typed=typed)
    return dashboard_page(shown, status=status)


def _no_code(request: OrganizerRequest) -> Response[str]:
    """Show the form for an address again, because the code no longer works."""
    language = language_of(request.event)
    shown = sign_in_page(language, mistake=NO_CODE.in_language(language), typed=_typed(request))
    return dashboard_page(shown, status=410)


def _what_was_typed(request: OrganizerRequest, session: Session) -> Response[str] | None:
    """Show what a person typed before their session was over; None for somebody else, or if there is nothing."""
    if not (sealed := _typed(request)):
        return None
    typed = Typed(*request.stack.links.read("typed", sealed).parts)
    if typed.person != session.person.id:
        return None
    answer = dashboard_page(typed_page(language_of(request.event), typed, session.post_token))
    answer.cookies = [session_cookie(session.token)]
    return answer


@of_session.post("/sign-out", "read")
def sign_out(request: SessionRequest) -> Response[str]:
    """End a session. Other sites can't press this button, nor any other."""
    end_session(request.stack, request.session.token)
    return home_with_cookie("")
