"""The step in which the letter is written, with the finished letter beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.languages import Message, name_of
from undersigned.campaigns.rules.letter_fields import FIELDS
from undersigned.workshop import letters as letter_file
from undersigned.workshop.draft_views import file_of_letter
from undersigned.workshop.drafting import check
from undersigned.workshop.mistakes import Mistake, MistakesError
from undersigned.workshop.pages.frame import by_message, render, shown_in_letter, workshop_page
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned.workshop.typed_letters import boxed_letter, placeholders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.base.page import Page
    from undersigned.workshop.pages.frame import Workshop
    from undersigned.workshop.pages.preview import Preview
    from undersigned.workshop.rules.drafts import Draft

_HAS_LETTER = Message("you typed a letter; empty this field to use our example")

_TAGS = tuple(f"{{{{ {name} }}}}" for name in FIELDS)


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in the form of its field. `text` was typed and is not saved; None is the saved one. `draft` has it."""

    language: str
    text: str | None
    draft: Draft
    mistakes: Sequence[Mistake]

    @property
    def letter(self) -> str:
        """Return the letter with its merge fields; one with mistakes is returned as it was typed."""
        return self.draft.files.get(file_of_letter(self.draft, self.language), "")


def written(workshop: Workshop, language: str, text: str | None, *, has_letter: bool = False) -> Written:
    """Read the letter in a language. With `has_letter`, somebody asked for our example in its place."""
    files, file = workshop.draft.files, file_of_letter(workshop.draft, language)
    mistakes: Sequence[Mistake] = (Mistake(file, None, _HAS_LETTER),) if has_letter else ()
    if text is not None:
        try:
            letter = pasted_letter(text, workshop.language) if text.strip() else ""
        except MistakesError as error:
            letter, mistakes = text, error.mistakes
        files = {**files, file: letter}
    draft = replace(workshop.draft, files=files)
    # A letter that isn't written yet has no mistakes.
    found = check(draft).mistakes if files.get(file, "").strip() else ()
    return Written(language, text, draft, mistakes or [mistake for mistake in found if mistake.file == file])


def letter(workshop: Workshop, now: Written, preview: Preview) -> Page:
    """Render the letter in a language, with its preview beside it."""
    draft = workshop.draft
    file = file_of_letter(draft, now.language)
    return workshop_page(
        "workshop/pages/letter.html",
        workshop,
        "letter",
        file,
        left=(),
        is_own=file == letter_file.FILE,
        tabs=[(code, name_of(code), file_of_letter(draft, code) in draft.files) for code in workshop.letter_languages],
        placeholders=[f"[{placeholders(workshop.language)[tag]}]" for tag in _TAGS],
        text=boxed_letter(now.letter, workshop.language) if now.text is None else now.text,
        preview=preview,
        in_form=True,
        **_shown_letter(workshop, now, preview),
    )


def letter_parts(workshop: Workshop, now: Written, preview: Preview) -> Page:
    """Render only the parts that change while somebody types."""
    values = _shown_letter(workshop, now, preview)
    return render("workshop/pages/letter_live.html", workshop.language, workshop.viewer, **values)


def _shown_letter(workshop: Workshop, now: Written, preview: Preview) -> dict[str, object]:
    return {
        "letter_language": now.language,
        "line_mistakes": by_message(shown_in_letter(it, now.letter, workshop.language) for it in now.mistakes),
        "letter_html": preview.letter_html if now.letter.strip() and not now.mistakes else None,
    }
