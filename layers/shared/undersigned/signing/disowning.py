"""Disowning: a person whose address somebody else typed deletes the form, and ends the campaign's emails to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from undersigned.base.errors import ChangedError
from undersigned.campaigns.catalog import catalog_of
from undersigned.signing.letters import ExpiredError
from undersigned.signing.rows.disowned import Disowned
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.forms import Form, current_of

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.signing.rules.forms import FormOrLetter
    from undersigned.signing.rules.signatures import Signature

_TRIES = 4

type DisownedState = Literal["asks", "disowned", "allowed", "kept"]
"""The state of the form behind a link.

`asks`: the form waits. `disowned`: it is deleted, and for 30 days the address gets no email. `allowed`: it is deleted,
and the address gets emails. `kept`: the letter was confirmed or withdrawn, and the link doesn't touch it.
"""


@dataclass(frozen=True, slots=True)
class DisownedForm:
    """A form as its link shows it: with nothing of its content, which may be about somebody else."""

    campaign: Campaign
    state: DisownedState
    language: str


def form_to_disown(stack: Stack, token: str) -> DisownedForm:
    """Return the form of a link. Changes nothing. Raises TokenError, ExpiredError."""
    _, found = _read(stack, token)
    campaign = catalog_of(stack).entry(found.campaign).campaign
    return DisownedForm(campaign, _state_of(found, stack.clock()), found.language)


def disown(stack: Stack, token: str) -> DisownedForm:
    """Delete the forms that wait, and send none of this campaign's emails to its address for 30 days.

    Doing it twice is harmless. A letter that was confirmed or withdrawn stays as it is.

    Raises TokenError, ExpiredError.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            _disown(stack, *_read(stack, token))
        except ChangedError:
            # It was confirmed, signed again or counted meanwhile: read it again.
            if attempt == _TRIES:
                raise
            stack.sleep(0.05 * 2**attempt)
        else:
            break
    return form_to_disown(stack, token)


def _disown(stack: Stack, row: Signature | None, found: FormOrLetter) -> None:
    now = stack.clock()
    if isinstance(found, Form):
        Disowned(stack.table).disown(row or found, now)
    elif found.status == "erased" and not found.is_disowned(now):
        Disowned(stack.table).disown_again(found, now)
    if isinstance(found, Form) or found.status == "erased":
        Forms(stack.table).delete_all(found.campaign, found.signer)


def _read(stack: Stack, token: str) -> tuple[Signature | None, FormOrLetter]:
    """Return the signer's row, and the form that waits, or else the letter of the row."""
    campaign, signer = stack.links.read("disown", token).parts
    row = Signatures(stack.table).signature(campaign, signer)
    found = current_of(Forms(stack.table).of_signer(campaign, signer), row, stack.clock())
    if found is None:
        raise ExpiredError(campaign)
    return row, found


def _state_of(found: FormOrLetter, now: datetime) -> DisownedState:
    if isinstance(found, Form):
        return "asks"
    if found.status == "erased":
        return "disowned" if found.is_disowned(now) else "allowed"
    return "kept"
