"""Reconciliations: compare a campaign's rows with its counters, trays and bundles, while people sign.

A reconciliation reads every row once, in pages, and can stop after any page and continue in another process. So it
carries only sums in 256 buckets, which are small, of a bounded size, and without personal data.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


_BUCKETS = 256

_LOOKED_INTO = 16
"""Of how many buckets that differed the counters are summed up one by one. Each has 78 of 20,000 counters."""


class Holding(NamedTuple):
    """How many letters a counter or a bundle holds under a name, and how many have ever left it."""

    kind: Literal["counters", "bundles"]
    name: str
    held: int = 1
    left: int = 0


class Difference(NamedTuple):
    """By how many letters the rows differ from a bucket, or from one of its counters, and how many it holds."""

    bucket: str
    counter: str
    held: int
    by: int


@dataclass(frozen=True, slots=True)
class Balance:
    """The sums of counters and bundles before the rows were read, and of the rows read so far, by bucket.

    A bucket has its kind and number as its name. The counters of the first buckets that `differed` in the last run have
    sums of their own, by bucket and name.
    """

    differed: tuple[str, ...]
    before: Mapping[str, int]
    left: Mapping[str, int]
    rows: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def begun(cls, differed: Sequence[str], holdings: Iterable[Holding]) -> Balance:
        """Return the balance before any row was read."""
        held, left = _sums_of(holdings, differed)
        return cls(tuple(differed), dict(held), dict(left))

    def plus(self, holdings: Iterable[Holding]) -> Balance:
        """Add what counters and bundles should hold because of some rows."""
        held, _ = _sums_of(holdings, self.differed)
        return replace(self, rows=dict(held + Counter(self.rows)))

    def differences(self, holdings: Iterable[Holding]) -> list[Difference]:
        """Compare the rows with the sums before and after them.

        Letters come and leave while rows are read. A row may have been read before its letter left, or after another
        came. So the rows are right if their sum is between two bounds: the first sum without the letters that left
        since, and the last sum with these letters.
        """
        held, left = _sums_of(holdings, self.differed)
        found = []
        for place in sorted({*self.before, *self.rows, *held}):
            gone = left[place] - self.left.get(place, 0)
            low, high = self.before.get(place, 0) - gone, held[place] + gone
            rows = self.rows.get(place, 0)
            if not low <= rows <= high:
                kind, number, *counter = place.split(" ", 2)
                by = rows - (low if rows < low else high)
                found.append(Difference(f"{kind} {number}", "".join(counter), held[place], by))
        return found


def _sums_of(holdings: Iterable[Holding], differed: Sequence[str]) -> tuple[Counter[str], Counter[str]]:
    """Add up how many letters are held, and how many left, by bucket; for some buckets, by counter."""
    held, left = Counter[str](), Counter[str]()
    looked_into = {bucket for bucket in differed if bucket.startswith("counters")}
    looked_into = {*sorted(looked_into)[:_LOOKED_INTO]}
    for holding in holdings:
        bucket = f"{holding.kind} {crc32(holding.name.encode()) % _BUCKETS}"
        place = f"{bucket} {holding.name}" if bucket in looked_into else bucket
        held[place] += holding.held
        left[place] += holding.left
    return held, left


@dataclass(frozen=True, slots=True)
class Summary:
    """The work of a reconciliation so far.

    `emails` that the stream forgot were asked for again. `rows` were read, of which some are `damaged`; `marks` were
    wrong, and counted; `deliveries` were queued, and `repackings` of deliveries. The personal data of `cleared` rows
    was removed, because its time was over. `returned` letters were put back into their trays, and `corrected` counters
    differed from the rows. `differing` sums are reported if they still differ in the next run; `unexplained`
    differences were reported.
    """

    emails: int = 0
    rows: int = 0
    damaged: int = 0
    marks: int = 0
    returned: int = 0
    corrected: int = 0
    differing: int = 0
    cleared: int = 0
    deliveries: int = 0
    repackings: int = 0
    unexplained: int = 0

    def plus(self, **more: int) -> Summary:
        """Return the summary with more of something."""
        return replace(self, **{name: getattr(self, name) + amount for name, amount in more.items()})


@dataclass(frozen=True, slots=True)
class Gauges:
    """The measurements of a reconciliation so far.

    `unsealed_for` is how long the oldest letter has been in a tray, and `without_outcome_for` how long the oldest email
    has had no outcome, both in seconds. `overdue` letters should have been sent a day ago, and nobody keeps them back.
    `differing` is by how much the counters and the bundles differ from the rows.
    """

    unsealed_for: int = 0
    overdue: int = 0
    without_outcome_for: int = 0
    differing: int = 0

    def with_longest(self, *, unsealed_for: int = 0, without_outcome_for: int = 0) -> Gauges:
        """Return the gauges with these times, where they are longer."""
        return replace(
            self,
            unsealed_for=max(self.unsealed_for, unsealed_for),
            without_outcome_for=max(self.without_outcome_for, without_outcome_for),
        )

    def plus(self, *, overdue: int = 0, differing: int = 0) -> Gauges:
        """Return the gauges with more letters."""
        return replace(self, overdue=self.overdue + overdue, differing=self.differing + differing)


FindingKind = Literal[
    "a confirmed letter is in no tray and in no bundle",
    "a letter is in a tray and in a bundle",
    "a letter that is not confirmed is in a tray",
    "the counters differ from the rows",
    "the bundles differ from the rows",
    "a delivery waits for a decision",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference that only a person can explain. `about` names rows by their keys, which are not personal data."""

    kind: FindingKind
    campaign: str
    about: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A campaign's reconciliation, as far as it has come.

    `may_queue` says that no delivery waited in its queue when it began. `form` is the position of the last form that
    was read, and `position` the position of the last page of rows; both are empty at first. The `balance` begins when
    all forms were read.
    """

    campaign: str
    may_queue: bool
    form: str = ""
    position: str = ""
    balance: Balance | None = None
    summary: Summary = Summary()
    gauges: Gauges = Gauges()
    is_done: bool = False

    @property
    def begins_rows(self) -> bool:
        """Say whether the rows come next, and none was read yet."""
        return self.balance is not None and not self.position

    def as_values(self) -> dict[str, Any]:
        """Return values that JSON can hold."""
        return asdict(self)

    @classmethod
    def of_values(cls, values: Any) -> Reconciliation:  # noqa: ANN401  (what JSON holds)
        """Read the values. Raises AttributeError, KeyError or TypeError if they are damaged or a name is unknown."""
        balance = values["balance"]
        return cls(
            **values
            | {
                "balance": Balance(**balance | {"differed": tuple(balance["differed"])}) if balance else None,
                "summary": Summary(**values["summary"]),
                "gauges": Gauges(**values["gauges"]),
            }
        )
