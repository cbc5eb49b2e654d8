"""The front page: a person’s campaigns, each with what needs attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.languages import Message, number
from undersigned.organizing.pages.attention import points
from undersigned.people.dashboard_frame import render_framed
from undersigned.people.pages.people import ROLES

if TYPE_CHECKING:
    from undersigned.base.page import Page
    from undersigned.organizing.own_campaigns import Own, OwnCampaign
    from undersigned.people.sessions import Session

_MOST_POINTS = 4
"""The most points about a campaign on the front page. The campaign's overview has the others."""


def own_campaigns_page(language: str, session: Session, own: Own, *, is_deleted: bool) -> Page:
    """Render a person's campaigns, and the unpublished ones. `is_deleted` says that they deleted another one."""
    rows = [(found, ROLES[found.role].in_language(language), *_attention(found, language)) for found in own.campaigns]
    return render_framed(
        "organizing/pages/front.html",
        language,
        session=session,
        rows=rows,
        drafts=own.unpublished,
        is_deleted=is_deleted,
    )


def _attention(own: OwnCampaign, language: str) -> tuple[tuple[str, ...], bool]:
    """Return the titles of a campaign's points, as on its overview, and whether somebody must act on any of them."""
    told = [(point.title, point.weight != "to know") for point in points(own.overview, language)]
    if own.has_changes and own.role != "viewer":
        told.append((Message("The draft has unpublished changes"), False))
    sentences = [message for message, _ in told[:_MOST_POINTS]]
    if more := len(told) - len(sentences):
        sentences.append(Message("and %(count)s more", {"count": number(more, language)}))
    if not told:
        looked_at = len(own.overview.targets.items)
        partly = Message.counted(
            "No problems with the first %(count)s recipient. Open the campaign to see the others.",
            "No problems with the first %(count)s recipients. Open the campaign to see the others.",
            looked_at,
            {"count": number(looked_at, language)},
        )
        sentences.append(partly if own.overview.is_part else Message("No problems"))
    return tuple(sentence.in_language(language) for sentence in sentences), any(serious for _, serious in told)
