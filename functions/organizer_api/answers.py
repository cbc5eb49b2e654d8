"""What an office answered, on a recipient's page: one form saves, replaces and deletes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.dashboard import recipient_page
from functions.organizer_api.dashboard_routes import dashboard_routes, done, viewer_of
from undersigned.domain.errors import GivenError, NotNowError
from undersigned.web.answers import dashboard_page

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.web.organizer_requests import DashboardRequest

pages = dashboard_routes()


@pages.does("record answer")
def save(request: DashboardRequest, target: str) -> Response[str]:
    """Save or delete an answer. After a mistake, show the form again with what was typed."""
    try:
        answer = wired.stack.delivering.answering.save(
            request.campaign,
            target,
            request.posted("day"),
            request.posted("text"),
            request.by,
            is_public=request.ticked("public"),
            revision=request.posted("revision"),
        )
    except (GivenError, NotNowError) as error:
        typed = {name: request.posted(name) for name in ("day", "text", "public")}
        shown = recipient_page(viewer_of(request), target, typed=typed, error=error.on_page)
        return dashboard_page(shown, status=400 if isinstance(error, GivenError) else 409)
    return done(request, "answer-recorded" if answer else "answer-deleted", f"/targets/{target}")
