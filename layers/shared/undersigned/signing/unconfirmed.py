"""Unconfirmed: figures about the newest forms that nobody has confirmed yet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from undersigned.signing.rows.forms import Forms

if TYPE_CHECKING:
    from undersigned.base.stack import Stack

_READ_AHEAD = 50
"""A form is read with its signer's letter, so this is as many as one call reads ("BatchGetItem", API reference)."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """How many of the newest forms wait for a confirmation.

    `wrong_addresses` of them have an email address that takes no email. With `is_part`, older forms may wait, too.
    """

    forms: int = 0
    wrong_addresses: int = 0
    is_part: bool = False


def unconfirmed(stack: Stack, campaign: str) -> Unconfirmed:
    """Count the newest forms of a campaign that wait for a confirmation."""
    most = stack.limits.rows_read
    listed = Forms(stack.table).listed(campaign, read_ahead=_READ_AHEAD)
    newest = [form for _, form in islice(listed, most)]
    waiting = [form for form in newest if form]
    return Unconfirmed(
        len(waiting),
        sum(form.quarantine == "no mailbox" for form in waiting),
        is_part=len(newest) == most,
    )
