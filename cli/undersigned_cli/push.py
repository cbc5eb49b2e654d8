"""Push a campaign's folder into the stack's table; pushing it twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.services.ports import CampaignStore
    from undersigned_cli.campaign_folder import CampaignFolder


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: the letter versions that are new to the stack, and the targets that left the folder."""

    new_letters: tuple[str, ...]
    targets: int
    retired: tuple[str, ...]


def push(folder: CampaignFolder, campaigns: CampaignStore) -> Pushed:
    """Write letters, targets and settings, in this order: a reader of the settings finds all that they name.

    A letter version that somebody may have signed is never touched; changed words are a version of their own.
    """
    campaign = folder.campaign
    new_letters = tuple(
        letter.version for letter in folder.letters.values() if campaigns.put_letter(campaign.id, letter)
    )
    kept = {target.id for target in folder.targets}
    gone = [target for target in campaigns.targets(campaign.id) if target.id not in kept]
    for target in (*folder.targets, *(replace(target, retired=True) for target in gone)):
        campaigns.put_target(campaign.id, target)
    campaigns.put_campaign(campaign)
    return Pushed(new_letters, len(folder.targets), tuple(target.id for target in gone))
