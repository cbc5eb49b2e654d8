"""The page after a save that came second: it shows what the person typed, to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.workshop.campaigns import language_of_file
from undersigned.workshop.described_settings import label_of
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.pages.columns import as_pasted
from undersigned.workshop.pages.frame import COLUMNS, LABELS, workshop_page
from undersigned.workshop.pages.settings import words_of
from undersigned.workshop.setting_kinds import as_text
from undersigned.workshop.target_tables import read_table
from undersigned.workshop.typed_letters import boxed_letter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.base.page import Page
    from undersigned.workshop.pages.frame import Step, Workshop


def changed_meanwhile(workshop: Workshop, step: Step, file: str, text: str) -> Page:
    """Render the text of a file that was not saved. `workshop` has the draft as somebody else saved it."""
    return workshop_page(
        "workshop/pages/conflict.html",
        workshop,
        step,
        left=(),
        by=workshop.draft.changed_by,
        at=workshop.draft.changed_at,
        typed=[*_typed(workshop, step, text)],
        now=workshop.address(step, **({"lang": language} if (language := language_of_file(file)) else {})),
    )


def _typed(workshop: Workshop, step: Step, text: str) -> Iterator[tuple[str, str]]:
    """Yield what was typed in the words of its page, each part with its label."""
    match step:
        case "settings":
            yield from _details(workshop, text)
        case "recipients":
            table = read_table(text)
            headings = [workshop.viewer.say(COLUMNS[name]) if name in COLUMNS else name for name in table.columns]
            yield workshop.viewer.say(LABELS[step]), as_pasted([headings, *(list(row.values()) for row in table.rows)])
        case _:
            yield workshop.viewer.say(LABELS[step]), boxed_letter(text, workshop.language)


def _details(workshop: Workshop, text: str) -> Iterator[tuple[str, str]]:
    for name, value in DraftSettings.read(text).values.items():
        if value != workshop.settings.values.get(name):
            words = "\n".join(words_of(name, line, workshop.language) for line in as_text(value).split("\n"))
            yield workshop.viewer.say(label_of(name)), words
