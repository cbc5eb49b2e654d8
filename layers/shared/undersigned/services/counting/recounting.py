"""Recounting: make the counters equal to the rows again, while people sign."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.counting.tallies import TOTAL, counters_of, mark_of
from undersigned.domain.errors import ChangedError
from undersigned.services.counting.tallying import needs_counting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.counts import Counts
    from undersigned.aws.signatures import Signatures
    from undersigned.services.counting.tallying import Tallying


@dataclass(frozen=True, slots=True)
class Recount:
    """How many letters are confirmed, how many rows were counted, and which counters were corrected.

    `too_many` and `too_few` are the sums by which other counters still differ.
    """

    confirmed: int
    counted: int
    corrected: tuple[str, ...] = ()
    too_many: int = 0
    too_few: int = 0


@dataclass(frozen=True, slots=True)
class _Reading:
    """The marks of all rows by counter, the rows whose marks are wrong, and the counters before and after."""

    confirmed: int
    marks: Mapping[str, int]
    late: tuple[tuple[str, str], ...]
    before: Mapping[str, int]
    after: Mapping[str, int]

    def surplus(self, counter: str) -> int:
        """Return how much more (or less) a counter holds than the marks do, whatever was counted meanwhile."""
        low, high = sorted((self.before.get(counter, 0), self.after.get(counter, 0)))
        marks = self.marks.get(counter, 0)
        return low - marks if marks < low else min(high - marks, 0)

    def surpluses(self) -> dict[str, int]:
        """Return the counters that the marks can't explain, each with its surplus."""
        surpluses = {counter: self.surplus(counter) for counter in sorted({*self.marks, *self.after})}
        return {counter: surplus for counter, surplus in surpluses.items() if surplus}

    def stands_still(self, counter: str) -> bool:
        """Say whether a counter was the same before and after."""
        return self.before.get(counter, 0) == self.after.get(counter, 0)


@dataclass(kw_only=True, frozen=True, slots=True)
class Recounting:
    """Counts rows whose mark is wrong, and corrects counters that hold more or less than the marks."""

    campaigns: Campaigns
    signatures: Signatures
    counts: Counts
    tallying: Tallying

    def recount(self, campaign: str) -> Recount:
        """Read every row, and correct what is wrong.

        A counter is corrected only if it holds the same surplus in two readings, has not moved during either, and has
        not moved since. So no letter that is counted meanwhile is counted twice or not at all. Don't recount while the
        tally is behind: it would then subtract a deleted row a second time. The next recount would correct that.
        """
        first = self._read(campaign)
        counted = self.tallying.count(first.late)
        if not first.surpluses():
            return Recount(first.confirmed, counted)
        second = self._read(campaign)
        wrong = second.surpluses()
        corrected = tuple(counter for counter in wrong if self._correct(campaign, counter, first, second))
        left = [surplus for counter, surplus in wrong.items() if counter not in corrected]
        return Recount(
            second.confirmed,
            counted,
            corrected,
            too_many=sum(surplus for surplus in left if surplus > 0),
            too_few=-sum(surplus for surplus in left if surplus < 0),
        )

    def _read(self, campaign: str) -> _Reading:
        before = self.counts.counts(campaign)
        marks: Counter[str] = Counter()
        late: list[tuple[str, str]] = []
        confirmed = 0
        for row in self.signatures.listed_signatures(campaign):
            marks.update(counters_of(row.tallied))
            confirmed += TOTAL in counters_of(mark_of(row))
            if needs_counting(row):
                late.append((campaign, row.signer))
        return _Reading(confirmed, marks, tuple(late), before, self.counts.counts(campaign))

    def _correct(self, campaign: str, counter: str, first: _Reading, second: _Reading) -> bool:
        stands_still = first.stands_still(counter) and second.stands_still(counter)
        if not stands_still or first.surplus(counter) != second.surplus(counter):
            return False
        right = second.marks.get(counter, 0)
        try:
            self.counts.correct(campaign, counter, wrong=right + second.surplus(counter), right=right)
        except ChangedError:
            return False
        return True
