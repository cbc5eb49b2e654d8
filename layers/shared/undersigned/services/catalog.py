"""The catalog: campaigns with their rosters and letters, kept for a minute so that a warm request needs no read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.domain.campaigns import Campaign, Roster
from undersigned.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from undersigned.domain.letters import Letter
    from undersigned.services.ports import CampaignStore

KEPT_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Entry:
    """A campaign, its targets and the letters that new signers sign, by language, the campaign's own first."""

    campaign: Campaign
    roster: Roster
    letters: Mapping[str, Letter]

    def letter(self, language: str) -> Letter:
        """Return the letter in a language, or in the campaign's own where it has none."""
        return self.letters.get(language) or self.letters[self.campaign.language]


class Catalog:
    """Reads campaigns through a short memory."""

    def __init__(self, store: CampaignStore, clock: Callable[[], datetime]) -> None:
        """Take the store and a clock."""
        self._store = store
        self._clock = clock
        self._entries: dict[str, tuple[datetime, Entry]] = {}
        self._letters: dict[tuple[str, str], Letter] = {}

    def entry(self, campaign: str, target: str | None = None) -> Entry:
        """Return a campaign, read anew if it lacks a target that some letter goes to; raises NotFoundError."""
        now = self._clock()
        kept = self._entries.get(campaign)
        # Another process may have heard earlier of a target that was added within the minute.
        if kept and now - kept[0] < KEPT_FOR and (target is None or target in kept[1].roster.by_id):
            return kept[1]
        settings = self._store.campaign(campaign)
        if settings is None:
            message = f"There is no campaign {campaign!r}"
            raise NotFoundError(message)
        letters = {language: self.letter(campaign, version) for language, version in settings.letters.items()}
        entry = Entry(settings, Roster.of(self._store.targets(campaign)), letters)
        self._entries[campaign] = (now, entry)
        return entry

    def letter(self, campaign: str, version: str) -> Letter:
        """Return a letter version, which never changes; raises NotFoundError."""
        key = (campaign, version)
        if key not in self._letters:
            letter = self._store.letter(campaign, version)
            if letter is None:
                message = f"Campaign {campaign!r} has no letter version {version[:12]}"
                raise NotFoundError(message)
            self._letters[key] = letter
        return self._letters[key]
