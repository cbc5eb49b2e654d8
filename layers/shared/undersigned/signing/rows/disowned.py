"""Disowned forms: the erased signature row, and how many forms of a campaign were disowned.

| row | pk | sk |
|---|---|---|
| disowned forms | `DISOWNED#<campaign>` | `ALL` |
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Key
from undersigned.base.table import Repository, Update, read_rows
from undersigned.signing.rows.signatures import erasure, signature_key

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.signing.rules.signatures import Signature

_ALL = "ALL"


def disowned_partition(campaign: str) -> str:
    """Return the partition of a campaign's disowned forms."""
    return f"DISOWNED#{campaign}"


class Disowned(Repository):
    """Disowned forms in the table."""

    def disown(self, signature: Signature, at: datetime) -> None:
        """Erase a row, or write an erased one for a form; note that its address gets no more emails, and count it.

        Raises ChangedError.
        """
        erased = erasure(signature, at)
        pk = disowned_partition(signature.campaign)
        writes = [
            replace(erased, assign={**erased.assign, "disowned_at": at.isoformat()}),
            Update(Key(pk, _ALL), add={"forms": 1}),
        ]
        self._table.transact(writes, wait_for_others=True)

    def disown_again(self, signature: Signature, at: datetime) -> None:
        """Note that the address of an erased row gets no more emails. Raises ChangedError."""
        key = signature_key(signature.campaign, signature.signer)
        unchanged = Attr("status").eq("erased") & Attr("version").eq(signature.version)
        self._table.update(Update(key, assign={"disowned_at": at.isoformat()}, when=unchanged))

    def total(self, campaign: str) -> int:
        """Return how many forms of a campaign were disowned."""
        values = self._table.get(Key(disowned_partition(campaign), _ALL))
        return sum(read_rows(lambda row: int(row["forms"]), [values] if values else []))
