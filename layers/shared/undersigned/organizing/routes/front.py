"""The front page, and the guide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import dashboard_page
from undersigned.organizing.own_campaigns import campaigns_of
from undersigned.organizing.pages.guide import guide
from undersigned.organizing.pages.own_campaigns import own_campaigns_page
from undersigned.people.routes.dashboard import SessionRoutes, language_of

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import SessionRequest

routes = SessionRoutes()


@routes.get("", "read")
def front_page(request: SessionRequest) -> Response[str]:
    """Show a person's campaigns."""
    session = request.session
    own = campaigns_of(request.stack, session.person, is_administrator=session.is_administrator)
    is_deleted = request.event.query_string_parameters.get("done") == "deleted"
    return dashboard_page(own_campaigns_page(language_of(request.event), session, own, is_deleted=is_deleted))


@routes.get("/guide/<page>", "read")
def show_guide(request: SessionRequest, page: str) -> Response[str]:
    """Show a page of the organizers' guide."""
    campaign = request.event.query_string_parameters.get("campaign") or ""
    return dashboard_page(guide(page, language_of(request.event), campaign, request.session))
