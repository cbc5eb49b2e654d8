"""The dashboard: its kinds of routes, how they are served, and what its pages and buttons share."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode

from undersigned.base.actions import ACTIONS
from undersigned.base.answers import dashboard_page, moved
from undersigned.base.errors import NotFoundError, TokenError, UndersignedError, problem_of
from undersigned.base.languages import organizers_languages
from undersigned.base.posted import RequestError
from undersigned.base.posted_files import posted_form
from undersigned.base.reader import language_for
from undersigned.base.routes import ScopedRoutes
from undersigned.base.scopes import Scope
from undersigned.base.typos import MistypedError
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.people import security_log
from undersigned.people.access import ScopeError, check_scope
from undersigned.people.dashboard_frame import address_question, dashboard_problem_page, doorstep_page
from undersigned.people.pages.sign_in import sign_in_page
from undersigned.people.pages.typed import Typed, packed_values, typed_page
from undersigned.people.requests import DashboardRequest, OrganizerRequest, SessionRequest, check_names
from undersigned.people.routes.cookies import (
    ForeignPostError,
    check_origin,
    check_post,
    chosen_language,
    comes_from_a_link,
    language_cookie,
    page_asked_for,
    page_cookie,
    session_cookie,
    session_token,
)
from undersigned.people.sessions import SignedOutError, person_of_post, session_of
from undersigned.people.viewer import Viewer, found_campaign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.base.routes import Handler, Labels, Request, Route
    from undersigned.base.stack import Stack
    from undersigned.people.rules.people import Member
    from undersigned.people.sessions import Session

HOME = "/organizer"
AFTER_DELETING = f"{HOME}?done=deleted"


class _SignedInRoutes(ScopedRoutes[Scope]):
    """Routes for people who are signed in. Errors are shown as pages."""

    def serve(self, request: Request, route: Route, parts: Mapping[str, str]) -> Response[Any]:
        """Check a session, and keep the language that a link chooses for the pages after it."""
        cookies = request.event.cookies
        try:
            session = session_of(request.stack, session_token(cookies), parts.get("campaign"))
            answer = self.serve_to(session, request, route, parts)
        except SignedOutError as error:
            answer = _sign_in_first(request, route, error)
        if cookie := language_cookie(request.event):
            answer.cookies = [*answer.cookies, cookie]
        return answer

    def serve_to(self, session: Session, asked: Request, route: Route, parts: Mapping[str, str]) -> Response[Any]:
        """Check what a person asks for, and answer it."""
        raise NotImplementedError


class SessionRoutes(_SignedInRoutes):
    """Routes for signed-in people, about no campaign. Handlers take a SessionRequest."""

    address = HOME
    for_administrator = False

    def serve_to(self, session: Session, asked: Request, route: Route, parts: Mapping[str, str]) -> Response[Any]:
        """Check that the administrator asks, if nobody else may, and where a post comes from. Call the handler."""
        request = SessionRequest(asked.stack, asked.event, session)
        try:
            with security_log.refusals(asked.stack, "dashboard", session, "", route.handler.__name__):
                if self.for_administrator and not session.is_administrator:
                    refusal = ScopeError("read", cast("Scope", route.scope))
                    raise refusal
                if request.event.http_method == "POST":
                    check_post(request)
            check_names(parts)
            return route.handler(request, **parts)
        except UndersignedError as error:
            return _problem(request.event, error)


class AdministratorRoutes(SessionRoutes):
    """Such routes for the stack's administrator alone."""

    for_administrator = True


class DashboardRoutes(_SignedInRoutes):
    """Routes for organizers who are signed in, each below a campaign's address. Handlers take a DashboardRequest."""

    address = dashboard_path("<campaign>")

    def does[Decorated: Handler](self, action: str, keeps: Labels | None = None) -> Callable[[Decorated], Decorated]:
        """Note the handler for an action, at the address and with the scope that the table of actions has."""
        deed = ACTIONS[action]
        return self.post(deed.page, deed.scope, keeps)

    def answer(self, request: DashboardRequest, handler: Handler, names: Mapping[str, str]) -> Response[Any]:
        """Call the handler of a request that is allowed."""
        return handler(request, **names)

    def serve_to(self, session: Session, asked: Request, route: Route, parts: Mapping[str, str]) -> Response[Any]:
        """Check a person's role in the campaign and where a post comes from, and call the handler."""
        stack, event, names = asked.stack, asked.event, {**parts}
        campaign, scope, name = names.pop("campaign"), cast("Scope", route.scope), route.handler.__name__
        request: DashboardRequest | None = None
        try:
            with security_log.refusals(stack, "dashboard", session, campaign, name):
                request = DashboardRequest(stack, event, campaign, _member_of(stack, session, campaign), session)
                if event.http_method == "POST":
                    check_post(request)
                check_scope(request.member, scope)
            if scope != "read":
                security_log.requested(request.member, "dashboard", name)
            check_names(names)
            try:
                return self.answer(request, route.handler, names)
            except MistypedError as error:
                return dashboard_page(address_question(viewer_of(request), event.path, posted_form(event), error))
        except ForeignPostError as error:
            typed, person = _typed_in(asked, route), session.person
            # They signed in again in another tab.
            if typed and typed.person == person.id:
                return dashboard_page(typed_page(language_of(event), typed, session.post_token), status=403)
            return _problem(event, error, request)
        except UndersignedError as error:
            return _problem(event, error, request)


def viewer_of(request: DashboardRequest) -> Viewer:
    """Return the organizer who looks at a page. Raises NotFoundError if there is neither a campaign nor its draft."""
    campaign, roster, is_published = found_campaign(request.stack, request.campaign)
    return Viewer(
        campaign,
        roster,
        request.member.scope,
        request.session.post_token,
        request.stack.clock(),
        request.query("done"),
        chosen=chosen_language(request.event),
        here=_here(request),
        is_published=is_published,
    )


def language_of(event: APIGatewayProxyEventV2) -> str:
    """Return the language of a page about no campaign, as the reader chose it, or as their browser prefers."""
    return chosen_language(event) or language_for(event, organizers_languages())


def _here(request: DashboardRequest) -> str:
    """Return the address of a page, for links to it in other languages; after a post, the overview's address."""
    event = request.event
    if event.http_method != "GET":
        return request.home
    kept = {name: text for name, text in event.query_string_parameters.items() if name not in {"lang", "done"}}
    return f"{event.path}?{urlencode(kept)}" if kept else event.path


def done(request: DashboardRequest, what: str, path: str = "") -> Response[str]:
    """Redirect from a button to a page of its campaign that says what it did: `path`, or where it was pressed."""
    if re.fullmatch(r"/[a-z0-9/-]*", back := request.posted("back")):
        path = back.rstrip("/")
    return moved(f"{request.home}{path}?done={what}")


def home_with_cookie(token: str) -> Response[str]:
    """Redirect to the front page and set the session cookie. An empty token deletes the cookie."""
    answer = moved(HOME)
    answer.cookies = [session_cookie(token)]
    return answer


def signed_in(event: APIGatewayProxyEventV2, token: str) -> Response[str]:
    """Set the session cookie, and redirect to the page that was asked for before, or else to the front page."""
    answer = home_with_cookie(token)
    if page := page_asked_for(event.cookies):
        answer.headers["Location"] = page
        answer.cookies.append(page_cookie(""))
    return answer


def _member_of(stack: Stack, session: Session, campaign: str) -> Member:
    if session.is_administrator and _exists(stack, campaign):
        return session.person.as_owner(campaign)
    if session.member is None:
        # A campaign that exists and one that doesn't are refused alike.
        message = "the session opens no such campaign"
        raise NotFoundError(message)
    return session.member


def _exists(stack: Stack, campaign: str) -> bool:
    try:
        check_names({"target": campaign})
        found_campaign(stack, campaign)
    except NotFoundError:
        return False
    return True


def _problem(
    event: APIGatewayProxyEventV2, error: UndersignedError, request: DashboardRequest | None = None
) -> Response[str]:
    """Show an error, in the frame of the request's campaign if that can be read."""
    viewer = None
    with suppress(UndersignedError):
        viewer = viewer_of(request) if request else None
    found, language = problem_of(error, "organizer"), language_of(event)
    return dashboard_page(
        dashboard_problem_page(viewer, language, found.title, found.detail),
        status=found.status,
        retry_after=found.retry_after,
    )


def _sign_in_first(request: Request, route: Route, error: SignedOutError) -> Response[str]:
    """Show the sign-in form on the dashboard's front page, and redirect there from any other."""
    event = request.event
    if session_token(event.cookies):
        security_log.refused(request.stack, error, "dashboard")
    if event.http_method == "GET" and comes_from_a_link(event.headers):
        # Only when the page reloads does the browser send its strict cookie.
        return dashboard_page(doorstep_page(language_of(event), quote(event.path)))
    if event.http_method != "GET":
        return _with_what_was_typed(request, route)
    if event.path == HOME:
        return dashboard_page(sign_in_page(language_of(event)))
    answer = home_with_cookie("")
    # After signing in, nobody should land on a page in a frame, or on what a script loads.
    if event.headers.get("sec-fetch-dest", "document") == "document":
        query = event.raw_query_string
        answer.cookies.append(page_cookie(f"{event.path}?{query}" if query else event.path))
    return answer


def _with_what_was_typed(request: Request, route: Route) -> Response[str]:
    """Show the sign-in form with the text of a post in it, sealed; redirect to the form if none is kept."""
    answer = home_with_cookie("")
    if typed := _typed_in(request, route):
        sealed = request.stack.links.sign("typed", *typed)
        shown = dashboard_page(sign_in_page(language_of(request.event), typed=sealed))
        shown.cookies = answer.cookies
        return shown
    return answer


def _typed_in(request: Request, route: Route) -> Typed | None:
    """Return what a person typed into a page of a session that is over; None if it is not kept."""
    with suppress(RequestError, TokenError):
        event, posted = request.event, OrganizerRequest(request.stack, request.event).posted
        check_origin(event.headers, request.base_url)
        person = person_of_post(request.stack.links, posted("token"))
        if route.keeps and (values := packed_values(posted_form(event), route.keeps, language_of(event))):
            return Typed(person, event.path, values)
    return None
