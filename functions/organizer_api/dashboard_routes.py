"""The dashboard's routes, and the functions that its pages and buttons share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.problems import dashboard_problem_of
from undersigned.domain.errors import UndersignedError
from undersigned.services.sessions import SignedOutError
from undersigned.web import dashboard, security_log
from undersigned.web.answers import dashboard_page, moved
from undersigned.web.organizer_requests import DashboardRequest, check_names
from undersigned.web.reader import language_for
from undersigned.web.scoped_routes import ScopedRoutes
from undersigned.web.sessions import check_post, comes_from_a_link, session_cookie, session_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.domain.api_keys import Scope
    from undersigned.web.scoped_routes import Handler

HOME = "/organizer"


def dashboard_routes() -> ScopedRoutes:
    """Make routes for organizers who are signed in to the dashboard."""
    return ScopedRoutes(HOME, _serve)


def viewer_of(request: DashboardRequest) -> dashboard.Viewer:
    """Return the organizer who looks at a page."""
    return dashboard.Viewer(
        wired.stack.catalog.entry(request.campaign).campaign,
        request.key.allows("manage"),
        request.session.post_token,
        request.query("done"),
    )


def done(what: str, path: str = "") -> Response[str]:
    """Redirect from a button to the page that says what it did."""
    return moved(f"{HOME}{path}?done={what}")


def home_with_cookie(token: str) -> Response[str]:
    """Redirect to the dashboard and set the session cookie. An empty token deletes the cookie."""
    answer = moved(HOME)
    answer.cookies = [session_cookie(token)]
    return answer


def public_url(event: APIGatewayProxyEventV2) -> str:
    """Return the base address of the stack's own pages."""
    # A stack without its own domain has its pages at the host of the request.
    return wired.stack.settings.sender_at(f"https://{event.headers.get('host', '')}").public_url


def _serve(event: APIGatewayProxyEventV2, scope: Scope, parts: Mapping[str, str], handler: Handler) -> object:
    """Check a signed-in organizer's request, call its handler, and show errors as pages."""
    try:
        session = wired.sessions.session(session_token(event.cookies))
    except SignedOutError:
        return _sign_in_first(event)
    request = DashboardRequest(session.key.campaign, session.key, event, session)
    try:
        if event.http_method == "POST":
            check_post(request, public_url(event))
        session.check(scope)
        security_log.requested(session.key, "dashboard", handler.__name__, scope)
        check_names(parts)
        return handler(request, **parts)
    except UndersignedError as error:
        found = dashboard_problem_of(error)
        return dashboard_page(dashboard.problem(viewer_of(request), found.title, found.detail), status=found.status)


def _sign_in_first(event: APIGatewayProxyEventV2) -> Response[str]:
    """Show the sign-in form on the dashboard's front page, and redirect there from any other."""
    if event.http_method != "GET" or event.path != HOME:
        return home_with_cookie("")
    # A browser that follows a link on another site sends no strict cookie. It does when our own page reloads.
    shown = dashboard.doorstep if comes_from_a_link(event.headers) else dashboard.sign_in
    return dashboard_page(shown(language_for(event)))
