"""The catalog: campaigns with their rosters, letters, cached for a minute.

So a warm request needs no read.
A roster may have thousands of targets, so a long one is read again only when one has changed. What a delivery writes
on its targets is no such change; of a short roster, it is known within a minute, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.base.errors import DamagedRowsError, NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.cadence import WeeklySchedule, cadence_of, period_of
from undersigned.campaigns.rules.campaigns import ID_PATTERN, Campaign, Roster

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from undersigned.base.limits import Limits
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Answer, Target
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.campaigns.rules.letters import Letter

KEPT_FOR = timedelta(seconds=60)

ROSTER_KEPT_FOR = timedelta(minutes=15)
"""How long a roster is kept while its last change has the same name. A process may die before it names its change."""

MOST_PUBLIC = 3
"""The most answers on a campaign's page, the newest ones: more would make its form slow to load."""

_NAMED = 20
"""The most targets that an error names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A campaign, its targets, the letters that new signers sign, by language, its own first, and its controls.

    `answers` are the answers that the campaign's page shows, newest first, each with its target.
    """

    campaign: Campaign
    roster: Roster
    letters: Mapping[str, Letter]
    controls: Controls
    answers: tuple[tuple[Target, Answer], ...] = ()

    def is_open(self, now: datetime) -> bool:
        """Say whether people can sign."""
        return self.controls.is_open(self.campaign, now)

    def letter(self, language: str) -> Letter:
        """Return the letter in a language; if there is none, in the campaign's own language."""
        return self.letters.get(language) or self.letters[self.campaign.language]

    def target(self, target: str) -> Target:
        """Return a target; raises NotFoundError."""
        if found := self.roster.by_id.get(target):
            return found
        known = list(self.roster.by_id)
        more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
        message = f"Campaign {self.campaign.id!r} has no recipient {target!r}; it has {', '.join(known[:_NAMED])}{more}"
        raise NotFoundError(message)


@dataclass(frozen=True, slots=True)
class _KeptRoster:
    """A roster as it was after the change that `Controls.roster` named."""

    roster: Roster
    change: str
    read_at: datetime


@dataclass(kw_only=True, frozen=True, slots=True)
class Catalog:
    """Reads campaigns through a cache."""

    campaigns: Campaigns
    clock: Callable[[], datetime]
    limits: Limits
    _entries: dict[str, tuple[datetime, Entry]] = field(default_factory=dict, init=False)
    _rosters: dict[str, _KeptRoster] = field(default_factory=dict, init=False)
    _letters: dict[tuple[str, str], Letter] = field(default_factory=dict, init=False)

    def entry(self, campaign: str, target: str | None = None) -> Entry:
        """Return a campaign. It is read again if the cached one lacks the given target. Raises NotFoundError."""
        now = self.clock()
        kept = self._entries.get(campaign)
        # Another process may already have used a target that was added within the minute.
        if kept and now - kept[0] < KEPT_FOR and (target is None or target in kept[1].roster.by_id):
            return kept[1]
        settings = self.campaigns.campaign(campaign)
        letters = {language: self.letter(campaign, version) for language, version in settings.letters.items()}
        controls = self.campaigns.controls(campaign)
        roster = self._roster(campaign, controls, target, now)
        entry = Entry(settings, roster, letters, controls, roster.public_answers(MOST_PUBLIC))
        self._entries[campaign] = (now, entry)
        return entry

    def _roster(self, campaign: str, controls: Controls, target: str | None, now: datetime) -> Roster:
        kept = self._rosters.get(campaign)
        if (
            kept
            and controls.roster
            and controls.roster == kept.change
            and now - kept.read_at < ROSTER_KEPT_FOR
            and len(kept.roster.by_id) > self.limits.short_roster
            and (target is None or target in kept.roster.by_id)
        ):
            return kept.roster
        # The name of the change is read first, and then the targets at least as they were when it was written. A roster
        # without a name is not kept, so it may lag behind.
        is_consistent = bool(controls.roster)
        try:
            roster = Roster.of(self.campaigns.settings_of_targets(campaign, consistent=is_consistent))
        except DamagedRowsError:
            targets = self.campaigns.settings_of_targets(campaign, consistent=is_consistent, whole=False)
            roster = Roster.of(targets, is_whole=False)
        self._rosters[campaign] = _KeptRoster(roster, controls.roster, now)
        return roster

    def letter(self, campaign: str, version: str) -> Letter:
        """Return a letter version, which never changes; raises NotFoundError."""
        key = (campaign, version)
        if key not in self._letters:
            self._letters[key] = self.campaigns.letter(campaign, version)
        return self._letters[key]


def catalog_of(stack: Stack) -> Catalog:
    """Return the catalog of a stack."""
    return stack.once(_catalog)


def _catalog(stack: Stack) -> Catalog:
    return Catalog(campaigns=Campaigns(stack.table), clock=stack.clock, limits=stack.limits)


def schedule_of(stack: Stack) -> WeeklySchedule:
    """Return a stack's own schedule."""
    return WeeklySchedule(*stack.settings.schedule)


def current_period(stack: Stack, campaign: Campaign) -> str:
    """Return the period of a delivery that begins now."""
    return period_of(stack.clock(), cadence_of(campaign, schedule_of(stack)).time_zone)


def find_campaign(stack: Stack, campaign: str) -> Entry:
    """Return the campaign that the address of a page names. Raises NotFoundError."""
    check_id(campaign)
    return catalog_of(stack).entry(campaign)


def next_delivery(stack: Stack, entry: Entry, *, not_before: date | None) -> datetime | None:
    """Return when letters go out next; None while the campaign is paused, or if a person starts the deliveries.

    `not_before` is the first day that a target, or one of the roster, is free from.
    """
    if entry.controls.paused or entry.campaign.send_now_only:
        return None
    return cadence_of(entry.campaign, schedule_of(stack)).next_after(stack.clock(), not_before=not_before)


def check_id(campaign: str) -> None:
    """Raise NotFoundError for what can't be a campaign's id."""
    if not ID_PATTERN.fullmatch(campaign):
        message = f"There is no campaign {campaign[:50]!r}"
        raise NotFoundError(message)
