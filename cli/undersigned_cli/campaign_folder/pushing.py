"""Push a compiled campaign to a stack; pushing it again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.authoring.campaigns import CompiledCampaign
    from undersigned.services.ports import CampaignStore


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: the letter versions that are new to the stack, and the targets that it retired."""

    new_letters: tuple[str, ...]
    targets: int
    retired: tuple[str, ...]


def push(compiled: CompiledCampaign, campaigns: CampaignStore) -> Pushed:
    """Write a campaign to a stack: letters and targets before the settings, which refer to them.

    A letter version that people may have signed never changes. A changed letter is a new version.
    """
    campaign = compiled.campaign
    new_letters = tuple(
        letter.version for letter in compiled.letters.values() if campaigns.put_letter(campaign.id, letter)
    )
    kept = {target.id for target in compiled.targets}
    gone = [target for target in campaigns.targets(campaign.id) if target.id not in kept]
    for target in (*compiled.targets, *(replace(target, retired=True) for target in gone)):
        campaigns.put_target(campaign.id, target)
    campaigns.put_campaign(campaign)
    return Pushed(new_letters, len(compiled.targets), tuple(target.id for target in gone))
