"""Actions on deliveries and letters: the handlers of the dashboard's buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import undersigned.organizing.actions  # noqa: F401  (what the buttons do)
from undersigned.base.answers import dashboard_page
from undersigned.base.email_addresses import email_mistake
from undersigned.base.errors import GivenError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.posted import posted_values
from undersigned.campaigns.activity import perform
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.organizing.routes.dashboard import recipient_page
from undersigned.people.routes.buttons import given_in, press
from undersigned.people.routes.dashboard import DashboardRoutes, done, viewer_of

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import DashboardRequest

buttons = DashboardRoutes()


@buttons.does("deliver")
def deliver(request: DashboardRequest) -> Response[str]:
    """Send now: queue the letters that the page showed, for all targets or for one."""
    given = given_in(request, "deliver")
    word = perform(request.stack, "deliver", request.campaign, given, request.by)
    return done(request, word, f"/targets/{given['target']}" if given["target"] else "")


@buttons.does("record answer", keeps={"text": Message("Text"), "day": Message("Day on which the answer came")}.get)
def record_answer(request: DashboardRequest, target: str) -> Response[str]:
    """Save or delete an answer. After a mistake, show the form again with what was typed."""
    given = {"target": target, **given_in(request, "record answer")}
    try:
        request.ticked("public")
        word = perform(request.stack, "record answer", request.campaign, given, request.by)
    except (GivenError, NotNowError) as error:
        shown = recipient_page(request, viewer_of(request), target, typed=given, error=error.detail)
        return dashboard_page(shown, status=error.status)
    return done(request, word, f"/targets/{target}")


@buttons.does("test")
def test(request: DashboardRequest, target: str) -> Response[str]:
    """Send the target's next email to the person who is signed in instead, as a test."""
    given = {"target": target, "why": request.why(), "who": request.person.id, "to": request.person.email}
    return done(request, perform(request.stack, "test", request.campaign, given, request.by), f"/targets/{target}")


@buttons.does("retry")
def retry(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Send a delivery again that bounced or is held, to the address that was typed beside the button."""
    ids = {"period": period, "target": target}
    if "email" in posted_values(request.event):
        given = given_in(request, "correct address") | ids
        if mistake := email_mistake(given["email"]):
            raise GivenError(mistake)
        if given["email"] != Campaigns(request.stack.table).target(request.campaign, target).email:
            perform(request.stack, "correct address", request.campaign, given, request.by)
    return press("retry", request, **ids)
