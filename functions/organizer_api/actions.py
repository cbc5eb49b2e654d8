"""Actions on deliveries and letters: the handlers of the dashboard's buttons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.organizer_api.dashboard import recipient_page
from functions.organizer_api.dashboard_routes import DashboardRoutes, done, viewer_of
from undersigned.base.answers import dashboard_page
from undersigned.base.email_addresses import email_mistake
from undersigned.base.errors import GivenError, NotNowError
from undersigned.base.posted import posted_values
from undersigned.campaigns.activity import perform
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.organizing.actions import ACTIONS
from undersigned.wiring import cases

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import DashboardRequest

buttons = DashboardRoutes()


def _button(name: str) -> Callable[..., Response[str]]:
    """Return the handler of an action that is one function: it gets the ids of the address and the form's fields."""
    page = ACTIONS[name].page.rpartition("/")[0]

    def pressed(request: DashboardRequest, **ids: str) -> Response[str]:
        word = perform(request.stack, name, request.campaign, _given(request, name) | ids, request.by)
        return done(request, word, re.sub(r"<(\w+)>", lambda part: ids[part[1]], page))

    pressed.__name__ = name.replace(" ", "_")
    return pressed


def _given(request: DashboardRequest, name: str) -> dict[str, str]:
    """Return the fields of an action that a form has."""
    given: dict[str, str] = {}
    for field, told in ACTIONS[name].fields():
        match field:
            case "email":
                given[field] = request.address()
            case "revision":
                given[field] = request.revision(required=told.is_needed) or ""
            case _:
                given[field] = request.posted(field)
    return given


for _action in (
    "pause",
    "resume",
    "hold",
    "release",
    "lift stop",
    "count on paper",
    "correct address",
    "settle as sent",
    "settle as not sent",
    "close unsent",
    "hand over",
):
    buttons.does(_action)(_button(_action))


@buttons.does("deliver")
def deliver(request: DashboardRequest) -> Response[str]:
    """Send now: queue the letters that the page showed, for all targets or for one."""
    given = _given(request, "deliver")
    word = perform(request.stack, "deliver", request.campaign, given, request.by)
    return done(request, word, f"/targets/{given['target']}" if given["target"] else "")


@buttons.does("record answer")
def record_answer(request: DashboardRequest, target: str) -> Response[str]:
    """Save or delete an answer. After a mistake, show the form again with what was typed."""
    given = {"target": target, **_given(request, "record answer")}
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
        given = _given(request, "correct address") | ids
        if mistake := email_mistake(given["email"]):
            raise GivenError(mistake)
        if given["email"] != Campaigns(request.stack.table).target(request.campaign, target).email:
            perform(request.stack, "correct address", request.campaign, given, request.by)
    return _button("retry")(request, **ids)


def _while_paused(request: DashboardRequest, word: str) -> str:
    """Return the word for what was done; while the campaign is paused, nothing goes with the next delivery."""
    return f"{word}-while-paused" if cases(request.stack).campaigns.controls(request.campaign).paused else word


@buttons.does("erase")
def erase(request: DashboardRequest, signer: str) -> Response[str]:
    """Erase a letter with everything personal in it; the reason is required."""
    arrived = cases(request.stack).counting.organizing.erase(request.campaign, signer, request.by, request.why())
    sheet = cases(request.stack).counting.organizing.letter(request.campaign, signer).sheet if arrived else ""
    word = "erased-on-paper" if sheet else "erased-after-sending" if arrived else "erased"
    return done(request, word, f"/signatures/{signer}")


@buttons.does("release from quarantine")
def release_letter(request: DashboardRequest, signer: str) -> Response[str]:
    """Release a letter from quarantine, or from hold."""
    status = cases(request.stack).counting.organizing.release(request.campaign, signer, request.by, request.why())
    word = _while_paused(request, "ended-hold") if status == "confirmed" else "released-letter"
    return done(request, word, f"/signatures/{signer}")
