"""Compile a campaign's letters: `letter.md` in its own language, and each translation in `letter.<language>.md`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.campaigns.rules.campaigns import Roster
from undersigned.campaigns.rules.letter_templates import fields_of
from undersigned.campaigns.rules.letters import Letter
from undersigned.workshop import letters
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.mistakes import Mistake, MistakesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.workshop.settings import CampaignSettings


@dataclass(frozen=True, slots=True)
class CampaignLetters:
    """A campaign's letters by language, its own first. They are complete only if there are no mistakes."""

    letters: Mapping[str, Letter]
    mistakes: tuple[Mistake, ...] = ()


def compile_letters(
    files: Mapping[str, str], campaign: CampaignSettings, targets: tuple[Target, ...] = ()
) -> CampaignLetters:
    """Compile the letters among a campaign's files. Translations must have the original's merge fields."""
    mistakes: list[Mistake] = []
    original = _compile(letters.FILE, files.get(letters.FILE), campaign.language, mistakes)
    if original and campaign.campaign:
        mistakes += _not_given(campaign.campaign, targets, original)
    translations: dict[str, Letter] = {}
    for file in sorted(filter(is_translation, files)):
        language = language_of_file(file)
        if unexpected := _unexpected(file, language, campaign):
            mistakes.append(unexpected)
        elif translation := _compile(file, files[file], language, mistakes):
            translations[language] = translation
            mistakes += _different_fields(file, translation, original) if original else ()
    own = {campaign.language: original} if original else {}
    others = {other: translations[other] for other in campaign.other_languages or () if other in translations}
    return CampaignLetters(own | others, tuple(mistakes))


def is_translation(file: str) -> bool:
    """Say whether a file has a translated letter, by its name, such as `letter.es.md`."""
    return file.startswith("letter.") and file.endswith(".md") and file != letters.FILE


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
                "%(field)s is empty in letters of signers who don't give it; write {{ signer.address }} instead"
            )
        )
        yield Mistake(letters.FILE, None, replace(message, values={"field": f"{{{{ {field} }}}}"}))


def language_of_file(file: str) -> str:
    """Return the language of a translated letter, or an empty text for the letter in the campaign's own language."""
    return file.removeprefix("letter.").removesuffix(".md") if is_translation(file) else ""


def _compile(file: str, source: str | None, language: str, mistakes: list[Mistake]) -> Letter | None:
    """Compile a letter, or add its mistakes to the list and return None."""
    if source is None:
        return None
    try:
        return Letter.of(language, source, compile_letter(source, file))
    except MistakesError as error:
        mistakes += error.mistakes
        return None


def _unexpected(file: str, language: str, campaign: CampaignSettings) -> Mistake | None:
    """Return a mistake if the campaign has no translation in the file's language."""
    others = campaign.other_languages
    if language != campaign.language and (others is None or language in others):
        return None
    message = Message(
        "this letter's language is not one of the campaign's other languages; add it to them, or remove this letter"
    )
    return Mistake(file, None, message)


def _different_fields(file: str, translation: Letter, original: Letter) -> Iterator[Mistake]:
    used, expected = fields_of(translation.template), fields_of(original.template)
    for fields, says in (
        (
            expected - used,
            Message("%(fields)s is in the letter in its own language but not here; add it where it belongs"),
        ),
        (
            used - expected,
            Message("%(fields)s is here but not in the letter in its own language; remove it, or add it there"),
        ),
    ):
        if fields:
            yield Mistake(file, None, replace(says, values={"fields": _listed(fields)}))


def _listed(fields: Iterable[str]) -> str:
    return ", ".join(f"{{{{ {field} }}}}" for field in sorted(fields))
