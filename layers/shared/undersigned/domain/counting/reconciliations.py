"""Reconciliations: compare a campaign's rows with its counters, trays and bundles, while people sign.

A reconciliation reads every row once, in pages, and can stop after any page and continue in another process. So it
carries only sums in 256 buckets, which are small, of a fixed size, and without personal data.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.domain.signing.signatures import Signature

BUCKETS = 256

type Sums = tuple[int, ...]
"""A sum for each bucket."""


def sums_of(amounts: Iterable[tuple[str, int]]) -> Sums:
    """Add up named amounts. The name decides the bucket."""
    sums = [0] * BUCKETS
    for name, amount in amounts:
        sums[crc32(name.encode()) % BUCKETS] += amount
    return tuple(sums)


@dataclass(frozen=True, slots=True)
class Balance:
    """The sums of the counters (or of the bundles) before the rows were read, and of the rows read so far."""

    before: Sums
    rows: Sums = (0,) * BUCKETS

    def plus(self, names: Iterable[str]) -> Balance:
        """Add one for each name from the rows."""
        added = sums_of(Counter(names).items())
        return replace(self, rows=tuple(map(sum, zip(self.rows, added, strict=True))))

    def differences(self, after: Sums) -> dict[int, int]:
        """Return how far each bucket of the rows is from the sums before and after them.

        People sign meanwhile. So the rows are right if their sum is between these two.
        """
        found = {}
        for bucket, (before, rows, now) in enumerate(zip(self.before, self.rows, after, strict=True)):
            low, high = min(before, now), max(before, now)
            if not low <= rows <= high:
                found[bucket] = rows - (low if rows < low else high)
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 100 signatures of a campaign's listing, and how many more were damaged.

    Reading continues after `position`.
    """

    position: str
    rows: tuple[Signature, ...]
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """The work of a reconciliation so far.

    `emails` that the stream forgot were asked for again. `rows` were read; `marks` were wrong, and counted;
    `deliveries` were queued, and `repackings` of deliveries; `unexplained` differences were reported. The personal data
    of `cleared` rows was removed, because its time was over.
    """

    emails: int = 0
    rows: int = 0
    marks: int = 0
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
class Suspects:
    """The buckets that differed in each pass so far, and by how much. A difference that stays is reported."""

    counters: Mapping[int, int]
    bundles: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A campaign's reconciliation, as far as it has come.

    `may_queue` says that no delivery waited in its queue when it began. `form` is the position of the last form that
    was read, and `position` that of the last page of rows; both are empty at first. With `suspects`, this is the second
    pass, or the third and last one.
    """

    campaign: str
    may_queue: bool
    form: str = ""
    position: str = ""
    counters: Balance | None = None
    bundles: Balance | None = None
    suspects: Suspects | None = None
    summary: Summary = Summary()
    gauges: Gauges = Gauges()
    is_done: bool = False
    is_last_pass: bool = False

    @property
    def begins_again(self) -> bool:
        """Say whether the second or the third pass begins now."""
        return self.suspects is not None and not self.position

    def as_values(self) -> dict[str, Any]:
        """Return values that JSON can hold."""
        return asdict(self)

    @classmethod
    def of_values(cls, values: Any) -> Reconciliation:  # noqa: ANN401  (what JSON holds)
        """Read the values. Raises AttributeError, KeyError or TypeError if they are damaged or a name is unknown."""
        suspects = values["suspects"]
        return cls(
            **values
            | {
                "counters": _read_balance(values["counters"]),
                "bundles": _read_balance(values["bundles"]),
                "suspects": Suspects(*(_read_buckets(suspects[name]) for name in ("counters", "bundles")))
                if suspects
                else None,
                "summary": Summary(**values["summary"]),
                "gauges": Gauges(**values["gauges"]),
            }
        )


def _read_balance(values: Mapping[str, list[int]] | None) -> Balance | None:
    return Balance(tuple(values["before"]), tuple(values["rows"])) if values else None


def _read_buckets(values: Mapping[str, int]) -> dict[int, int]:
    return {int(bucket): amount for bucket, amount in values.items()}
