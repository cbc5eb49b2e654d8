"""Push a campaign's folder into the stack's table; pushing it twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.aws.table import Table
    from undersigned_cli.campaign_folder.reading import CampaignFolder


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: the letter versions that are new to the stack, and the targets that left the folder."""

    new_letters: tuple[str, ...]
    targets: int
    retired: tuple[str, ...]


def push(folder: CampaignFolder, table: Table) -> Pushed:
    """Write letters, targets and settings, in this order: whoever reads the settings finds all that they name.

    A letter version that somebody may have signed is never touched; changed words are a version of their own.
    """
    campaign = folder.campaign
    new_letters = tuple(letter.version for letter in folder.letters.values() if table.put_letter(campaign.id, letter))
    kept = {target.id for target in folder.targets}
    gone = [target for target in table.targets(campaign.id) if target.id not in kept]
    for target in (*folder.targets, *(replace(target, retired=True) for target in gone)):
        table.put_target(campaign.id, target)
    table.put_campaign(campaign)
    return Pushed(new_letters, len(folder.targets), tuple(target.id for target in gone))
