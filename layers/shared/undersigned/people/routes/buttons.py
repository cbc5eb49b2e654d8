"""The buttons of actions that are one function: nothing else is written for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from undersigned.base.actions import ACTIONS
from undersigned.base.languages import Message
from undersigned.campaigns.activity import perform
from undersigned.people.routes.dashboard import DashboardRoutes, done

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import RouteTable
    from undersigned.people.requests import DashboardRequest


_EMAIL: Mapping[str, Message] = {"email": Message("The office’s email address")}


def other_buttons(tables: Iterable[RouteTable]) -> DashboardRoutes:
    """Return the routes of all actions whose address isn't in one of these tables.

    If several actions have an address, the first one in the table of actions does the work. A typed email address is
    kept when a session is over.
    """
    posts = (route for table in tables for route in table.routes if route.method == "POST")
    buttons, known = DashboardRoutes(), {route.path for route in posts}
    for name, action in ACTIONS.items():
        path = f"{buttons.address}{action.page}"
        if action.do and action.page and path not in known:
            keeps = _EMAIL.get if "email" in dict(action.fields()) else None
            buttons.does(name, keeps)(_button(name))
            known.add(path)
    return buttons


def _button(name: str) -> Callable[..., Response[str]]:
    def pressed(request: DashboardRequest, **ids: str) -> Response[str]:
        return press(name, request, **ids)

    # The security log names a route by its handler.
    pressed.__name__ = name.replace(" ", "_")
    return pressed


def press(name: str, request: DashboardRequest, **ids: str) -> Response[str]:
    """Do an action with the ids of the address and the form's fields, and return to the page of its subject."""
    word = perform(request.stack, name, request.campaign, given_in(request, name) | ids, request.by)
    page = ACTIONS[name].page.rpartition("/")[0]
    return done(request, word, re.sub(r"<(\w+)>", lambda part: ids[part[1]], page))


def given_in(request: DashboardRequest, name: str) -> dict[str, str]:
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
