"""A campaign's keys, for programs that read: make them, and revoke them."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from undersigned.base.answers import dashboard_page
from undersigned.base.errors import GivenError
from undersigned.base.languages import Message
from undersigned.base.posted import RequestError
from undersigned.people import keys
from undersigned.people.pages.people import keys_page
from undersigned.people.routes.dashboard import DashboardRoutes, done, viewer_of
from undersigned.people.rules.api_keys import KeyScope

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import DashboardRequest
    from undersigned.people.rules.api_keys import ApiKey

pages = DashboardRoutes()


@pages.get("/keys", "own")
def show_keys(request: DashboardRequest) -> Response[str]:
    """Show a campaign's keys, and the form that makes one."""
    return dashboard_page(keys_page(viewer_of(request), _keys(request)))


@pages.does("create key")
def make_key(request: DashboardRequest) -> Response[str]:
    """Make a key, and show its text this once. After a mistake, show the form again."""
    try:
        scope: KeyScope = request.decision("scope", get_args(KeyScope), Message("The scope is missing or wrong"))
        label, member = request.posted("label"), request.member
        made = keys.make_key(request.stack, request.campaign, scope, label, request.by, member=member)
    except (RequestError, GivenError) as error:
        viewer = viewer_of(request)
        given = {name: request.posted(name) for name in ("label", "scope")}
        shown = keys_page(viewer, _keys(request), error=viewer.say(error.detail_for("organizer")), given=given)
        return dashboard_page(shown, status=400)
    return dashboard_page(keys_page(viewer_of(request), _keys(request), made))


@pages.does("revoke key")
def revoke(request: DashboardRequest, key: str) -> Response[str]:
    """Revoke a key."""
    keys.revoke_key(request.stack, request.campaign, key, request.by)
    return done(request, "key-revoked", "/keys")


def _keys(request: DashboardRequest) -> tuple[ApiKey, ...]:
    return keys.keys_of(request.stack, request.campaign)
