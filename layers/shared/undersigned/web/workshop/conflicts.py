"""What a person sees who saves a file that somebody else saved meanwhile: both texts, of which theirs is not saved."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from undersigned.authoring.letter_files import language_of_file
from undersigned.authoring.typed_letters import typed_letter
from undersigned.web.workshop.frame import workshop_page

if TYPE_CHECKING:
    from undersigned.web.page import Page
    from undersigned.web.workshop.frame import Step, Workshop

_MOST_LINES = 100
"""The most lines of each text that the page shows as different. Both whole texts stand below."""


def both_texts(workshop: Workshop, step: Step, file: str, mine: str) -> Page:
    """Render both texts of a file: the draft's, and `mine`, in a field whose save replaces the draft's."""
    theirs = workshop.draft.files.get(file, "")
    if step == "letter":
        theirs, mine = (typed_letter(text, workshop.language) for text in (theirs, mine))
    return workshop_page(
        "workshop_conflict.html",
        workshop,
        step,
        file,
        left=(),
        by=workshop.draft.changed_by,
        at=workshop.draft.changed_at,
        letter_language=language_of_file(file) if step == "letter" else "",
        theirs=theirs,
        mine=mine,
        only_theirs=_only_in(theirs, mine),
        only_mine=_only_in(mine, theirs),
    )


def _only_in(text: str, other: str) -> list[str]:
    """Return the first lines that another text doesn't have. A table can have 10,000 rows: this stays quick."""
    known = {*other.split("\n")}
    return list(islice((line for line in text.split("\n") if line not in known), _MOST_LINES))
