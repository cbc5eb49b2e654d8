"""A campaign's keys, as API and as pages: make them, and revoke them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import dashboard_routes, done, viewer_of
from functions.organizer_api.routes import campaign_routes
from undersigned.domain.errors import GivenError
from undersigned.domain.languages import Message
from undersigned.domain.people.api_keys import DIGITS_SHOWN, Scope
from undersigned.web.answers import dashboard_page, data
from undersigned.web.organizer_requests import posted_text
from undersigned.web.people.people import keys_page
from undersigned.web.posted import RequestError, posted_values

if TYPE_CHECKING:
    from datetime import datetime

    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.people.api_keys import ApiKey
    from undersigned.web.organizer_requests import ApiRequest, DashboardRequest

routes = campaign_routes()
pages = dashboard_routes()


@routes.get("/keys", "own")
def list_keys(request: ApiRequest) -> Response[str]:
    """List a campaign's keys, without their texts."""
    found = wired.stack.people.keys_of_campaign.keys_of(request.campaign)
    return data({"keys": [_values(key) for key in found]})


@routes.does("create key")
def create_key(request: ApiRequest) -> Response[str]:
    """Make a key, and return its text, which is not kept."""
    days = posted_values(request.event).get("days")
    if isinstance(days, bool) or not (days is None or isinstance(days, int)):
        raise _wrong_days()
    text, key = _make(request, "" if days is None else str(days))
    return data(_values(key) | {"text": text}, status=201)


@routes.does("revoke key")
def revoke_key(request: ApiRequest, key: str) -> Response[str]:
    """Revoke a key. It stops working at once."""
    return data(_values(wired.stack.people.keys_of_campaign.revoke(request.campaign, key, request.by)))


def _values(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.digest[:DIGITS_SHOWN],
        "scope": key.scope,
        "label": key.label,
        "by": key.by,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }


@pages.get("/keys", "own")
def show_keys(request: DashboardRequest) -> Response[str]:
    """Show a campaign's keys, and the form that makes one."""
    return dashboard_page(keys_page(viewer_of(request), _keys(request)))


@pages.does("create key")
def make_key(request: DashboardRequest) -> Response[str]:
    """Make a key, and show its text this once. After a mistake, show the form again."""
    try:
        made = _make(request, request.posted("days"))
    except (RequestError, GivenError) as error:
        viewer = viewer_of(request)
        given = {name: request.posted(name) for name in ("label", "scope", "days")}
        shown = keys_page(viewer, _keys(request), error=viewer.say(error.on_page), given=given)
        return dashboard_page(shown, status=400)
    return dashboard_page(keys_page(viewer_of(request), _keys(request), made))


@pages.does("revoke key")
def revoke(request: DashboardRequest, key: str) -> Response[str]:
    """Revoke a key."""
    wired.stack.people.keys_of_campaign.revoke(request.campaign, key, request.by)
    return done(request, "key-revoked", "/keys")


def _keys(request: ApiRequest) -> tuple[ApiKey, ...]:
    return wired.stack.people.keys_of_campaign.keys_of(request.campaign)


def _make(request: ApiRequest, days: str) -> tuple[str, ApiKey]:
    scope: Scope = request.decision("scope", get_args(Scope), Message("The scope is missing or wrong"))
    label, ends = posted_text(request.event, "label"), _end_of(days)
    return wired.stack.people.keys_of_campaign.make(
        request.campaign, scope, label, ends, request.by, holder=request.holder
    )


def _end_of(days: str) -> datetime | None:
    if not days:
        return None
    if not re.fullmatch(r"[1-9]\d{0,3}", days, re.ASCII):
        raise _wrong_days()
    return wired.stack.clock() + timedelta(days=int(days))


def _wrong_days() -> RequestError:
    return RequestError(
        400,
        Message("The number of days is wrong"),
        Message("Write a number of days from 1 to 9999, or nothing for a key that never ends."),
    )
