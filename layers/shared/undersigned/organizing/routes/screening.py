"""Screening: the page with a filter of letters, and the actions on all that it selects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

import undersigned.organizing.actions  # noqa: F401  (what the buttons do)
from undersigned.base.answers import dashboard_page
from undersigned.base.errors import GivenError
from undersigned.base.languages import Message
from undersigned.campaigns.cursors import SIGNATURE_POSITION
from undersigned.organizing.pages.screening import CRITERIA, screening_page
from undersigned.organizing.rules.screening import ScreeningAction, SignatureFilter, checked_filter
from undersigned.organizing.screening import Screened, count_letters, screen
from undersigned.people.routes.dashboard import DashboardRoutes, viewer_of
from undersigned.signing.rules.abuse_checks import WantedSuspicion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.people.requests import DashboardRequest

pages = DashboardRoutes()

_TIMES: Mapping[str, Message] = {
    "signed_from": Message("Signed from: write a day and a time, such as 2026-11-30T09:00."),
    "signed_before": Message("Signed before: write a day and a time, such as 2026-11-30T09:00."),
}
"""The words for a time that can't be read."""

_MOST_TIME = timedelta(seconds=12)
"""How long a button works before it shows what is left. The API times out after 30 seconds, and a slice takes six."""


@pages.get("/screening", "manage")
def screening(request: DashboardRequest) -> Response[str]:
    """Show the newest letters, and the form that selects some of them."""
    found = count_letters(request.stack, request.campaign, SignatureFilter())
    return dashboard_page(screening_page(viewer_of(request), {}, found))


@pages.does("hold letters")
def screen_letters(request: DashboardRequest) -> Response[str]:
    """Show the letters that the form selects and the buttons for them, after doing what a button says.

    The form is posted, because an email domain may be one person's own, and URLs are in logs.
    """
    viewer, typed = viewer_of(request), {name: request.posted(name) for name in CRITERIA}
    wanted, wrong = _wanted(request, typed, viewer.campaign)
    action = request.posted_choice("action", get_args(ScreeningAction))
    after = request.posted_position(SIGNATURE_POSITION)
    if wrong:
        return dashboard_page(screening_page(viewer, typed, Screened({}), wrong=wrong), status=400)
    done = None
    if action:
        until = request.stack.clock() + _MOST_TIME
        done = screen(
            request.stack, request.campaign, action, wanted, by=request.by, why=request.why(), after=after, until=until
        )
    found = count_letters(request.stack, request.campaign, wanted, after)
    shown = screening_page(viewer, typed, found, after=after, done=done, may_act=wanted.singles_out)
    return dashboard_page(shown)


def _wanted(
    request: DashboardRequest, typed: Mapping[str, str], campaign: Campaign
) -> tuple[SignatureFilter, Mapping[str, Message]]:
    """Return the filter in a form, and the mistakes by field. Raises RequestError for what no form of ours sends."""
    moments, wrong = dict[str, datetime | None](), dict[str, Message]()
    for name, words in _TIMES.items():
        try:
            moments[name] = _moment(typed[name], campaign)
        except (ValueError, OverflowError):
            wrong[name] = words
    parts = {"domain": SignatureFilter(domain=typed["domain"]), "network": SignatureFilter(network=typed["network"])}
    for name, part in parts.items():
        try:
            checked_filter(part)
        except GivenError as error:
            wrong[name] = error.detail
    wanted = SignatureFilter(
        suspicion=request.posted_choice("suspicion", get_args(WantedSuspicion)),
        domain=typed["domain"] or None,
        network=typed["network"] or None,
        signed_from=moments.get("signed_from"),
        signed_before=moments.get("signed_before"),
        on_hold=request.ticked("on_hold"),
    )
    return wanted, wrong


def _moment(text: str, campaign: Campaign) -> datetime | None:
    """Return a moment that is written in the campaign's time zone. Raises ValueError, OverflowError."""
    moment = datetime.fromisoformat(text) if text else None
    if moment and moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(campaign.time_zone))
    return moment.astimezone(UTC) if moment else None
