"""Sign in to the dashboard and sign out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import HOME, dashboard_routes, home_with_cookie, public_url
from functions.organizer_api.problems import dashboard_problem_of
from undersigned.services.access import KeyRefusedError, TooManyRefusalsError
from undersigned.web import dashboard, security_log
from undersigned.web.answers import dashboard_page
from undersigned.web.organizer_requests import sign_in_form
from undersigned.web.posted import RequestError
from undersigned.web.reader import language_for
from undersigned.web.sessions import check_origin

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.services.sessions import Session
    from undersigned.web.organizer_requests import DashboardRequest

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
routes = dashboard_routes()


@router.post(f"{HOME}/session")
def sign_in() -> Response[str]:
    """Start a session with a key, or show the form again when the key is refused."""
    event = router.current_event
    try:
        check_origin(event.headers, public_url(event))
        campaign, key = sign_in_form(event)
        session = _begin(campaign, key)
    except (KeyRefusedError, TooManyRefusalsError, RequestError) as error:
        language, found = language_for(event), dashboard_problem_of(error)
        form = dashboard.sign_in(language, found.detail.in_language(language))
        return dashboard_page(form, status=found.status, retry_after=found.retry_after)
    return home_with_cookie(session.token)


def _begin(campaign: str, key: str) -> Session:
    try:
        session = wired.sessions.begin(campaign, key)
    except (KeyRefusedError, TooManyRefusalsError) as error:
        security_log.key_refused(campaign, "dashboard", error)
        raise
    security_log.signed_in(session.key)
    return session


@routes.post("/sign-out", "read")
def sign_out(_request: DashboardRequest) -> Response[str]:
    """End a session. Other sites can't press this button, nor any other."""
    return home_with_cookie("")
