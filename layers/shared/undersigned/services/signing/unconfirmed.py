"""Unconfirmed: figures about the newest forms that nobody has confirmed yet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from undersigned.domain.signing.providers import provider_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.aws.forms import Forms

MOST_FORMS_READ = 1_000
"""The most forms that the figures count: bots could make them expensive."""

_READ_AHEAD = 50
"""A form is read with its signer's letter, so this is as many as one call reads ("BatchGetItem", API reference)."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """How many of the newest forms wait for a confirmation, in all and by email provider.

    `wrong_addresses` are those whose email address takes no email. With `is_part`, older forms may wait, too.
    """

    forms: int = 0
    by_provider: Mapping[str, int] = field(default_factory=dict)
    wrong_addresses: int = 0
    is_part: bool = False


def unconfirmed(forms: Forms, campaign: str) -> Unconfirmed:
    """Count the newest forms of a campaign that wait for a confirmation."""
    newest = [form for _, form in islice(forms.listed(campaign, read_ahead=_READ_AHEAD), MOST_FORMS_READ)]
    waiting = [form for form in newest if form]
    return Unconfirmed(
        len(waiting),
        Counter(provider_of(form.email) for form in waiting),
        sum(form.quarantine == "no mailbox" for form in waiting),
        is_part=len(newest) == MOST_FORMS_READ,
    )
