"""The frame of the workshop: its steps with their states, and the things left to do, with the place of each.

Before somebody presses *Publish*, nothing is an error: the compiler's findings are things left to do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import urlencode

from undersigned.base.languages import Message, name_of
from undersigned.people.dashboard_frame import render_framed
from undersigned.workshop import logos as logo_file
from undersigned.workshop import settings as settings_file
from undersigned.workshop import targets as targets_file
from undersigned.workshop.described_settings import label_of
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.draft_views import file_of_letter, letter_languages
from undersigned.workshop.mistakes import Mistake, MistakesError, with_rows
from undersigned.workshop.rules.drafts import DRAFTED
from undersigned.workshop.target_tables import TargetTable, read_table
from undersigned.workshop.typed_letters import typed_letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from undersigned.base.page import Page
    from undersigned.people.viewer import Viewer
    from undersigned.workshop.campaigns import CompiledCampaign
    from undersigned.workshop.rules.drafts import Draft


Step = Literal["letter", "settings", "recipients", "preview", "publish"]


STEPS: tuple[Step, ...] = get_args(Step)


LABELS: Mapping[Step, Message] = {
    "letter": Message.in_context("step", "Letter"),
    "settings": Message.in_context("step", "Details"),
    "recipients": Message.in_context("step", "Recipients"),
    "preview": Message.in_context("step", "Preview"),
    "publish": Message.in_context("step", "Publish"),
}


COLUMNS: Mapping[str, Message] = {
    "title": Message.in_context("column", "Title"),
    "name": Message("Name"),
    "department": Message("Department or school"),
    "locality": Message("Town"),
    "email": Message("Email"),
    "postal_codes": Message("Postal codes"),
    "postal_address": Message("Postal address"),
    "id": Message("Name in web addresses"),
}
"""The columns of the table, in the order of the page."""


ROWS_SHOWN = 25
"""Rows of the table of recipients on a page."""


MOST_SHOWN = 100
"""The most things in a summary. The others are at their fields, and move into the summary once these are done."""


STILL_LEFT = "saved-left"
"""The value of `done` after a step was saved while something is left in it, or in one before the next."""

_OF_ALL: frozenset[Step] = frozenset({"preview", "publish"})
"""The steps that are about the whole campaign."""

_LONGEST_QUOTE = 60
_MOST_NAMED = 20
_LONGEST_NAMED = 60
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step at the top of the page: its address, its label, and its state in words and as a CSS class."""

    name: Step
    address: str
    label: str
    says: str
    style: str


@dataclass(frozen=True, slots=True)
class ShownMistake:
    """A mistake, or a note, with the place of the workshop where it is corrected."""

    address: str
    place: str
    message: str
    quote: str = ""


def anchor_of(setting: str) -> str:
    """Return the end of an address that leads to a setting's field."""
    return f"#setting-{setting.replace('.', '-')}"


@dataclass(frozen=True, slots=True)
class Workshop:
    """The values that all pages of the workshop show: the viewer, the draft, and the campaign that was read from it.

    With `is_refused`, somebody pressed *Publish* while things were left. From then on these are errors. If there
    is `was`, the fingerprint of the file when somebody opened the page, the draft has what was typed and is not saved.
    """

    viewer: Viewer
    draft: Draft
    checked: CompiledCampaign
    is_refused: bool = False
    was: str | None = None

    @property
    def language(self) -> str:
        """Return the page's language."""
        return self.viewer.language

    @property
    def base(self) -> str:
        """Return the address of the workshop."""
        return f"{self.viewer.home}/workshop"

    def address(self, step: Step, **query: object) -> str:
        """Return the address of a step. After a refusal, the pages that correct it know of it from their address."""
        query |= {"refused": "yes"} if self.is_refused and self.checked.mistakes else {}
        return f"{self.base}/{step}{f'?{urlencode(query)}' if query else ''}"

    def mistakes_of(self, step: Step) -> tuple[Mistake, ...]:
        """Return the mistakes left in a step; in the last two steps, those of the whole campaign."""
        found = self.checked.mistakes
        return found if step in _OF_ALL else tuple(one for one in found if step_of(one.file) == step)

    def shown_mistakes_of(self, step: Step) -> tuple[Mistake, ...]:
        """Return the mistakes that a step's page shows: no empty fields to somebody who comes to fill them in."""
        found = self.mistakes_of(step)
        if step in _OF_ALL or self.is_refused:
            return found
        return tuple(one for one in found if self._is_typed(one))

    def left_behind(self, step: Step) -> tuple[ShownMistake, ...]:
        """Return what is left to do in the steps before a step, for somebody who goes on to that step."""
        before = STEPS[: STEPS.index(step)] if self.viewer.done == STILL_LEFT and step not in _OF_ALL else ()
        return self.shown(mistake for step in before for mistake in self.mistakes_of(step))

    def _is_typed(self, mistake: Mistake) -> bool:
        match step_of(mistake.file):
            case "settings":
                return mistake.setting is None or self.settings.values.get(mistake.setting) not in ("", None)
            case "recipients":
                return bool(self.table.rows)
            case _:
                return False

    @property
    def steps(self) -> tuple[ShownStep, ...]:
        """Return the steps with their states."""
        return tuple(
            ShownStep(step, self.address(step), self.viewer.say(LABELS[step]), *self._state(step)) for step in STEPS
        )

    def _state(self, step: Step) -> tuple[str, str]:
        """Return a step's state in words, and its CSS class."""
        if step == "publish":
            return self.viewer.say(self._publication()), ""
        if step == "preview":
            return self.viewer.say(Message.in_context("state of a step", "Optional")), ""
        if self.mistakes_of(step):
            return self.viewer.say(Message.in_context("state of a step", "To do")), "to-do"
        return self.viewer.say(Message.in_context("state of a step", "Done")), "good"

    def _publication(self) -> Message:
        if not self.viewer.is_published:
            return Message("Not published")
        return Message("Published") if self.draft.is_published else Message("Unpublished changes")

    def after(self, step: Step) -> str:
        """Return the address to go on to after saving a step."""
        following = self.next(step)
        is_left = any(self.mistakes_of(one) for one in STEPS[: STEPS.index(following)])
        return self.address(following, done=STILL_LEFT if is_left else "saved")

    def next(self, after: Step | None = None) -> Step:
        """Return the first step with something left, among all or among those after the saved one.

        After a refusal, somebody who corrects one step goes on to any other. If nothing is left, it is the preview; in
        a published campaign, the step that publishes.
        """
        first = STEPS.index(after) + 1 if after else 0
        steps = (*STEPS[first:], *STEPS[: first - 1]) if after and self.is_refused else STEPS[first:]
        left = next((step for step in steps if step not in _OF_ALL and self.mistakes_of(step)), None)
        return left or ("publish" if self.viewer.is_published else "preview")

    def shown(self, mistakes: Iterable[Mistake]) -> tuple[ShownMistake, ...]:
        """Return the first mistakes with their places."""
        return tuple(self._shown(mistake) for mistake in islice(mistakes, MOST_SHOWN))

    def _shown(self, mistake: Mistake) -> ShownMistake:
        match step_of(mistake.file):
            case "settings":
                name = mistake.setting
                anchor = anchor_of(name) if name else ""
                place = self.viewer.say(label_of(name)) if name else self._label("settings")
                return ShownMistake(self.address("settings") + anchor, place, self.viewer.say(mistake.on_page))
            case "recipients":
                return self._shown_in_table(mistake)
            case _:
                return self._shown_in_letter(mistake)

    def _label(self, step: Step) -> str:
        return self.viewer.say(LABELS[step])

    def _shown_in_letter(self, mistake: Mistake) -> ShownMistake:
        names = [language for language in self.letter_languages if file_of_letter(self.draft, language) == mistake.file]
        language = names[0] if names else self.letter_languages[0]
        place = name_of(language) if len(self.letter_languages) > 1 else self._label("letter")
        shown = shown_in_letter(mistake, self.draft.files.get(mistake.file, ""), self.language)
        return replace(shown, address=f"{self.address('letter', lang=language)}#text", place=place)

    def _shown_in_table(self, mistake: Mistake) -> ShownMistake:
        table = self.table
        row = table.row_of(mistake.line)
        if row is None:
            return ShownMistake(self.address("recipients"), self._label("recipients"), self.viewer.say(mistake.on_page))
        place = self.viewer.say(Message("Row %(number)s", {"number": row + 1}))
        column = mistake.column
        if column and column in COLUMNS:
            place = f"{place}, {self.viewer.say(COLUMNS[column])}"
        anchor = f"#cell-{row}-{column or next(iter(COLUMNS))}"
        page = row // ROWS_SHOWN + 1
        address = f"{self.address('recipients', page=page)}{anchor}"
        return ShownMistake(address, place, self.viewer.say(by_rows(mistake.on_page, table)))

    @property
    def letter_languages(self) -> tuple[str, ...]:
        """Return the languages in which the letter can be written, its own first."""
        return letter_languages(self.draft)

    @property
    def settings(self) -> DraftSettings:
        """Return the settings."""
        return DraftSettings.read(self.draft.files.get(DRAFTED, ""))

    def sites(self, name: str) -> list[str]:
        """Return the websites that a setting lists."""
        listed = self.settings.values.get(name)
        return listed if isinstance(listed, list) else []

    @property
    def table(self) -> TargetTable:
        """Return the table of recipients; an empty one if the file can't be read."""
        return table_in(self.draft.files.get(targets_file.FILE, "")) or TargetTable()


# A page asks for these at each mistake, and a table can have 10,000 rows.


@lru_cache(maxsize=2)
def table_in(text: str) -> TargetTable | None:
    """Return the table of recipients of a file, or None if it can't be read."""
    try:
        return read_table(text)
    except MistakesError:
        return None


def step_of(file: str) -> Step:
    """Return the step in which a file is changed."""
    steps = {settings_file.FILE: "settings", logo_file.FILE: "settings", targets_file.FILE: "recipients"}
    return steps.get(file, "letter")  # type: ignore[return-value]


def fingerprint(text: str | None) -> str:
    """Return the fingerprint that a page keeps of the file that it shows; empty if there is no such file."""
    return "" if text is None else hashlib.sha256(text.encode(errors="replace")).hexdigest()[:_DIGITS]


def by_rows(message: Message, table: TargetTable) -> Message:
    """Return a mistake of the table with the numbers of rows in place of lines of the file."""

    def row_of(line: int) -> int | None:
        number = table.row_of(line)
        return None if number is None else number + 1

    return with_rows(message, row_of)


def shown_in_letter(mistake: Mistake, text: str, language: str) -> ShownMistake:
    """Return a mistake of a letter in the words of its page, with the beginning of its line."""
    said = typed_letter(mistake.on_page.in_language(language), language)
    line = text.split("\n")[mistake.line - 1 : mistake.line] if mistake.line else []
    quote = typed_letter("".join(line), language).strip().removesuffix("\\")
    short = quote if len(quote) <= _LONGEST_QUOTE else f"{quote[:_LONGEST_QUOTE]}…"
    return ShownMistake("#text", "", f"{said[0].upper()}{said[1:]}.", short)


def by_message(mistakes: Iterable[ShownMistake]) -> Mapping[str, Sequence[ShownMistake]]:
    """Return mistakes by their messages: each is said once, with all of its places."""
    grouped: dict[str, dict[ShownMistake, None]] = {}
    for mistake in mistakes:
        grouped.setdefault(mistake.message, {})[mistake] = None
    return {message: [*places] for message, places in grouped.items()}


def heading_of(column: str, language: str) -> str:
    """Return the heading of a column of the table."""
    if column in COLUMNS:
        return COLUMNS[column].in_language(language)
    if column.startswith("title_"):
        return Message("Title (%(language)s)", {"language": column.removeprefix("title_")}).in_language(language)
    return column


def named(texts: Sequence[str]) -> list[str]:
    """Return the first texts, shortened: a spreadsheet can have thousands, and a cell a whole page."""
    first = [text if len(text) <= _LONGEST_NAMED else f"{text[:_LONGEST_NAMED]}…" for text in texts[:_MOST_NAMED]]
    return first if len(texts) <= _MOST_NAMED else [*first, "…"]


def by_hand_words(recipients: Sequence[str]) -> Message:
    """Say which recipients have no email address. Somebody may have forgotten a cell, or the whole column."""
    return Message.counted(
        "%(number)s recipient has no email address: %(names)s. Letters to this recipient go by hand or post: you print "
        "them, and hand them over or mail them.",
        "%(number)s recipients have no email address: %(names)s. Letters to these recipients go by hand or post: you "
        "print them, and hand them over or mail them.",
        len(recipients),
        {"number": len(recipients), "names": ", ".join(named(recipients))},
    )


def workshop_page(
    template: str, workshop: Workshop, step: Step | Literal["versions"], file: str = "", **values: object
) -> Page:
    """Render a page of the workshop, in a step or among the versions. `file` is what its form saves."""
    viewer, language = workshop.viewer, workshop.language
    found, behind = ((), ()) if step == "versions" else (workshop.shown_mistakes_of(step), workshop.left_behind(step))
    shown: dict[str, object] = {
        "left": (*behind, *workshop.shown(found)),
        "has_more": len(found) > MOST_SHOWN,
        "is_error": workshop.is_refused,
        "versions_kept": bool(workshop.draft.earlier) or step == "versions",
        "in_form": False,
        "steps": workshop.steps,
        "step": step,
        "base": workshop.base,
        "address": "" if step == "versions" else workshop.address(step),
        "revision": workshop.draft.revision,
        "was": fingerprint(workshop.draft.files.get(file)) if workshop.was is None else workshop.was,
    }
    shown |= values
    return render(template, language, viewer, **shown | {"left": by_message(shown["left"])})  # type: ignore[arg-type]


def render(template: str, language: str, viewer: Viewer | None, **values: object) -> Page:
    """Render a page with the workshop’s style sheet."""
    return render_framed(template, language, viewer, "workshop", ("letter.css", "workshop.css"), **values)


def unreadable_draft(viewer: Viewer, draft: Draft) -> Page:
    """Render the page of a draft whose files can't be read, in place of each step: a button that discards it."""
    return render("workshop/pages/unreadable.html", viewer.language, viewer, revision=draft.revision)
