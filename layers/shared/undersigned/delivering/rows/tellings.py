"""Tellings: the answers of which signers are to be told by email. A row goes when all were."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.errors import ChangedError
from undersigned.base.rows import Row
from undersigned.base.table import Repository, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Telling(Row):
    """That the signers whose letters an answer of a `day` answers are to be told of it. Each has an `id` of its own."""

    pk, sk = "TELLINGS", "{campaign}#{target}"

    campaign: str
    target: str
    day: date
    id: str


class Tellings(Repository):
    """Tellings in the table."""

    def all(self) -> Iterator[Telling]:
        """Read the tellings of all campaigns."""
        yield from read_rows(Telling.read, self._table.query(Telling.pk, consistent=True))

    def end(self, telling: Telling) -> None:
        """Delete one, unless somebody has asked again since it was read."""
        with suppress(ChangedError):
            self._table.delete(telling.own_key(), Attr("id").eq(telling.id))
