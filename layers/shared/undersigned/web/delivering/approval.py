"""The page that approves a period."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from undersigned.domain.delivering.approvals import MOST_LISTED, not_all_listed
from undersigned.domain.languages import Message
from undersigned.web.delivering.states import DELIVERY_STATES, LATER, state_of_line
from undersigned.web.public_frame import public_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.domain.authoring.campaigns import Target
    from undersigned.domain.delivering.approvals import PeriodState
    from undersigned.web.page import Page


def approval_page(found: PeriodState, token: str) -> Page:
    """Render a period with the button that approves it, or with the status of its deliveries."""
    language = found.campaign.language
    headline, explanation = _state_of_period(found)
    waiting = [
        (line.target, letters, state)
        for line in found.waiting
        for letters, state in ((line.letters, state_of_line(line, language)), (line.later, LATER))
    ]
    started = [(target, delivery.letters, DELIVERY_STATES[delivery.state]) for target, delivery in found.deliveries]
    states = [
        (target, letters, state.in_language(language)) for target, letters, state in [*waiting, *started] if letters
    ]
    not_all = not_all_listed(len(states), language)
    return public_page(
        "approval.html",
        language,
        found.campaign,
        headline=headline.in_language(language),
        explanation=explanation.in_language(language),
        day=date.fromisoformat(found.period),
        rows=[
            (f"{target.addressed(language)}, {target.department}", letters, state)
            for target, letters, state in states[:MOST_LISTED]
        ],
        not_all=not_all,
        sums=_sums(states) if not_all else [],
        can_approve=found.awaits_approval,
        look=found.seen_at.isoformat(),
        token=token,
    )


def _sums(states: Iterable[tuple[Target, int, str]]) -> list[tuple[str, int, int]]:
    """Return each status with how many recipients and letters have it."""
    recipients, sums = Counter[str](), Counter[str]()
    for _, letters, state in states:
        recipients[state] += 1
        sums[state] += letters
    return [(state, of, sums[state]) for state, of in recipients.most_common()]


def _state_of_period(found: PeriodState) -> tuple[Message, Message]:
    if found.is_paused:
        return Message("Campaign paused"), Message(
            "Nothing is sent until someone resumes the campaign. What you approve now goes out then."
        )
    if not found.campaign.approval:
        return Message("No approval needed"), Message("This campaign’s letters go out automatically.")
    if found.is_approved:
        return Message("Approved"), Message("The emails go out within minutes. Reload this page to see their status.")
    if found.awaits_approval:
        return Message("Waiting for your approval"), Message(
            "Each recipient gets these letters in one email. Nothing is sent until you press the button. Letters that "
            "come after you opened this page wait for a later delivery."
        )
    if found.waiting:
        return Message("Nothing to approve"), Message(
            "Each recipient gets at most one email in seven days. The letters go with a later delivery."
        )
    return Message("No letters waiting"), Message(
        "There is nothing to approve. The letters have gone out or were withdrawn."
    )
