"""The workshop's routes, and the campaigns that have only a draft yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from undersigned.base.answers import dashboard_page
from undersigned.people.routes.dashboard import DashboardRoutes, viewer_of
from undersigned.people.viewer import UNPUBLISHED
from undersigned.workshop.draft_views import shown_campaign
from undersigned.workshop.drafting import draft_of
from undersigned.workshop.pages.frame import unreadable_draft
from undersigned.workshop.rules.drafts import UnreadableDraftError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Handler
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.people.requests import DashboardRequest


class WorkshopRoutes(DashboardRoutes):
    """Routes of the dashboard that read a draft. A draft that can't be read has a page of its own."""

    def answer(self, request: DashboardRequest, handler: Handler, names: Mapping[str, str]) -> Response[Any]:
        """Call the handler of a request that is allowed."""
        try:
            return super().answer(request, handler, names)
        except UnreadableDraftError as error:
            return dashboard_page(unreadable_draft(viewer_of(request), error.draft), status=409)


def campaign_of_draft(stack: Stack, campaign: str) -> Campaign:
    """Return a campaign as its draft has it. Raises NotFoundError."""
    try:
        return shown_campaign(draft_of(stack, campaign))
    except UnreadableDraftError as error:
        return shown_campaign(error.draft)


UNPUBLISHED.append(campaign_of_draft)
