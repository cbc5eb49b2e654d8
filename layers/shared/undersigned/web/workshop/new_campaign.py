"""The page on which a new campaign begins: with its letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.web.workshop.frame import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.authoring.mistakes import Mistake
    from undersigned.domain.languages import Message
    from undersigned.web.page import Page


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """What a person typed in the form of a new campaign."""

    text: str = ""
    title: str = ""
    campaign: str = ""
    copy: str = ""


def new_campaign(  # noqa: PLR0913  (what the page shows)
    language: str,
    token: str,
    given: NewCampaign,
    copies: Sequence[str],
    *,
    mistakes: Sequence[Mistake] = (),
    error: Message | None = None,
) -> Page:
    """Render the form of a new campaign. `copies` are the ids of those that can be copied."""
    return render(
        "workshop_new.html",
        language,
        None,
        token=token,
        given=given,
        copies=copies,
        mistakes=mistakes,
        error=error.in_language(language) if error else None,
        # Either the title is missing, or the name that it leads to can't be.
        wrong="campaign" if given.title else "title",
    )
