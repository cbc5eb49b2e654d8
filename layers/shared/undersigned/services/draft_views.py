"""What people see of a draft while they write it, whatever its mistakes are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.authoring import letters as letter_file
from undersigned.authoring import settings as settings_file
from undersigned.authoring import targets as targets_file
from undersigned.authoring.letter_files import compile_letters
from undersigned.authoring.mistakes import MistakesError
from undersigned.authoring.settings import read_settings
from undersigned.authoring.settings_document import SettingsDocument
from undersigned.authoring.targets import read_targets
from undersigned.domain.campaigns import Campaign, Target
from undersigned.domain.languages import SOURCE, Message
from undersigned.domain.letters import SignerDetails, render_html

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from undersigned.authoring.mistakes import Mistake
    from undersigned.domain.drafts import Draft

_LONGEST_TITLE = 300
_ROWS_READ = 3
"""How many lines of targets.csv are read for a sample: the names of the columns and one recipient."""


@dataclass(frozen=True, slots=True)
class LetterSample:
    """A letter as a sample signer would sign it, as HTML; None, and the mistakes, if its text has any."""

    html: str | None
    mistakes: tuple[Mistake, ...] = ()


def shown_campaign(draft: Draft) -> Campaign:
    """Return the campaign of a draft as its pages name it. A setting with a mistake has a substitute."""
    known = read_settings(draft.files.get(settings_file.FILE, "")).known
    return replace(known, id=draft.campaign, title=known.title or draft.campaign)


def letter_languages(draft: Draft) -> tuple[str, ...]:
    """Return the languages in which a draft's letter can be written, its own first."""
    try:
        document = SettingsDocument.read(draft.files.get(settings_file.FILE, ""))
    except MistakesError:
        return (SOURCE,)
    own = document.values.get("language")
    return (own if isinstance(own, str) and own else SOURCE, *document.languages)


def file_of_letter(draft: Draft, language: str) -> str:
    """Return the name of the file that has the letter in a language."""
    return letter_file.FILE if language == letter_languages(draft)[0] else f"letter.{language}.md"


def sample_of_letter(files: Mapping[str, str], file: str, language: str, today: date) -> LetterSample:
    """Return the letter in one of a draft's files as a sample signer would sign it on this day."""
    if not files.get(file, "").strip():
        return LetterSample(None)
    compiled = compile_letters(files, read_settings(files.get(settings_file.FILE, "")))
    mistakes = tuple(mistake for mistake in compiled.mistakes if mistake.file == file)
    letter = next((letter for letter in compiled.letters.values() if letter.source == files[file]), None)
    if mistakes or letter is None:
        return LetterSample(None, mistakes)
    target = _first_target(files.get(targets_file.FILE, ""), language)
    return LetterSample(render_html(letter.template, target, _sample_signer(target, language, today), language))


def _first_target(text: str, language: str) -> Target:
    """Return the first recipient, or a sample if it has mistakes."""
    found = read_targets("\n".join(text.split("\n")[:_ROWS_READ]), None)
    if found.targets and not found.mistakes:
        return found.targets[0]
    return Target(
        id="sample",
        title=Message("Police Chief").in_language(language),
        name="Avery Sample",
        department=Message("Police Department of Oakton").in_language(language),
        locality="Oakton",
        email="",
        postal_codes=(),
    )


def _sample_signer(target: Target, language: str, today: date) -> SignerDetails:
    code = next((code for code in target.postal_codes if code.isdigit()), "60201")
    return SignerDetails(
        name="Ada Specimen",
        address_line=Message("1 Sample Street").in_language(language),
        locality=target.locality,
        region="IL",
        postal_code=code,
        signature="Ada Specimen",
        note=Message("Here are the signer’s own words.").in_language(language),
        signed_on=today,
    )
