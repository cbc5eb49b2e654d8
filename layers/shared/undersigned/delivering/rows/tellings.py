"""Tellings: the answers of which signers are to be told by email. A row goes when all were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from undersigned.base.rows import Row
from undersigned.base.table import Repository, Update, as_read, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.dynamodb.conditions import ConditionBase


@dataclass(frozen=True, slots=True)
class Telling(Row):
    """That the signers whose letters an answer of a `day` answers are to be told of it, as somebody asked once (`id`).

    Those in the bundles up to `bundle` of `period` were.
    """

    pk, sk = "TELLINGS", "{campaign}#{target}"

    campaign: str
    target: str
    day: date
    id: str
    period: str = ""
    bundle: int = 0

    @property
    def unchanged(self) -> ConditionBase:
        """Return the condition that its row is as it was read."""
        return as_read(self.written(id=self.id, period=self.period, bundle=self.bundle))


class Tellings(Repository):
    """Tellings in the table."""

    def all(self) -> Iterator[Telling]:
        """Read those of all campaigns."""
        return read_rows(Telling.read, self._table.query(Telling.pk, consistent=True))

    def move(self, to: Telling, before: Telling) -> None:
        """Note how far one is. Raises ChangedError if another run was faster, or somebody asked again."""
        values = Telling.written(period=to.period, bundle=to.bundle)
        self._table.update(Update(to.own_key(), assign=values, when=before.unchanged))

    def end(self, telling: Telling) -> None:
        """Delete one. Raises ChangedError as `move` does."""
        self._table.delete(telling.own_key(), telling.unchanged)
