"""Push a compiled campaign to a stack; pushing it again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from undersigned.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.authoring.campaigns import CompiledCampaign
    from undersigned.aws.campaigns import Campaigns
    from undersigned.domain.authoring.campaigns import Campaign, Target


@dataclass(frozen=True, slots=True)
class Pushed:
    """The result of a push: the letter versions that are new to the stack, and the retired targets."""

    new_letters: tuple[str, ...]
    targets: int
    retired: tuple[str, ...]


_MOST_CHANGES = 40
"""How many changes an entry of the activity log names. An item of the table is at most 400 kB."""

_FEW_CODES = 500
"""The most postal codes of a target that is written together with others: a transaction has 4 MB at most."""

OF_THE_STACK = frozenset({"mail_state", "hold", "complained_at", "free_from"})
"""The attributes of a target that a push doesn't write."""


def changes_of(compiled: CompiledCampaign, campaigns: Campaigns) -> str:
    """Return a push's changes, for the activity log, or an empty text if it changes nothing.

    Names settings, letter versions, targets and their columns, never their contents: `settings (goal); evanston
    (email); skokie added`.
    """
    changes = [*_changes(compiled, campaigns)]
    left_out = len(changes) - _MOST_CHANGES
    return "; ".join(changes[:_MOST_CHANGES] + ([f"and {left_out} more"] if left_out > 0 else []))


def _changes(compiled: CompiledCampaign, campaigns: Campaigns) -> Iterator[str]:
    campaign = compiled.campaign
    try:
        before = campaigns.campaign(campaign.id)
    except NotFoundError:
        yield "new campaign"
    else:
        if names := _differences(before, campaign):
            yield f"settings ({names})"
    for letter in compiled.letters.values():
        try:
            campaigns.letter(campaign.id, letter.version)
        except NotFoundError:
            yield f"letter {letter.language} {letter.version[:12]}"
    known = {target.id: target for target in campaigns.targets(campaign.id)}
    for target in compiled.targets:
        earlier = known.pop(target.id, None)
        if earlier is None:
            yield f"{target.id} added"
        elif names := _differences(earlier, target):
            yield f"{target.id} ({names})"
    yield from (f"{target.id} retired" for target in known.values() if not target.retired)


def _differences[Settings: (Campaign, Target)](before: Settings, after: Settings) -> str:
    names = [field.name for field in fields(after) if field.name not in OF_THE_STACK]
    return ", ".join(name for name in names if getattr(before, name) != getattr(after, name))


def push(compiled: CompiledCampaign, campaigns: Campaigns) -> Pushed:
    """Write a campaign to a stack: letters and targets before the settings, which refer to them.

    A letter version that people may have signed never changes. A changed letter is a new version.
    """
    campaign = compiled.campaign
    new_letters = tuple(
        letter.version for letter in compiled.letters.values() if campaigns.put_letter(campaign.id, letter)
    )
    known = {target.id: target for target in campaigns.targets(campaign.id)}
    kept = {target.id for target in compiled.targets}
    gone = [target for target in known.values() if target.id not in kept]
    new = [target for target in compiled.targets if target.id not in known]
    campaigns.put_new_targets(campaign.id, [target for target in new if len(target.postal_codes) <= _FEW_CODES])
    for target in (*compiled.targets, *(replace(target, retired=True) for target in gone)):
        is_small = target.id not in known and len(target.postal_codes) <= _FEW_CODES
        if not is_small and (target.id not in known or _differences(known[target.id], target)):
            campaigns.put_target(campaign.id, target)
    campaigns.put_campaign(campaign)
    return Pushed(new_letters, len(compiled.targets), tuple(target.id for target in gone))
