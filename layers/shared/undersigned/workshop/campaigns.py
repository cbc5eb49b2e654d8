"""Read a campaign's files: its settings, letters, targets and logo. Find every mistake in them.

A campaign in several languages has, for each language except its own, a table in campaign.toml, a column of titles in
targets.csv if they differ, and a `letter.<language>.md` if people can sign the letter in it. A translation must have
the original's merge fields.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.campaigns.rules.campaigns import Roster
from undersigned.campaigns.rules.letter_templates import fields_of
from undersigned.campaigns.rules.letters import Letter
from undersigned.workshop import letters, settings, targets
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.logos import logo_of
from undersigned.workshop.mistakes import Mistake, MistakesError
from undersigned.workshop.rules.drafts import DRAFTED
from undersigned.workshop.targets import TargetList, read_targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.workshop.settings import CampaignSettings

REQUIRED_FILES = (settings.FILE, letters.FILE, targets.FILE)


@dataclass(frozen=True, slots=True)
class CompiledCampaign:
    """A campaign as its files have it, and what was found in them.

    With `mistakes`, a setting that is missing or wrong has a substitute, and letters and targets may be missing.
    `letters` are by language, the campaign's own first. `warnings` don't prevent a push, and `notes` only say what
    follows from the files.
    """

    campaign: Campaign
    letters: Mapping[str, Letter]
    targets: tuple[Target, ...]
    warnings: tuple[Mistake, ...] = ()
    notes: tuple[Mistake, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    @property
    def letter(self) -> Letter:
        """Return the letter in the campaign's own language."""
        return self.letters[self.campaign.language]

    def without_mistakes(self) -> CompiledCampaign:
        """Return the campaign. Raises MistakesError with all of its mistakes."""
        if self.mistakes:
            raise MistakesError(self.mistakes)
        return self


def compile_campaign(files: Mapping[str, str], unreadable: Iterable[Mistake] = ()) -> CompiledCampaign:
    """Read a campaign's files as `read_campaign` does. Raises MistakesError with the mistakes of all files."""
    return read_campaign(files, unreadable).without_mistakes()


def read_campaign(files: Mapping[str, str], unreadable: Iterable[Mistake] = ()) -> CompiledCampaign:
    """Read the texts of a campaign's files, by name, and find all mistakes in them.

    `unreadable` are the mistakes of files that could not be read.
    """
    unreadable = tuple(unreadable)
    read = settings.settings_in(files)
    listed = (
        read_targets(files[targets.FILE], read.other_languages, read.known.region)
        if targets.FILE in files
        else TargetList()
    )
    compiled, of_letters = _letters(files, read, listed.targets)
    missing = _missing({*files, *(mistake.file for mistake in unreadable)})
    logo, of_logo = logo_of(files)
    mistakes = (*unreadable, *missing, *read.mistakes, *of_logo, *of_letters, *listed.mistakes)
    return CompiledCampaign(
        replace(with_letters(read.known, compiled), logo=logo),
        compiled,
        listed.targets,
        (*read.warnings, *listed.warnings),
        listed.notes,
        tuple(sorted(mistakes, key=_order_of_file)),
    )


def _missing(files: set[str]) -> Iterator[Mistake]:
    for file in REQUIRED_FILES:
        if file not in files and not (file == settings.FILE and DRAFTED in files):
            yield Mistake(file, None, Message("the file is missing; add it to the campaign’s folder"))


def _order_of_file(mistake: Mistake) -> tuple[int, str]:
    """Return a sort key that orders mistakes by file: settings, letter, translations, targets."""
    order = {settings.FILE: 0, letters.FILE: 1, targets.FILE: 3}
    return order.get(mistake.file, 2), mistake.file


def with_letters(campaign: Campaign, compiled: Mapping[str, Letter]) -> Campaign:
    """Return the campaign with the versions of these letters."""
    versions = {language: letter.version for language, letter in compiled.items()}
    translations = {
        language: replace(texts, letter=versions.get(language)) for language, texts in campaign.translations.items()
    }
    return replace(campaign, letter=versions.get(campaign.language, ""), translations=translations)


def is_translation(file: str) -> bool:
    """Say whether a file has a translated letter, by its name, such as `letter.es.md`."""
    return file.startswith("letter.") and file.endswith(".md") and file != letters.FILE


def language_of_file(file: str) -> str:
    """Return the language of a translated letter, or an empty text for the letter in the campaign's own language."""
    return file.removeprefix("letter.").removesuffix(".md") if is_translation(file) else ""


def _letters(
    files: Mapping[str, str], read: CampaignSettings, listed: tuple[Target, ...]
) -> tuple[Mapping[str, Letter], list[Mistake]]:
    """Return the letters by language that have no mistakes, the campaign's own first, and the others' mistakes."""
    found: dict[str, Letter] = {}
    mistakes: list[Mistake] = []
    for file in sorted({letters.FILE, *filter(is_translation, files)}.intersection(files), key=language_of_file):
        language = language_of_file(file)
        if language and read.other_languages is not None and language not in read.other_languages:
            mistakes.append(Mistake(file, None, _UNEXPECTED))
            continue
        try:
            letter = Letter.of(language or read.known.language, files[file], compile_letter(files[file], file))
        except MistakesError as error:
            mistakes += error.mistakes
            continue
        found[language] = letter
        if language:
            mistakes += _different_fields(file, letter, found[""]) if "" in found else ()
        elif not read.mistakes:
            mistakes += _not_given(read.known, listed, letter)
    known = ("", *(read.other_languages or ()))
    return {language or read.known.language: found[language] for language in known if language in found}, mistakes


_UNEXPECTED = Message(
    "this letter’s language is not one of the campaign’s other languages; add it to them, or remove this letter"
)


def _not_given(campaign: Campaign, targets: tuple[Target, ...], letter: Letter) -> Iterator[Mistake]:
    """Report each field that would leave a gap in the letters of signers who don't give it."""
    gaps = {name for name, asked in campaign.asked.items() if asked != "required"}
    if campaign.state == "optional":  # who gives none has the campaign's
        gaps.remove("region")
    if Roster.of(targets).only:
        gaps.add("postal_code")
    for field in sorted(fields_of(letter.template) & {f"signer.{name}" for name in gaps}):
        message = (
            Message("%(field)s needs a question that everybody answers; make it required, or delete the field")
            if field == "signer.answer"
            else Message(
                "%(field)s is empty in letters of signers who don’t give it; write {{ signer.address }} instead"
            )
        )
        yield Mistake(letters.FILE, None, replace(message, values={"field": f"{{{{ {field} }}}}"}))


def _different_fields(file: str, translation: Letter, original: Letter) -> Iterator[Mistake]:
    used, expected = fields_of(translation.template), fields_of(original.template)
    for fields, says in (
        (
            expected - used,
            Message("the letter in its own language has %(fields)s, but this one doesn’t; add it where it belongs"),
        ),
        (
            used - expected,
            Message(
                "this letter has %(fields)s, but the letter in its own language doesn’t; remove it here, or add it "
                "there"
            ),
        ),
    ):
        if fields:
            listed = ", ".join(f"{{{{ {field} }}}}" for field in sorted(fields))
            yield Mistake(file, None, replace(says, values={"fields": listed}))
