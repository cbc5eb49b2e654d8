"""Choosing: to which target a form's letter goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.errors import FieldError, FormError
from undersigned.base.languages import Message
from undersigned.campaigns.rules.postal_codes import canonical_postal_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.campaigns.rules.campaigns import Campaign, Roster, Target


_MOST_TOWNS = 12
"""The most towns that an error names."""


def choose_target(campaign: Campaign, roster: Roster, postal_code: str, target_id: str) -> Target:
    """Return the target that serves the postal code, or the signer's choice among several.

    Raises FormError if no target serves the code, if several do and none is chosen, or if the chosen target doesn't.
    """
    serving = roster.serving(postal_code)
    if not serving:
        raise FormError((FieldError("postal_code", _not_covered(campaign, roster, postal_code)),))
    chosen = [target for target in serving if target.id == target_id]
    if chosen:
        return chosen[0]
    if len(serving) == 1 and not target_id:
        return serving[0]
    labels = [target.label for target in serving]
    # Members of a council share its label.
    names = labels if len(set(labels)) == len(labels) else [target.name for target in serving]
    values = {"postal_code": postal_code, "names": " / ".join(names)}
    message = (
        Message(
            "This recipient doesn’t get letters from %(postal_code)s. Choose %(names)s, or correct the postal code.",
            values,
        )
        if target_id
        else Message("%(postal_code)s has more than one recipient. Choose who gets your letter: %(names)s", values)
    )
    if not postal_code:  # nobody is asked for one any more
        message = Message("Choose who gets your letter: %(names)s", values)
    raise FormError((FieldError("target", message),))


def _not_covered(campaign: Campaign, roster: Roster, postal_code: str) -> Message:
    """Name the towns that the letter covers, and the organizer, whom people of other towns can ask."""
    typed, example = canonical_postal_code(postal_code), next(filter(str.isdigit, roster.by_pattern), "")
    if example and typed.isdigit() and len(typed) != len(example):
        digits = {"digits": len(example), "example": example}
        return Message("A postal code has %(digits)s digits, such as %(example)s.", digits)
    towns = roster.towns
    others = max(0, len(towns) - _MOST_TOWNS)
    values = {
        "postal_code": postal_code,
        "towns": _and(towns) if 1 < len(towns) <= _MOST_TOWNS else ", ".join(towns[:_MOST_TOWNS]),
        "others": others,
        "organizer": campaign.organizer.name,
        "email": campaign.organizer.email,
    }
    if not others:
        return Message(
            "This letter doesn’t cover %(postal_code)s. It covers %(towns)s. "
            "If you live somewhere else, write to %(organizer)s: %(email)s",
            values,
        )
    return Message.counted(
        "This letter doesn’t cover %(postal_code)s. It covers %(towns)s and %(others)s more town. "
        "If you live somewhere else, write to %(organizer)s: %(email)s",
        "This letter doesn’t cover %(postal_code)s. It covers %(towns)s and %(others)s more towns. "
        "If you live somewhere else, write to %(organizer)s: %(email)s",
        others,
        values,
    )


def _and(towns: Sequence[str]) -> Message:
    return Message("%(first)s and %(last)s", {"first": ", ".join(towns[:-1]), "last": towns[-1]})
