"""Screening: the evidence against letters, and the actions on all that a filter selects."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import dashboard_routes, viewer_of
from undersigned.domain.counting.screening import ScreeningAction
from undersigned.domain.languages import Message
from undersigned.services.counting.screening import recent_evidence
from undersigned.web.answers import dashboard_page
from undersigned.web.counting.posted_filters import CRITERIA, mistyped, posted_filter
from undersigned.web.counting.screening import screened_page, screening_page, select_again_page
from undersigned.web.cursors import SIGNATURE_POSITION
from undersigned.web.posted import posted_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.signing.signatures import SignatureFilter
    from undersigned.services.counting.screening import Screened
    from undersigned.web.organizer_requests import DashboardRequest

pages = dashboard_routes()

_NOTHING = Message("Say which letters: fill in at least one field, or tick the box.")

_MOST_TIME = timedelta(seconds=12)
"""How long a button works before it shows what is left. The API times out after 30 seconds, and a slice takes six."""


@pages.get("/screening", "manage")
def screening(request: DashboardRequest) -> Response[str]:
    """Show the evidence against the newest letters, and the form that selects letters."""
    evidence = recent_evidence(wired.stack.forms, wired.stack.signatures, request.campaign)
    return dashboard_page(screening_page(viewer_of(request), evidence))


@pages.does("hold letters")
def screen_letters(request: DashboardRequest) -> Response[str]:
    """Show where the selected letters are and the buttons for them, after doing what a button says."""
    viewer, screening, values = viewer_of(request), wired.stack.counting.screening, posted_values(request.event)
    if wrong := mistyped(values, viewer.campaign):
        return _select_again(request, 400, wrong)
    wanted = posted_filter(values, viewer.campaign, on_hold=request.ticked("on_hold"))
    action, after = _action(request), _after(request)
    if action is None and not wanted.singles_out:
        return _select_again(request, 409, {"": _NOTHING})
    done = _act(request, action, wanted, after) if action else None
    found = screening.count(request.campaign, wanted, after)
    return dashboard_page(screened_page(viewer, wanted, found, after, done))


def _select_again(request: DashboardRequest, status: int, wrong: Mapping[str, Message]) -> Response[str]:
    """Show the form that selects letters again, with its values, and with the mistakes by field."""
    typed = {name: request.typed(name) for name in CRITERIA}
    return dashboard_page(select_again_page(viewer_of(request), typed, wrong), status=status)


def _act(request: DashboardRequest, action: ScreeningAction, wanted: SignatureFilter, after: str | None) -> Screened:
    """Act on slices until the time is up, and return the last one with the sums of all."""
    screening, why = wired.stack.counting.screening, request.why()
    until = wired.stack.clock() + _MOST_TIME
    done = screening.act(request.campaign, action, wanted, by=request.by, why=why, after=after)
    while done.next_position and wired.stack.clock() < until:
        done = done.plus(
            screening.act(request.campaign, action, wanted, by=request.by, why=why, after=done.next_position)
        )
    return done


def _action(request: DashboardRequest) -> ScreeningAction | None:
    return request.posted_choice("action", get_args(ScreeningAction))


def _after(request: DashboardRequest) -> str | None:
    return request.posted_position(SIGNATURE_POSITION)
