"""The page on which a new campaign begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.domain.languages import Message
from undersigned.web.workshop.frame import (
    render,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.authoring.mistakes import Mistake
    from undersigned.authoring.paper_form import Finding
    from undersigned.services.drafting import Start
    from undersigned.web.page import Page


STARTS: Mapping[Start, tuple[Message, Message]] = {
    "letter": (
        Message("With a letter that exists on paper"),
        Message("Paste it as it is. We find its blanks, and you check them."),
    ),
    "empty": (Message("From scratch"), Message("Write the letter in the next step.")),
    "example": (Message("With our example"), Message("A complete campaign, to change step by step.")),
    "copy": (Message("With a copy of another campaign"), Message("All of it except the days of signing.")),
}


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """What a person typed in the form of a new campaign. `text` is a paper letter, or the letter made of it."""

    title: str = ""
    campaign: str = ""
    start: str = "letter"
    text: str = ""
    copy: str = ""

    def with_letter(self, text: str) -> NewCampaign:
        """Return the same with the letter that was made of the paper one."""
        return replace(self, text=text)


def new_campaign(  # noqa: PLR0913  (what the page shows)
    language: str,
    token: str,
    given: NewCampaign,
    copies: Sequence[str],
    *,
    findings: Sequence[Finding] | None = None,
    mistakes: Sequence[Mistake] = (),
    error: Message | None = None,
) -> Page:
    """Render the form of a new campaign. `copies` are the ids of those that can be copied.

    `findings` are what the importer recognized in a paper letter; then `given` has the letter made of it.
    """
    return render(
        "workshop_new.html",
        language,
        None,
        token=token,
        given=given,
        copies=copies,
        starts=[
            (value, label.in_language(language), hint.in_language(language))
            for value, (label, hint) in STARTS.items()
            if value != "copy" or copies
        ],
        findings=findings,
        mistakes=mistakes,
        error=error.in_language(language) if error else None,
    )
