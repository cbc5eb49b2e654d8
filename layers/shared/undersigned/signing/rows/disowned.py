"""Disowned forms: the erased signature row, and how many forms of a campaign were disowned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Row
from undersigned.base.table import Repository, Update, read_rows
from undersigned.signing.rows.signatures import erasure
from undersigned.signing.rules.signatures import Signature

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.signing.rules.forms import FormOrLetter


@dataclass(frozen=True, slots=True)
class DisownedForms(Row):
    """How many forms of a campaign people said they didn't sign."""

    pk, sk = "DISOWNED#{campaign}", "ALL"

    campaign: str
    forms: int


class Disowned(Repository):
    """Disowned forms in the table."""

    def disown(self, signature: FormOrLetter, at: datetime) -> None:
        """Erase a row, or write an erased one for a form; note that its address gets no more emails, and count it.

        Raises ChangedError.
        """
        one_more = Update(DisownedForms.locate(campaign=signature.campaign), add={"forms": 1})
        self._table.transact([erasure(signature, at, disowned_at=at), one_more], wait_for_others=True)

    def disown_again(self, signature: Signature, at: datetime) -> None:
        """Note that the address of an erased row gets no more emails. Raises ChangedError."""
        unchanged = Attr("status").eq("erased") & Attr("version").eq(signature.version)
        self._table.update(Update(signature.own_key(), assign=Signature.written(disowned_at=at), when=unchanged))

    def total(self, campaign: str) -> int:
        """Return how many forms of a campaign were disowned."""
        values = self._table.get(DisownedForms.locate(campaign=campaign))
        return sum(row.forms for row in read_rows(DisownedForms.read, [values] if values else []))
