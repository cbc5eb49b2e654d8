"""The page on which a new campaign begins: with its letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.web.workshop.frame import render

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    error: Message | None = None,
    wrong: str,
) -> Page:
    """Render the form of a new campaign. `copies` are the ids of those that can be copied, `wrong` has the error."""
    return render(
        "workshop_new.html",
        language,
        None,
        token=token,
        given=given,
        copies=copies,
        error=error.in_language(language) if error else None,
        wrong=wrong,
    )
