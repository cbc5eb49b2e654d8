"""Listing: a campaign's letters and the forms that wait for a confirmation, together, newest first."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import FormStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.controls import AuditEntry
    from undersigned.signing.rules.forms import FormOrLetter
    from undersigned.signing.rules.signatures import ReportedStatus

_OF_FORMS = frozenset(get_args(FormStatus))


@dataclass(frozen=True, slots=True)
class Listing[Item]:
    """One page of a list, and the position after which the next page begins, if there may be one.

    `ended_early` says that the page has fewer items than requested because too many others had to be skipped.
    """

    items: tuple[Item, ...]
    next_position: str | None
    ended_early: bool = False

    @classmethod
    def of(
        cls, rows: Iterable[tuple[str, Item | None]], fits: Callable[[Item], bool], limit: int, most_read: int
    ) -> Listing[Item]:
        """Return the first items that fit, up to `limit`, among the first `most_read` rows with their positions."""
        found: list[Item] = []
        for read, (position, row) in enumerate(rows, start=1):
            if row and fits(row):
                found.append(row)
            if len(found) == limit or read == most_read:
                return cls(tuple(found), position, ended_early=len(found) < limit)
        return cls(tuple(found), None)


def newest_letters(
    stack: Stack,
    campaign: str,
    before: str | None = None,
    *,
    read_ahead: int | None = None,
    status: ReportedStatus | None = None,
) -> Iterator[tuple[str, FormOrLetter | None]]:
    """List letters and forms with their positions, newest first; with a position, only what is older.

    Reads only forms, or only letters, if the others can't have the wanted `status`. A form that is confirmed while the
    list is read may come as form and as letter. A form that can't be confirmed any more is None. `read_ahead` is how
    many are read in one step.
    """
    found: list[Iterator[tuple[str, FormOrLetter | None]]] = []
    if status is None or status in _OF_FORMS:
        found.append(Forms(stack.table).listed(campaign, before, read_ahead=read_ahead))
    if status not in _OF_FORMS:
        found.append(Signatures(stack.table).newest_signatures(campaign, before, read_ahead=read_ahead))
    return heapq.merge(*found, key=lambda item: item[0], reverse=True)


def newest_activity(stack: Stack, campaign: str, after: str | None, limit: int) -> Listing[AuditEntry]:
    """List the activity log, newest first."""
    found: list[AuditEntry] = []
    last = None
    for position, entry in Campaigns(stack.table).newest_audit(campaign, after):
        if len(found) == limit:
            return Listing(tuple(found), last)
        found.append(entry)
        last = position
    return Listing(tuple(found), None)
