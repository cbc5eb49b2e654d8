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
from undersigned.workshop.campaigns import CompiledCampaign, with_letters
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.drafting import check
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.rules.drafts import DRAFTED
from undersigned.workshop.settings import settings_in
from undersigned.workshop.typed_letters import readable_letter

if TYPE_CHECKING:
    from undersigned.workshop.rules.drafts import Draft

SAMPLE_TARGET = "sample"
"""The id of the target that is made up for a draft without recipients."""


def shown_campaign(draft: Draft) -> Campaign:
    """Return the campaign of a draft, with the name on its pages. A setting with a mistake has a substitute."""
    return _named(settings_in(draft.files).known, draft)


def _named(campaign: Campaign, draft: Draft) -> Campaign:
    return replace(campaign, id=draft.campaign, title=campaign.title or draft.campaign)


def previewed(draft: Draft) -> CompiledCampaign:
    """Return the campaign of a draft to look at, with something in place of parts that are missing or have mistakes."""
    found = check(draft)
    campaign = _named(found.campaign, draft)
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
    letters = {campaign.language: _readable_letter(draft, campaign.language), **found.letters}
    targets = found.targets or (_sample_target(campaign.language),)
    return CompiledCampaign(with_letters(campaign, letters), letters, targets)


def _readable_letter(draft: Draft, language: str) -> Letter:
    """Return the letter although it may have mistakes: with placeholders in words, or a line that stands for it."""
    text, instead = draft.files.get(letter_file.FILE, ""), Message("[The letter]").in_language(language)
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
