"""The step in which the letter is written, with the finished letter beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.authoring import letters as letter_file
from undersigned.authoring.mistakes import MistakesError
from undersigned.authoring.typed_letters import placeholders, read_typed, typed_letter
from undersigned.domain.languages import name_of
from undersigned.domain.letter_fields import FIELDS
from undersigned.services.draft_views import file_of_letter, sample_of_letter
from undersigned.web.workshop.frame import render, shown_in_letter, workshop_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from undersigned.authoring.mistakes import Mistake
    from undersigned.authoring.typed_letters import Question
    from undersigned.web.page import Page
    from undersigned.web.workshop.frame import Workshop
    from undersigned.web.workshop.preview import Preview


_TAGS = tuple(f"{{{{ {name} }}}}" for name in FIELDS)


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
        left=(),
        is_own=file == letter_file.FILE,
        tabs=[(code, name_of(code), file_of_letter(draft, code) in draft.files) for code in workshop.letter_languages],
        placeholders=[f"[{placeholders(workshop.language)[tag]}]" for tag in _TAGS],
        text=typed_letter(draft.files.get(file, ""), workshop.language) if text is None else text,
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
    letter = draft.files.get(file, "")
    mistakes: Sequence[Mistake] = ()
    if text is not None:
        try:
            letter, _ = read_typed(text, workshop.language, saved=letter) if text.strip() else ("", ())
        except MistakesError as error:
            letter, mistakes = text, error.mistakes
    sample = sample_of_letter({**draft.files, file: letter}, file, language, today, to)
    return {
        "letter_language": language,
        "line_mistakes": [shown_in_letter(it, letter, workshop.language) for it in mistakes or sample.mistakes],
        # The rendering escapes every value.
        "letter_html": Markup(sample.html) if sample.html and not mistakes else None,  # noqa: S704
    }


def questions(workshop: Workshop, language: str, text: str, asked: Sequence[Question]) -> Page:
    """Render the questions about the blanks of a letter that was typed and is not saved yet."""
    words = workshop.language
    choices = [(tag, typed_letter(tag, words)) for tag in _TAGS]
    return workshop_page(
        "workshop_letter_questions.html",
        workshop,
        "letter",
        file_of_letter(workshop.draft, language),
        left=(),
        letter_language=language,
        text=text,
        questions=[
            (it, [*([] if it.guess in {"", *_TAGS} else [(it.guess, typed_letter(it.guess, words))]), *choices])
            for it in asked
        ],
    )


def answers(asked: Sequence[Question], posted: Callable[[str], str]) -> Mapping[str, str]:
    """Return the answers to questions, by blank. One that the page doesn't offer is the guess."""
    given = {it: posted(f"answer-{number}") for number, it in enumerate(asked)}
    return {it.blank: answer if answer in {"", *_TAGS} else it.guess for it, answer in given.items()}
