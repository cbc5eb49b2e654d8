"""Sources: the labels of links and sites. A campaign counts its letters by them.

A campaign lists its labels, so that no visitor makes up a counter. Each letter has a listed label, `other` for any
other label, or `none`. So the counts of all sources add up to the total. `paper` is the code on the paper form, which
every campaign has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import Campaign

SOURCE = re.compile(r"[a-z0-9-]{1,30}")

OTHER, NO_SOURCE, ON_PAPER = "other", "none", "paper"


def labelled_path(campaign: Campaign, source: str | None) -> str:
    """Return the path of a campaign's form, with the label of a source that it counts."""
    label = f"?source={source}" if source in {ON_PAPER, *campaign.sources} else ""
    return f"/campaigns/{campaign.id}{label}"


def is_counted(campaign: Campaign, label: object) -> TypeGuard[str]:
    """Say whether a label of a form's address is worth keeping: letters with another one count as `other`."""
    return label == ON_PAPER or (
        bool(campaign.sources) and isinstance(label, str) and SOURCE.fullmatch(label) is not None
    )


def source_of(value: object, campaign: Campaign) -> str | None:
    """Return the source of a posted form; None if the campaign lists none."""
    label = value.strip() if isinstance(value, str) else ""
    if label in {ON_PAPER, *campaign.sources}:
        return label
    if not campaign.sources:
        return None
    return OTHER if label else NO_SOURCE
