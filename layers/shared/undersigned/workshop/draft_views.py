"""Views of a draft for the people who write it, whatever its mistakes are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from undersigned.base.languages import SOURCE, Message
from undersigned.campaigns.rules.campaigns import Campaign, Target
from undersigned.campaigns.rules.letters import Letter
from undersigned.workshop import letters as letter_file
from undersigned.workshop import targets as targets_file
from undersigned.workshop.campaigns import CompiledCampaign, with_letters
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.letter_files import compile_letters
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.logos import logo_of
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.rules.drafts import DRAFTED
from undersigned.workshop.settings import settings_in
from undersigned.workshop.targets import read_targets
from undersigned.workshop.typed_letters import readable_letter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.workshop.mistakes import Mistake
    from undersigned.workshop.rules.drafts import Draft

SAMPLE_TARGET = "sample"
"""The id of the target that is made up for a draft without recipients."""


def shown_campaign(draft: Draft) -> Campaign:
    """Return the campaign of a draft, with the name on its pages. A setting with a mistake has a substitute."""
    known = settings_in(draft.files).known
    return replace(known, id=draft.campaign, title=known.title or draft.campaign)


def previewed(draft: Draft) -> CompiledCampaign:
    """Return the campaign of a draft to look at, with something in place of parts that are missing or have mistakes."""
    campaign, files = shown_campaign(draft), draft.files
    say = partial(Message.in_language, language=campaign.language)
    organizer = campaign.organizer
    campaign = replace(
        campaign,
        summary=campaign.summary or say(Message("[One sentence: what the letter asks for]")),
        organizer=replace(
            organizer,
            name=organizer.name or say(Message("[Your organization]")),
            email=organizer.email or "replies@example.org",
        ),
        region=campaign.region or "IL",
    )
    letters = dict(compile_letters(files, settings_in(files)).letters)
    own = letters.pop(campaign.language, None) or _readable_letter(files.get(letter_file.FILE, ""), campaign.language)
    listed = read_targets(files.get(targets_file.FILE, ""), None, campaign.region)
    targets = listed.targets or (_sample_target(campaign.language),)
    letters = {campaign.language: own, **{code: letters[code] for code in campaign.translations if code in letters}}
    logo, _ = logo_of(files)
    return CompiledCampaign(replace(with_letters(campaign, letters), logo=logo), letters, targets)


def _readable_letter(text: str, language: str) -> Letter:
    """Return a letter whose text has mistakes: with placeholders in words, or a line that stands for it."""
    instead = Message("[The letter]").in_language(language)
    with suppress(MistakesError):
        return Letter.of(language, text, compile_letter(readable_letter(text or instead, language)))
    return Letter.of(language, "", compile_letter(readable_letter(instead, language)))


def letter_languages(draft: Draft) -> tuple[str, ...]:
    """Return the languages in which a draft's letter can be written, its own first."""
    document = DraftSettings.read(draft.files.get(DRAFTED, ""))
    own = document.values.get("language")
    return (own if isinstance(own, str) and own else SOURCE, *document.languages)


def file_of_letter(draft: Draft, language: str) -> str:
    """Return the name of the file that has the letter in a language."""
    return letter_file.FILE if language == letter_languages(draft)[0] else f"letter.{language}.md"


def mistakes_of_letter(files: Mapping[str, str], file: str) -> tuple[Mistake, ...]:
    """Return the mistakes in one of a draft's letters. A letter that isn't written yet has none."""
    if not files.get(file, "").strip():
        return ()
    compiled = compile_letters(files, settings_in(files))
    return tuple(mistake for mistake in compiled.mistakes if mistake.file == file)


def _sample_target(language: str) -> Target:
    return Target(
        id=SAMPLE_TARGET,
        title=Message("[Title]").in_language(language),
        name="Avery Sample",
        department=Message("[Department]").in_language(language),
        locality="Oakton",
        email="office@oakton.example",
        postal_codes=(),
    )
