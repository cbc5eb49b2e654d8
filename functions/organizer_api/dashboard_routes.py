"""The dashboard's routes, and the functions that its pages and buttons share."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from aws_lambda_powertools.event_handler import Response

from functions.organizer_api import wired
from undersigned.base.answers import dashboard_page, moved
from undersigned.base.errors import NotFoundError, TokenError, UndersignedError, problem_of
from undersigned.base.posted import RequestError
from undersigned.base.posted_files import posted_form
from undersigned.base.reader import base_url, language_for
from undersigned.base.typos import MistypedError
from undersigned.campaigns.rules.campaigns import Roster, dashboard_path
from undersigned.people import security_log
from undersigned.people.access import ScopeError, check_scope
from undersigned.people.cookies import (
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
from undersigned.people.dashboard_frame import address_question, dashboard_problem_page, doorstep_page
from undersigned.people.pages.sign_in import sign_in_page
from undersigned.people.requests import DashboardRequest, SessionRequest, check_names, posted_text
from undersigned.people.scoped_routes import DashboardRoutes, ScopedRoutes
from undersigned.people.sessions import SignedOutError, person_of_post, session_of
from undersigned.people.viewer import Viewer
from undersigned.workshop import drafting
from undersigned.workshop.draft_views import shown_campaign
from undersigned.workshop.pages.frame import unreadable_draft
from undersigned.workshop.pages.typed import Typed, packed_values, typed_page
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.drafts import UnreadableDraftError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.base.scopes import Scope
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.people.rules.people import Member
    from undersigned.people.scoped_routes import Handler, Serve
    from undersigned.people.sessions import Session

HOME = "/organizer"


def session_routes() -> ScopedRoutes[Scope]:
    """Make routes for signed-in people, about no campaign. Handlers take a SessionRequest."""
    return ScopedRoutes(HOME, _keeping_language(_serve_session))


def administrator_routes() -> ScopedRoutes[Scope]:
    """Make routes for the stack's administrator, about no campaign. Handlers take a SessionRequest."""
    return ScopedRoutes(HOME, _keeping_language(_serve_administrator))


def dashboard_routes() -> DashboardRoutes:
    """Make routes for organizers who are signed in, each below a campaign's address."""
    return DashboardRoutes(dashboard_path("<campaign>"), _keeping_language(_serve))


def viewer_of(request: DashboardRequest) -> Viewer:
    """Return the organizer who looks at a page. Raises NotFoundError if there is neither a campaign nor its draft."""
    campaign, roster, is_published = _campaign_of(request)
    return Viewer(
        campaign,
        roster,
        request.member.scope,
        request.session.post_token,
        wired.stack.clock(),
        request.query("done"),
        chosen=chosen_language(request.event),
        here=_here(request),
        is_published=is_published,
    )


def _campaign_of(request: DashboardRequest) -> tuple[Campaign, Roster, bool]:
    """Return the campaign with its targets, and whether it is published. Until then it has its draft's settings."""
    try:
        entry = wired.stack.catalog.entry(request.campaign)
    except NotFoundError:
        try:
            draft = drafting.draft_of(wired.stack, request.campaign)
        except UnreadableDraftError as error:
            draft = error.draft
        return shown_campaign(draft), Roster.of(()), False
    return entry.campaign, entry.roster, True


def language_of(event: APIGatewayProxyEventV2) -> str:
    """Return the language of a page about no campaign: the one that the reader chose, or that their browser prefers."""
    return chosen_language(event) or language_for(event)


def _here(request: DashboardRequest) -> str:
    """Return the address of a page, for links to it in other languages; after a post, that of the overview."""
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


def public_url(event: APIGatewayProxyEventV2) -> str:
    """Return the base address of all pages."""
    return base_url(event, wired.stack.settings.public_url)


def _keeping_language(serve: Serve[Scope]) -> Serve[Scope]:
    """Keep the language that a link chooses, for the pages after it."""

    def serve_and_keep(
        event: APIGatewayProxyEventV2, scope: Scope, parts: Mapping[str, str], handler: Handler
    ) -> object:
        answer = serve(event, scope, parts, handler)
        if isinstance(answer, Response) and (cookie := language_cookie(event)):
            answer.cookies = [*answer.cookies, cookie]
        return answer

    return serve_and_keep


def _serve(event: APIGatewayProxyEventV2, scope: Scope, parts: Mapping[str, str], handler: Handler) -> object:
    """Check a signed-in organizer's request about a campaign, call its handler, and show errors as pages."""
    names = {**parts}
    campaign = names.pop("campaign")
    try:
        session = session_of(wired.stack, session_token(event.cookies), campaign)
    except SignedOutError as error:
        return _sign_in_first(event, error)
    request: DashboardRequest | None = None
    try:
        with security_log.refusals("dashboard", session, campaign, handler.__name__):
            request = DashboardRequest(campaign, event, _member_of(session, campaign), session)
            if event.http_method == "POST":
                check_post(request, public_url(event))
            check_scope(request.member, scope)
        if scope != "read":
            security_log.requested(request.member, "dashboard", handler.__name__)
        check_names(names)
        try:
            return handler(request, **names)
        except MistypedError as error:
            return dashboard_page(address_question(viewer_of(request), event.path, posted_form(event), error))
    except ForeignPostError as error:
        typed, person = _typed_in(event), session.person
        # They signed in again in another tab.
        if typed and typed.person == person.id:
            return dashboard_page(typed_page(language_of(event), typed, session.post_token), status=403)
        return _problem(event, error, request)
    except UndersignedError as error:
        return _problem(event, error, request)


def _member_of(session: Session, campaign: str) -> Member:
    if session.is_administrator and _exists(campaign):
        return session.person.as_owner(campaign)
    if session.member is None:
        # A campaign that exists and one that doesn't are refused alike.
        message = "the session opens no such campaign"
        raise NotFoundError(message)
    return session.member


def _exists(campaign: str) -> bool:
    """Say whether there is a campaign. One that was never published has only its draft."""
    try:
        check_names({"target": campaign})
        wired.stack.catalog.entry(campaign)
    except NotFoundError:
        return campaign in Drafts(wired.stack).campaigns()
    return True


def _serve_session(event: APIGatewayProxyEventV2, scope: Scope, parts: Mapping[str, str], handler: Handler) -> object:
    """Check a signed-in organizer's request about no campaign, call its handler, and show errors as pages."""
    del scope  # whoever is signed in
    try:
        request = SessionRequest(event, session_of(wired.stack, session_token(event.cookies)))
    except SignedOutError as error:
        return _sign_in_first(event, error)
    return _handled(request, parts, handler)


def _serve_administrator(
    event: APIGatewayProxyEventV2, scope: Scope, parts: Mapping[str, str], handler: Handler
) -> object:
    """Serve a request of the stack's administrator in the same way, and refuse everybody else's."""
    try:
        request = SessionRequest(event, session_of(wired.stack, session_token(event.cookies)))
    except SignedOutError as error:
        return _sign_in_first(event, error)
    if not request.session.is_administrator:
        refusal = ScopeError("read", scope)
        security_log.refused(refusal, "dashboard", by=request.session.logged_name, route=handler.__name__)
        return _problem(event, refusal)
    return _handled(request, parts, handler)


def _handled(request: SessionRequest, parts: Mapping[str, str], handler: Handler) -> object:
    try:
        if request.event.http_method == "POST":
            with security_log.refusals("dashboard", request.session, "", handler.__name__):
                check_post(request, public_url(request.event))
        check_names(parts)
        return handler(request, **parts)
    except UndersignedError as error:
        return _problem(request.event, error)


def _problem(
    event: APIGatewayProxyEventV2, error: UndersignedError, request: DashboardRequest | None = None
) -> Response[str]:
    """Show an error, in the frame of the request's campaign if that can be read."""
    viewer = None
    with suppress(UndersignedError):
        viewer = viewer_of(request) if request else None
    if viewer and isinstance(error, UnreadableDraftError):
        return dashboard_page(unreadable_draft(viewer, error.draft), status=409)
    found, language = problem_of(error, "organizer"), language_of(event)
    return dashboard_page(
        dashboard_problem_page(viewer, language, found.title, found.detail),
        status=found.status,
        retry_after=found.retry_after,
    )


def _sign_in_first(event: APIGatewayProxyEventV2, error: SignedOutError) -> Response[str]:
    """Show the sign-in form on the dashboard's front page, and redirect there from any other."""
    if session_token(event.cookies):
        security_log.refused(error, "dashboard")
    if event.http_method == "GET" and comes_from_a_link(event.headers):
        # Only when the page reloads does the browser send its strict cookie.
        return dashboard_page(doorstep_page(language_of(event), quote(event.path)))
    if event.http_method != "GET":
        return _with_what_was_typed(event)
    if event.path == HOME:
        return dashboard_page(sign_in_page(language_of(event)))
    answer = home_with_cookie("")
    # A page in a frame, or one that a script loads, is none to land on.
    if event.headers.get("sec-fetch-dest", "document") == "document":
        query = event.raw_query_string
        answer.cookies.append(page_cookie(f"{event.path}?{query}" if query else event.path))
    return answer


def _with_what_was_typed(event: APIGatewayProxyEventV2) -> Response[str]:
    """Show the sign-in form with the text of a post in it, sealed; redirect to the form if none is kept."""
    answer = home_with_cookie("")
    if typed := _typed_in(event):
        shown = dashboard_page(sign_in_page(language_of(event), typed=wired.stack.links.sign("typed", *typed)))
        shown.cookies = answer.cookies
        return shown
    return answer


def _typed_in(event: APIGatewayProxyEventV2) -> Typed | None:
    """Return what a person typed into a page of a session that is over; None if it is not kept."""
    with suppress(RequestError, TokenError):
        check_origin(event.headers, public_url(event))
        person = person_of_post(wired.stack.links, posted_text(event, "token"))
        if values := packed_values(event.path, posted_form(event)):
            return Typed(person, event.path, values)
    return None
