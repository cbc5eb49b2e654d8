"""A campaign’s people and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.languages import Message, short_date
from undersigned.people.dashboard_frame import render_framed
from undersigned.people.rules.api_keys import DIGITS_SHOWN
from undersigned.people.rules.people import SCOPE_OF

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.base.page import Page
    from undersigned.people.rules.api_keys import ApiKey, KeyScope
    from undersigned.people.rules.people import Member, Role
    from undersigned.people.viewer import Viewer

ROLES: Mapping[Role, Message] = {
    "owner": Message.in_context("role", "Owner"),
    "editor": Message.in_context("role", "Editor"),
    "viewer": Message.in_context("role", "Viewer"),
}

_WHAT_ROLES_MAY: Mapping[Role, Message] = {
    "owner": Message("everything, and invites and removes people"),
    "editor": Message(
        "sees letters and people’s names, decides about letters and deliveries, and changes and publishes the campaign"
    ),
    "viewer": Message("sees numbers, and no names of people who signed"),
}

_WHAT_KEYS_MAY: Mapping[KeyScope, Message] = {
    "counts": Message("Counts: numbers and deliveries, and no names of people who signed"),
    "letters": Message("Letters: the same, and letters with people’s names"),
}

_NEW_KEY: Mapping[str, str] = {"label": "", "scope": ""}
"""The values in the form of a new key at first."""


def people_page(
    viewer: Viewer,
    found: Sequence[Member],
    *,
    error: str | None = None,
    email: str = "",
    role: str = "",
) -> Page:
    """Render a campaign's people, and the form that invites one; after a mistake, with the typed values."""
    return render_framed(
        "people/pages/people.html",
        viewer.language,
        viewer,
        "people",
        rows=[(member, viewer.say(ROLES[member.role]), _day(viewer, member)) for member in found],
        roles=[(role, viewer.say(ROLES[role]), viewer.say(_WHAT_ROLES_MAY[role])) for role in SCOPE_OF],
        error=error,
        email=email,
        chosen=role,
    )


def _day(viewer: Viewer, member: Member) -> str:
    return short_date(viewer.local(member.at).date(), viewer.language) if member.at else ""


def keys_page(
    viewer: Viewer,
    found: Sequence[ApiKey],
    made: tuple[str, ApiKey] | None = None,
    error: str | None = None,
    given: Mapping[str, str] = _NEW_KEY,
) -> Page:
    """Render a campaign's keys, the text of a key that was just made, and the form that makes a key.

    After a mistake, `given` are the values that were typed: `label` and `scope`.
    """
    return render_framed(
        "people/pages/keys.html",
        viewer.language,
        viewer,
        "keys",
        rows=[
            (
                key,
                key.digest[:DIGITS_SHOWN],
                viewer.say(_WHAT_KEYS_MAY[key.scope]),
                short_date(viewer.local(key.created_at).date(), viewer.language),
                short_date(viewer.local(key.valid_until).date(), viewer.language),
            )
            for key in found
        ],
        scopes=[(scope, viewer.say(words)) for scope, words in _WHAT_KEYS_MAY.items()],
        text=made[0] if made else None,
        error=error,
        given=given,
    )
