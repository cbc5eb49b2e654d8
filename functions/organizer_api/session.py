"""The front page, signing in with a key, and signing out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import (
    HOME,
    home_with_cookie,
    language_of,
    public_url,
    session_routes,
    signed_in,
)
from functions.organizer_api.problems import dashboard_problem_of
from undersigned.domain.authoring.campaigns import dashboard_path
from undersigned.services.people.access import KeyRefusedError, TooManyRefusalsError
from undersigned.web import security_log
from undersigned.web.answers import dashboard_page, moved
from undersigned.web.guide import guide
from undersigned.web.organizer_requests import sign_in_form
from undersigned.web.people.own_campaigns import own_campaigns_page
from undersigned.web.people.sessions import check_origin
from undersigned.web.people.sign_in import sign_in_page
from undersigned.web.posted import RequestError

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.services.people.sessions import Session
    from undersigned.web.organizer_requests import SessionRequest

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
routes = session_routes()


@routes.get("", "read")
def front_page(request: SessionRequest) -> Response[str]:
    """Show a person's campaigns. A key has one, and this redirects there."""
    session = request.session
    if session.key:
        return moved(dashboard_path(session.key.campaign))
    if session.person is None:
        return home_with_cookie("")
    own = wired.stack.people.own_campaigns.of(session.person, is_administrator=session.is_administrator)
    return dashboard_page(own_campaigns_page(language_of(request.event), session, own))


@routes.get("/guide/<page>", "read")
def show_guide(request: SessionRequest, page: str) -> Response[str]:
    """Show a page of the organizers' guide."""
    campaign = request.event.query_string_parameters.get("campaign") or ""
    return dashboard_page(guide(page, language_of(request.event), campaign))


@router.post(f"{HOME}/session")
def sign_in() -> Response[str]:
    """Start a session with a key, or show the form again when the key is refused."""
    event = router.current_event
    # Texts that another site sends are not shown.
    campaign = ""
    try:
        with security_log.refusals("dashboard", None, "", "sign_in"):
            check_origin(event.headers, public_url(event))
        campaign, key = sign_in_form(event)
        session = _begin(campaign, key)
    except (KeyRefusedError, TooManyRefusalsError, RequestError) as error:
        language, found = language_of(event), dashboard_problem_of(error)
        form = sign_in_page(language, with_key=found.detail.in_language(language), campaign=campaign)
        return dashboard_page(form, status=found.status, retry_after=found.retry_after)
    return signed_in(event, session.token)


def _begin(campaign: str, key: str) -> Session:
    try:
        session = wired.sessions.begin(campaign, key)
    except (KeyRefusedError, TooManyRefusalsError) as error:
        security_log.key_refused(campaign, "dashboard", error)
        raise
    if session.key:
        security_log.signed_in(session.key)
    return session


@routes.post("/sign-out", "read")
def sign_out(request: SessionRequest) -> Response[str]:
    """End a session. Other sites can't press this button, nor any other."""
    wired.sessions.end(request.session.token)
    return home_with_cookie("")
