"""Compile a campaign's files (settings, letters and targets), and find every mistake in them.

A campaign in several languages has, for each language except its own, a table in campaign.toml, a column of titles in
targets.csv if they differ, and a `letter.<language>.md` if people can sign the letter in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.workshop import letters, settings, targets
from undersigned.workshop.letter_files import compile_letters
from undersigned.workshop.logos import logo_of
from undersigned.workshop.mistakes import Mistake, MistakesError
from undersigned.workshop.rules.drafts import DRAFTED
from undersigned.workshop.targets import TargetList, read_targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.letters import Letter

REQUIRED_FILES = (settings.FILE, letters.FILE, targets.FILE)


@dataclass(frozen=True, slots=True)
class CompiledCampaign:
    """A campaign whose files have no mistakes. `letters` are by language, the campaign's own first.

    `warnings` don't prevent a push, and `notes` only say what follows from the files.
    """

    campaign: Campaign
    letters: Mapping[str, Letter]
    targets: tuple[Target, ...]
    warnings: tuple[Mistake, ...] = ()
    notes: tuple[Mistake, ...] = ()

    @property
    def letter(self) -> Letter:
        """Return the letter in the campaign's own language."""
        return self.letters[self.campaign.language]


def compile_campaign(files: Mapping[str, str], unreadable: Iterable[Mistake] = ()) -> CompiledCampaign:
    """Compile the texts of a campaign's files, by name. Raises MistakesError with the mistakes of all files.

    `unreadable` are the mistakes of files that could not be read.
    """
    unreadable = tuple(unreadable)
    read = settings.settings_in(files)
    listed = (
        read_targets(files[targets.FILE], read.other_languages, read.known.region)
        if targets.FILE in files
        else TargetList()
    )
    compiled = compile_letters(files, read, listed.targets)
    missing = _missing({*files, *(mistake.file for mistake in unreadable)})
    logo, of_logo = logo_of(files)
    mistakes = (*unreadable, *missing, *read.mistakes, *of_logo, *compiled.mistakes, *listed.mistakes)
    if mistakes or read.campaign is None:
        raise MistakesError(sorted(mistakes, key=_order_of_file))
    return CompiledCampaign(
        replace(with_letters(read.campaign, compiled.letters), logo=logo),
        compiled.letters,
        listed.targets,
        (*read.warnings, *listed.warnings),
        listed.notes,
    )


def _missing(files: set[str]) -> Iterator[Mistake]:
    for file in REQUIRED_FILES:
        if file not in files and not (file == settings.FILE and DRAFTED in files):
            yield Mistake(file, None, Message("the file is missing; add it to the campaign's folder"))


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
    return replace(campaign, letter=versions[campaign.language], translations=translations)
