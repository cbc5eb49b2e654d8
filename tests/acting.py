"""Do what organizers do, as their buttons and commands do it, and record it in the activity log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import undersigned.organizing.actions  # noqa: F401  (every action)
from tests.world import CAMPAIGN
from undersigned.campaigns.activity import perform

if TYPE_CHECKING:
    from tests.world import World


def decide(
    world: World, name: str, target: str = "", *, by: str = "cli", campaign: str = CAMPAIGN, **fields: str
) -> str:
    """Do an action of a campaign, about a target if it has one. Return the word of its notice."""
    return perform(world.wiring, name, campaign, {"target": target, **fields}, by)
