"""Disowned forms: the erased signature row, and the numbers of disowned forms by campaign and by network.

| row | pk | sk |
|---|---|---|
| all of a campaign | `DISOWNED#<campaign>` | `ALL` |
| those from a network | `DISOWNED#<campaign>` | `NETWORK#<hash>` (another hash each day; it expires) |
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import Key, Repository, Update, read_rows
from undersigned.aws.signatures import erasure, signature_key
from undersigned.domain.signing.disowned import KNOWN_FOR, DisownedForms

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.aws.dynamodb import Values
    from undersigned.domain.signing.signatures import Signature

_ALL = "ALL"
_NETWORK = "NETWORK#"


def disowned_partition(campaign: str) -> str:
    """Return the partition of a campaign's disowned forms."""
    return f"DISOWNED#{campaign}"


class Disowned(Repository):
    """Disowned forms in the table."""

    def disown(self, signature: Signature, network: str | None, at: datetime) -> None:
        """Erase a row, or write an erased one for a form; note that its address gets no more emails, and count it.

        Raises ChangedError.
        """
        erased = erasure(signature, at)
        pk = disowned_partition(signature.campaign)
        writes = [
            replace(erased, assign={**erased.assign, "disowned_at": at.isoformat()}),
            Update(Key(pk, _ALL), add={"forms": 1}),
        ]
        if network:
            expires_at = int((at + KNOWN_FOR).timestamp())
            writes.append(Update(Key(pk, f"{_NETWORK}{network}"), assign={"expires_at": expires_at}, add={"forms": 1}))
        self._table.transact(writes, wait_for_others=True)

    def set_disowned(self, signature: Signature, at: datetime | None) -> None:
        """Note that the address of an erased row gets no more emails, or with None that it does.

        Raises ChangedError.
        """
        change = {"disowned_at": at.isoformat() if at else None}
        key = signature_key(signature.campaign, signature.signer)
        self._table.update(
            Update(key, assign=change, when=Attr("status").eq("erased") & Attr("version").eq(signature.version))
        )

    def total(self, campaign: str) -> int:
        """Return how many forms of a campaign were disowned."""
        values = self._table.get(Key(disowned_partition(campaign), _ALL))
        return sum(read_rows(_forms, [values] if values else []))

    def forms(self, campaign: str) -> DisownedForms:
        """Return how many forms of a campaign were disowned, also by network."""
        rows = self._table.query(disowned_partition(campaign))
        by_name = dict(read_rows(lambda row: (row["sk"], _forms(row)), rows))
        return DisownedForms(
            by_name.pop(_ALL, 0), {name.removeprefix(_NETWORK): forms for name, forms in by_name.items()}
        )


def _forms(values: Values) -> int:
    return int(values["forms"])
