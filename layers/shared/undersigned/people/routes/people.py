"""A campaign's people: invite them, change their roles, and remove them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import dashboard_page
from undersigned.base.email_addresses import email_mistake
from undersigned.base.languages import Message
from undersigned.base.posted import RequestError
from undersigned.people import membership
from undersigned.people.membership import PeopleError
from undersigned.people.pages.people import people_page
from undersigned.people.routes.dashboard import DashboardRoutes, done, viewer_of
from undersigned.people.rules.people import SCOPE_OF

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import DashboardRequest
    from undersigned.people.rules.people import Role
    from undersigned.people.viewer import Viewer

pages = DashboardRoutes()

_WRONG_EMAIL = Message("Write an email address like name@example.org.")


@pages.get("/people", "own")
def show_people(request: DashboardRequest) -> Response[str]:
    """Show a campaign's people, and the form that invites one."""
    return _people(request, viewer_of(request))


def _people(request: DashboardRequest, viewer: Viewer, error: str | None = None, status: int = 200) -> Response[str]:
    members = membership.members_of(request.stack, request.campaign)
    typed = {name: request.posted(name) for name in ("email", "role")} if error else {}
    return dashboard_page(people_page(viewer, members, error=error, **typed), status=status)


@pages.does("add person")
def invite(request: DashboardRequest) -> Response[str]:
    """Give somebody a role, and email them an invitation. After a mistake, show the form again."""
    viewer = viewer_of(request)
    try:
        membership.invite(request.stack, request.campaign, _email(request), _role(request), request.by)
    except (RequestError, PeopleError) as error:
        return _people(request, viewer, viewer.say(error.detail_for("organizer")), error.status)
    return done(request, "invited", "/people")


@pages.does("change role")
def change_role(request: DashboardRequest, person: str) -> Response[str]:
    """Change what a person may do."""
    membership.change_role(request.stack, request.campaign, person, _role(request), request.by)
    return done(request, "role-changed", "/people")


@pages.does("remove person")
def remove(request: DashboardRequest, person: str) -> Response[str]:
    """Remove a person from the campaign. Their keys end with them."""
    membership.remove(request.stack, request.campaign, person, request.by)
    return done(request, "person-removed", "/people")


def _email(request: DashboardRequest) -> str:
    email = request.address()
    if email_mistake(email):
        raise RequestError(400, Message("The email address is missing or wrong"), _WRONG_EMAIL)
    return email


def _role(request: DashboardRequest) -> Role:
    return request.decision("role", [*SCOPE_OF], Message("The role is missing or wrong"))
