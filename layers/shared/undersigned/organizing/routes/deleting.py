"""Deleting a campaign."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.base.answers import moved
from undersigned.organizing.deleting import delete_campaign
from undersigned.people.routes.dashboard import AFTER_DELETING, DashboardRoutes
from undersigned.workshop.routes.publishing import done, is_title_typed

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import DashboardRequest

pages = DashboardRoutes()

_MOST_TIME = timedelta(seconds=12)
"""How long one request deletes. The API times out after 30 seconds."""


@pages.post("/workshop/delete", "own")
def delete(request: DashboardRequest) -> Response[str]:
    """Delete a campaign whose time is over, if its title was typed to confirm it."""
    if not is_title_typed(request):
        return done(request, "not-deleted")
    until = request.stack.clock() + _MOST_TIME
    deleted = delete_campaign(request.stack, request.campaign, lambda: request.stack.clock() > until)
    return moved(AFTER_DELETING) if deleted.is_done else done(request, "deleting")
