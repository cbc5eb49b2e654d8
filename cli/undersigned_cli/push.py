"""Push a campaign's folder into the stack's table; pushing it twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.aws.table import Table
    from undersigned_cli.campaign_folder import CampaignFolder


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did. `retired` are targets that the folder no longer has."""

    letter: str
    letter_is_new: bool
    targets: int
    retired: tuple[str, ...]


def push(folder: CampaignFolder, table: Table) -> Pushed:
    """Write letter, targets and settings, in this order: whoever reads the settings finds all that they name.

    A letter version that somebody may have signed is never touched; changed words are a version of their own.
    """
    campaign = folder.campaign
    letter_is_new = table.put_letter(campaign.id, folder.letter)
    kept = {target.id for target in folder.targets}
    gone = [target for target in table.targets(campaign.id) if target.id not in kept]
    for target in (*folder.targets, *(replace(target, retired=True) for target in gone)):
        table.put_target(campaign.id, target)
    table.put_campaign(campaign)
    return Pushed(folder.letter.version, letter_is_new, len(folder.targets), tuple(target.id for target in gone))
