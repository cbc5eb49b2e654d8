"""Disowning: a person whose address somebody else typed deletes the form, and ends the campaign's emails to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from undersigned.base.errors import ChangedError
from undersigned.signing.rules.forms import current_of
from undersigned.signing.signing import ExpiredError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.base.links import Links
    from undersigned.campaigns.catalog import Catalog
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.signing.rows.disowned import Disowned
    from undersigned.signing.rows.forms import Forms
    from undersigned.signing.rows.signatures import Signatures
    from undersigned.signing.rules.signatures import Signature

_TRIES = 4

type DisownedState = Literal["asks", "disowned", "allowed", "kept"]
"""The state of the form behind a link.

`asks`: a form that waits. `disowned`: its form is deleted, and no email goes for 30 days. `allowed`: its form is
deleted, and emails go. `kept`: a letter that was confirmed or withdrawn, which the link doesn't touch.
"""


@dataclass(frozen=True, slots=True)
class DisownedForm:
    """A form as its link shows it: with nothing of its content, which may be about somebody else."""

    campaign: Campaign
    state: DisownedState
    language: str


@dataclass(kw_only=True, frozen=True, slots=True)
class Disowning:
    """Follows the links "I didn't sign this"."""

    catalog: Catalog
    forms: Forms
    signatures: Signatures
    disowned: Disowned
    links: Links
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def form(self, token: str) -> DisownedForm:
        """Return the form of a link. Changes nothing. Raises TokenError, ExpiredError."""
        _, found = self._read(token)
        return DisownedForm(self.catalog.entry(found.campaign).campaign, _state_of(found, self.clock()), found.language)

    def disown(self, token: str) -> DisownedForm:
        """Delete the forms that wait, and send none of this campaign's emails to its address for 30 days.

        Doing it twice is harmless. A letter that was confirmed or withdrawn stays as it is. Raises as `form` does.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                self._disown(*self._read(token))
            except ChangedError:
                # It was confirmed, signed again or counted meanwhile: read it again.
                if attempt == _TRIES:
                    raise
                self.sleep(0.05 * 2**attempt)
            else:
                break
        return self.form(token)

    def _disown(self, row: Signature | None, found: Signature) -> None:
        now = self.clock()
        if found.status == "pending":
            self.disowned.disown(row or found, now)
        elif found.status == "erased" and not found.is_disowned(now):
            self.disowned.disown_again(found, now)
        if found.status in {"pending", "erased"}:
            self.forms.delete_all(found.campaign, found.signer)

    def _read(self, token: str) -> tuple[Signature | None, Signature]:
        """Return the signer's row, and the form that waits, or else the letter of the row."""
        campaign, signer = self.links.read("disown", token).parts
        row = self.signatures.signature(campaign, signer)
        found = current_of(self.forms.of_signer(campaign, signer), row, self.clock())
        if found is None:
            raise ExpiredError(campaign)
        return row, found


def _state_of(row: Signature, now: datetime) -> DisownedState:
    match row.status:
        case "pending":
            return "asks"
        case "erased":
            return "disowned" if row.is_disowned(now) else "allowed"
        case _:
            return "kept"
