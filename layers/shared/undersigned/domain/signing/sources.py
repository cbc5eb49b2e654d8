"""Sources: the labels of links and sites, by which a campaign counts its letters.

A campaign lists its labels, so that no visitor makes up a counter. Each of its letters has one of them, `other` for a
label that is not listed, or `none` without any. So the counts of all sources add up to the total.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.domain.authoring.campaigns import Campaign

SOURCE = re.compile(r"[a-z0-9-]{1,30}")

OTHER, NO_SOURCE = "other", "none"


def labelled_path(campaign: Campaign, source: str | None) -> str:
    """Return the path of a campaign's form, with the label of a source that it lists."""
    label = f"?source={source}" if source in campaign.sources else ""
    return f"/campaigns/{campaign.id}{label}"


def source_of(value: object, campaign: Campaign) -> str | None:
    """Return the source of a posted form; None if the campaign counts none."""
    if not campaign.sources:
        return None
    if not isinstance(value, str) or not value.strip():
        return NO_SOURCE
    return value.strip() if value.strip() in campaign.sources else OTHER
