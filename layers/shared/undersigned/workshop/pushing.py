"""Push a compiled campaign to a stack; pushing it again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

from undersigned.base.errors import NotFoundError
from undersigned.campaigns.activity import record
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.controls import checked_reason
from undersigned.workshop.rules.changes import Change, in_short
from undersigned.workshop.writing import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.workshop.campaigns import CompiledCampaign


@dataclass(frozen=True, slots=True)
class Pushed:
    """The result of a push: the letter versions that are new to the stack, and the retired targets."""

    new_letters: tuple[str, ...]
    targets: int
    retired: tuple[str, ...]


_FEW_CODES = 500
"""The most postal codes of a target that is written together with others: a transaction has 4 MB at most."""

OF_THE_STACK = frozenset(
    {"mail_state", "hold", "complained_at", "released_at", "free_from", "on_paper", "answer", "stops", "received"}
)
"""The attributes of a target that a push doesn't write."""


@dataclass(frozen=True, slots=True)
class PublishedCampaign:
    """A campaign as it is on a stack: its settings, None if it was never published, and its targets by id."""

    settings: Campaign | None
    targets: Mapping[str, Target]

    @classmethod
    def read(cls, stack: Stack, campaign: str) -> Self:
        """Read a campaign."""
        campaigns = Campaigns(stack.table)
        settings = campaigns.published(campaign)
        return cls(settings, {target.id: target for target in campaigns.settings_of_targets(campaign)})

    def files(self, stack: Stack) -> Mapping[str, str]:
        """Return the files that it was published with. Raises NotFoundError if it was never published."""
        if self.settings is None:
            message = "there is neither a draft nor a campaign"
            raise NotFoundError(message)
        campaigns, settings = Campaigns(stack.table), self.settings
        letters = {language: campaigns.letter(settings.id, of) for language, of in settings.letters.items()}
        return files_of(settings, letters, self.targets.values())

    def changes(self, compiled: CompiledCampaign) -> tuple[Change, ...]:
        """Return the changes that a push makes."""
        return tuple(self._changes(compiled))

    def _changes(self, compiled: CompiledCampaign) -> Iterator[Change]:
        if self.settings is None:
            yield Change("new campaign")
        elif names := _differences(self.settings, compiled.campaign):
            yield Change("settings", names=names)
        known = self.settings.letters if self.settings else {}
        for language, letter in compiled.letters.items():
            if known.get(language) != letter.version:
                yield Change("letter", language, (letter.version[:12],))
        kept = {target.id for target in compiled.targets}
        for target in compiled.targets:
            earlier = self.targets.get(target.id)
            if earlier is None:
                yield Change("added", target.id)
            elif names := _differences(earlier, target):
                yield Change("changed", target.id, names)
        gone = (target for target in self.targets.values() if target.id not in kept and not target.retired)
        yield from (Change("retired", target.id) for target in gone)


def push_logged(  # noqa: PLR0913, PLR0917  (what is pushed, who and why)
    stack: Stack, before: PublishedCampaign, compiled: CompiledCampaign, action: str, by: str, why: str
) -> Pushed:
    """Push a campaign with the pictures of its shared links, after an entry of the activity log if that changes it.

    Raises GivenError for a reason that can't be kept.
    """
    from undersigned.workshop.printing.share_pictures import share_pictures

    why, campaign = checked_reason(why), compiled.campaign
    pictures = share_pictures(campaign)
    if changes := in_short(before.changes(compiled)):
        # The entry comes first, so that no change is without one.
        record(stack, campaign.id, action, by, about=changes, why=why)
    return push(stack, compiled, before, pictures)


def push(
    stack: Stack,
    compiled: CompiledCampaign,
    before: PublishedCampaign | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> Pushed:
    """Write a campaign to a stack: letters and targets before the settings, which refer to them.

    A letter version that people may have signed never changes. A changed letter is a new version. `before` is the
    campaign as it was just read, if it was. `pictures` are its `share_pictures`.
    """
    campaign, campaigns = compiled.campaign, Campaigns(stack.table)
    new_letters = tuple(
        letter.version for letter in compiled.letters.values() if campaigns.put_letter(campaign.id, letter)
    )
    known = (before or PublishedCampaign.read(stack, campaign.id)).targets
    kept = {target.id for target in compiled.targets}
    gone = [target for target in known.values() if target.id not in kept]
    new = [target for target in compiled.targets if target.id not in known]
    campaigns.put_new_targets(campaign.id, [target for target in new if len(target.postal_codes) <= _FEW_CODES])
    for target in (*compiled.targets, *(replace(target, retired=True) for target in gone)):
        is_small = target.id not in known and len(target.postal_codes) <= _FEW_CODES
        if not is_small and (target.id not in known or _differences(known[target.id], target)):
            campaigns.put_target(campaign.id, target)
    campaigns.put_campaign(campaign)
    for language, png in (pictures or {}).items():
        campaigns.put_share_picture(campaign.id, language, png)
    return Pushed(new_letters, len(compiled.targets), tuple(target.id for target in gone))


def _names(settings: Campaign | Target) -> list[str]:
    return [field.name for field in fields(settings) if field.name not in OF_THE_STACK]


def _differences[Settings: (Campaign, Target)](before: Settings, after: Settings) -> tuple[str, ...]:
    return tuple(name for name in _names(after) if getattr(before, name) != getattr(after, name))
