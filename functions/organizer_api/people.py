"""A campaign's people, as API and as pages: invite them, change their roles, and remove them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import dashboard_routes, done, viewer_of
from functions.organizer_api.routes import campaign_routes
from undersigned.domain.languages import Message
from undersigned.domain.people.people import SCOPE_OF
from undersigned.domain.signing.addresses import email_mistake
from undersigned.services.people.people import PeopleError
from undersigned.web.answers import dashboard_page, data
from undersigned.web.people.people import people_page
from undersigned.web.posted import RequestError

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.people.people import Member, Role
    from undersigned.web.organizer_requests import ApiRequest, DashboardRequest
    from undersigned.web.viewer import Viewer

routes = campaign_routes()
pages = dashboard_routes()

KEYS = ("revoke", "take over")
"""The fates of a removed person's keys. The first is the default."""

_WRONG_EMAIL = Message("Write an email address like name@example.org.")


@routes.get("/people", "own")
def list_people(request: ApiRequest) -> Response[str]:
    """List a campaign's people with their roles."""
    found = wired.stack.people.of_campaign.members(request.campaign)
    return data({"people": [_values(member) for member in found]})


@routes.does("add person")
def add_person(request: ApiRequest) -> Response[str]:
    """Give somebody a role, and email them an invitation."""
    email, role = _email(request), _role(request)
    added = wired.stack.people.of_campaign.add(request.campaign, email, role, request.by)
    return data(_values(added), status=201)


@routes.does("change role")
def set_role(request: ApiRequest, person: str) -> Response[str]:
    """Change what a person may do."""
    role = _role(request)
    return data(_values(wired.stack.people.of_campaign.set_role(request.campaign, person, role, request.by)))


@routes.does("remove person")
def remove_person(request: ApiRequest, person: str) -> Response[str]:
    """Remove a person from the campaign. The request's `keys` says whether their keys are revoked or taken over."""
    takes_over = request.choice("keys", KEYS) == "take over"
    removed = wired.stack.people.of_campaign.remove(
        request.campaign, person, request.by, request.holder, takes_over=takes_over
    )
    return data(_values(removed.member))


def _values(member: Member) -> dict[str, object]:
    return {
        "id": member.person.id,
        "email": member.person.email,
        "role": member.role,
        "by": member.by,
        "at": member.at.isoformat() if member.at else None,
    }


@pages.get("/people", "own")
def show_people(request: DashboardRequest) -> Response[str]:
    """Show a campaign's people, and the form that invites one."""
    return _people(request, viewer_of(request))


def _people(request: DashboardRequest, viewer: Viewer, error: str | None = None, status: int = 200) -> Response[str]:
    members = wired.stack.people.of_campaign.members(request.campaign)
    makers = Counter(key.maker for key in wired.stack.people.keys_of_campaign.keys_of(request.campaign))
    me = request.holder.maker
    # Nobody takes over their own keys, so there is no choice about these.
    keys = {member.person.id: makers[member.person.id] for member in members if member.person.id != me}
    typed = {name: request.posted(name) for name in ("email", "role")} if error else {}
    return dashboard_page(people_page(viewer, members, keys, error=error, **typed), status=status)


@pages.does("add person")
def invite(request: DashboardRequest) -> Response[str]:
    """Give somebody a role, and email them an invitation. After a mistake, show the form again."""
    viewer = viewer_of(request)
    try:
        wired.stack.people.of_campaign.add(request.campaign, _email(request), _role(request), request.by)
    except (RequestError, PeopleError) as error:
        words = error.on_page
        return _people(request, viewer, viewer.say(words), error.status if isinstance(error, RequestError) else 409)
    return done(request, "invited", "/people")


@pages.does("change role")
def change_role(request: DashboardRequest, person: str) -> Response[str]:
    """Change what a person may do."""
    wired.stack.people.of_campaign.set_role(request.campaign, person, _role(request), request.by)
    return done(request, "role-changed", "/people")


@pages.does("remove person")
def remove(request: DashboardRequest, person: str) -> Response[str]:
    """Remove a person from the campaign, and revoke or take over their keys, as the page chose."""
    takes_over = request.posted("keys") == "take over"
    wired.stack.people.of_campaign.remove(request.campaign, person, request.by, request.holder, takes_over=takes_over)
    return done(request, "person-removed", "/people")


def _email(request: ApiRequest) -> str:
    email = request.address()
    if email_mistake(email):
        raise RequestError(400, Message("The email address is missing or wrong"), _WRONG_EMAIL)
    return email


def _role(request: ApiRequest) -> Role:
    return request.decision("role", [*SCOPE_OF], Message("The role is missing or wrong"))
