"""The dashboard's pages about people: sign in, the front page, and a campaign's people and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.domain.languages import Message, number, short_date
from undersigned.domain.people.api_keys import DIGITS_SHOWN
from undersigned.domain.people.people import SCOPE_OF
from undersigned.web.operating.attention import points
from undersigned.web.dashboard_frame import render_framed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from undersigned.domain.people.api_keys import ApiKey, Scope
    from undersigned.domain.people.people import Member, Role
    from undersigned.services.people.own_campaigns import Own, OwnCampaign
    from undersigned.services.people.sessions import Session
    from undersigned.web.dashboard import Viewer
    from undersigned.web.page import Page

_MOST_POINTS = 4
"""The most points about a campaign on the front page. The campaign's overview has the others."""

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

_WHAT_KEYS_MAY: Mapping[Scope, Message] = {
    "read": Message("Read: numbers, and no names of people who signed"),
    "manage": Message(
        "Manage: letters and people’s names, decisions about letters and deliveries, and changes to the campaign"
    ),
    "own": Message("Own: everything, also people and keys"),
}


def sign_in(
    language: str, *, by_email: str | None = None, with_key: str | None = None, email: str = "", campaign: str = ""
) -> Page:
    """Render the form for an address and the one for a key, each with its mistake.

    `email` and `campaign` are as they were typed.
    """
    return render_framed(
        "dashboard_sign_in.html", language, by_email=by_email, with_key=with_key, email=email, campaign=campaign
    )


def code(language: str, *, tries_left: int | None = None) -> Page:
    """Render the form for the code; after a wrong code, with the number of tries left."""
    error = None
    if tries_left is not None:
        error = Message.counted(
            "This is not the code. You can try %(count)s more time.",
            "This is not the code. You can try %(count)s more times.",
            tries_left,
            {"count": number(tries_left, language)},
        ).in_language(language)
    return render_framed("dashboard_code.html", language, error=error)


def link(language: str, address: str) -> Page:
    """Render the button of a link in an email."""
    return render_framed("dashboard_link.html", language, address=address)


def other_browser(language: str) -> Page:
    """Render the way out for a link that another browser asked for."""
    return _no_way_in(
        language,
        Message("Open this link where you asked for it"),
        Message(
            "It works only in the browser in which you asked for the email. Open it there, or type the six digits of "
            "the email there. To sign in here, ask for a new email."
        ),
    )


def expired(language: str) -> Page:
    """Render the way out for a link or a code that works no more."""
    return _no_way_in(
        language,
        Message("This link or code doesn’t work any more"),
        Message("It works once, for 15 minutes, and for five tries. Ask for a new email."),
    )


def _no_way_in(language: str, title: Message, detail: Message) -> Page:
    return render_framed(
        "dashboard_no_way_in.html",
        language,
        title=title.in_language(language),
        detail=detail.in_language(language),
    )


def front(language: str, session: Session, own: Own) -> Page:
    """Render a person's campaigns, and the unpublished ones."""
    rows = [(found, ROLES[found.role].in_language(language), *_attention(found, language)) for found in own.campaigns]
    return render_framed("dashboard_front.html", language, session=session, rows=rows, drafts=own.unpublished)


def _attention(own: OwnCampaign, language: str) -> tuple[tuple[str, ...], bool]:
    """Return the titles of a campaign's points, as on its overview, and whether one of them must be acted on."""
    glance = own.glance
    told = [
        *_awaiting(glance.awaiting, language),
        *(
            (point.title, point.weight != "to know")
            for point in points(
                glance.overview,
                glance.states,
                glance.elsewhere,
                (),
                own.evidence,
                overdue=glance.overdue,
                is_part=True,
                today=glance.today,
                language=language,
            )
        ),
    ]
    if own.has_changes and own.role != "viewer":
        told.append((Message("The draft has unpublished changes"), False))
    sentences = [message for message, _ in told[:_MOST_POINTS]]
    if more := len(told) - len(sentences):
        sentences.append(Message("and %(count)s more", {"count": number(more, language)}))
    if not told:
        looked_at = {"count": number(len(glance.states), language)}
        partly = Message.counted(
            "No problems with the first %(count)s recipient. Open the campaign to see the others.",
            "No problems with the first %(count)s recipients. Open the campaign to see the others.",
            len(glance.states),
            looked_at,
        )
        sentences.append(partly if glance.is_part else Message("No problems"))
    return tuple(sentence.in_language(language) for sentence in sentences), any(serious for _, serious in told)


def _awaiting(recipients: int, language: str) -> Iterator[tuple[Message, bool]]:
    if recipients:
        message = Message.counted(
            "Letters to %(count)s recipient are waiting for approval",
            "Letters to %(count)s recipients are waiting for approval",
            recipients,
            {"count": number(recipients, language)},
        )
        yield message, True


def people(  # noqa: PLR0913  (what the page shows)
    viewer: Viewer,
    found: Sequence[Member],
    keys: Mapping[str, int],
    *,
    error: str | None = None,
    email: str = "",
    role: str = "",
) -> Page:
    """Render a campaign's people, and the form that invites one; after a mistake, with the typed values.

    `keys` says how many keys go with each person who is removed.
    """
    return render_framed(
        "dashboard_people.html",
        viewer.language,
        viewer,
        "people",
        rows=[
            (member, viewer.say(ROLES[member.role]), _day(viewer, member), keys.get(member.person.id, 0))
            for member in found
        ],
        roles=[(role, viewer.say(ROLES[role]), viewer.say(_WHAT_ROLES_MAY[role])) for role in SCOPE_OF],
        error=error,
        email=email,
        chosen=role,
    )


def _day(viewer: Viewer, member: Member) -> str:
    return short_date(viewer.local(member.at).date(), viewer.language) if member.at else ""


_NEW_KEY: Mapping[str, str] = {"label": "", "scope": "", "days": "90"}
"""The values in the form of a new key at first."""


def keys(
    viewer: Viewer,
    found: Sequence[ApiKey],
    made: tuple[str, ApiKey] | None = None,
    error: str | None = None,
    given: Mapping[str, str] = _NEW_KEY,
) -> Page:
    """Render a campaign's keys, the text of the one that was just made, and the form that makes one.

    After a mistake, `given` are the values that were typed: `label`, `scope` and `days`.
    """
    return render_framed(
        "dashboard_keys.html",
        viewer.language,
        viewer,
        "keys",
        rows=[
            (
                key,
                key.digest[:DIGITS_SHOWN],
                viewer.say(_WHAT_KEYS_MAY[key.scope]),
                short_date(viewer.local(key.created_at).date(), viewer.language),
                short_date(viewer.local(key.expires_at).date(), viewer.language) if key.expires_at else None,
            )
            for key in found
        ],
        scopes=[(scope, viewer.say(words)) for scope, words in _WHAT_KEYS_MAY.items()],
        text=made[0] if made else None,
        error=error,
        given=given,
    )
