"""What a person sees who saves a file that somebody else saved meanwhile: what differs, and both ways on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.authoring.letter_files import language_of_file
from undersigned.web.workshop.changes import changes
from undersigned.web.workshop.columns import packed
from undersigned.web.workshop.frame import workshop_page

if TYPE_CHECKING:
    from undersigned.web.page import Page
    from undersigned.web.workshop.frame import Step, Workshop


def both_texts(workshop: Workshop, step: Step, file: str, mine: str) -> Page:
    """Render what differs between a file of the draft and `mine`, which waits in the page."""
    draft = workshop.draft
    return workshop_page(
        "workshop_conflict.html",
        workshop,
        step,
        file,
        left=(),
        by=draft.changed_by,
        at=draft.changed_at,
        saved_file=file,
        letter_language=language_of_file(file) if step == "letter" else "",
        changes=changes({file: draft.files.get(file, "")}, {file: mine}, workshop.language),
        mine=packed(mine),
    )
