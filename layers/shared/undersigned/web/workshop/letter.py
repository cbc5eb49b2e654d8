"""The step in which the letter is written, with the finished letter beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.authoring import letters as letter_file
from undersigned.domain.languages import Message, name_of
from undersigned.services.draft_views import file_of_letter, sample_of_letter
from undersigned.web.workshop.frame import (
    ShownMistake,
    line_of,
    render,
    workshop_page,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from undersigned.web.page import Page
    from undersigned.web.workshop.frame import Workshop
    from undersigned.web.workshop.preview import Preview


MERGE_FIELDS: Mapping[str, Message] = {
    "target.title": Message("Recipient’s title"),
    "target.name": Message("Recipient’s name"),
    "target.department": Message("Recipient’s department"),
    "target.locality": Message("Recipient’s town"),
    "signer.name": Message("Signer’s name"),
    "signer.address": Message("Signer’s address"),
    "signer.address_line": Message("Signer’s street"),
    "signer.locality": Message("Signer’s town"),
    "signer.region": Message("Signer’s state"),
    "signer.postal_code": Message("Signer’s postal code"),
    "signature": Message("Signature"),
    "date": Message("Date"),
    "note": Message("Signer’s own words"),
}


def letter(workshop: Workshop, language: str, text: str | None, today: date, preview: Preview) -> Page:
    """Render the letter in a language, with what people will see of it beside it.

    `text` was typed and is not saved; None shows the saved one.
    """
    draft = workshop.draft
    file = file_of_letter(draft, language)
    return workshop_page(
        "workshop_letter.html",
        workshop,
        "letter",
        file,
        is_own=file == letter_file.FILE,
        tabs=[(code, name_of(code), file_of_letter(draft, code) in draft.files) for code in workshop.letter_languages],
        fields=[(name, workshop.viewer.say(label)) for name, label in MERGE_FIELDS.items()],
        text=draft.files.get(file, "") if text is None else text,
        preview=preview,
        in_form=True,
        **_shown_letter(workshop, language, text, today, preview.sample.target.id),
    )


def letter_parts(workshop: Workshop, language: str, text: str, today: date, to: str = "") -> Page:
    """Render only the parts that change while one types, for a recipient."""
    values = _shown_letter(workshop, language, text, today, to)
    return render("workshop_letter_live.html", workshop.language, workshop.viewer, **values)


def _shown_letter(workshop: Workshop, language: str, text: str | None, today: date, to: str) -> dict[str, object]:
    draft = workshop.draft
    file = file_of_letter(draft, language)
    saved = draft.files.get(file, "")
    files = {**draft.files, file: saved if text is None else text}
    sample = sample_of_letter(files, file, language, today, to)
    line_mistakes = [
        ShownMistake("#text", "", workshop.viewer.say(mistake.says), mistake.line, line_of(files[file], mistake.line))
        for mistake in sample.mistakes
    ]
    return {
        "letter_language": language,
        "line_mistakes": line_mistakes,
        "letter_html": Markup(sample.html) if sample.html else None,  # noqa: S704  (the rendering escapes every value)
    }
