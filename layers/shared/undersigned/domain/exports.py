"""Exports: a campaign's signatures as a table that spreadsheets and databases read.

Columns have the names of OSDI, the Open Supporter Data Interface (people and signatures), where it has one for the
thing; the rest is ours.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.domain.signatures import Signature

ExportState = Literal["queued", "running", "done", "failed"]

KEPT_FOR = timedelta(days=7)
"""How long an export and its file are there; template.yaml tells the bucket the same."""

Exported = Literal["pending", "quarantined", "confirmed", "withdrawn"]
"""How a letter in an export stands. Erased ones are in none: nothing is left of them that could be."""

EXPORTED: tuple[Exported, ...] = get_args(Exported)

TRIES = 4
"""How often an export is begun before it is given up; template.yaml tells its queue the same."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Tells Excel that a CSV file is UTF-8."""

COLUMNS = (
    "identifiers", "full_name", "email_address", "address_lines", "locality", "region", "postal_code",
    "preferred_language", "action_date", "comments", "target", "status", "confirmed_at", "withdrawn_at", "updates",
    "letter", "letter_language", "has_drawing", "period", "bundle", "quarantine",
)  # fmt: skip
"""`identifiers` to `comments` are OSDI's, but for `full_name`: one field of the form can't be told apart into OSDI's
`given_name` and `family_name`. New columns are added at the end, for programs that count."""

# What a spreadsheet may take for a formula (OWASP, "CSV Injection"): at a cell's beginning, and behind a semicolon, a
# tab or a line's end, where programs begin a cell that take another separator. Blanks, quotes before it don't matter.
_FORMULA = re.compile(r'(^|[;\t\r\n])(?=[\s"\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])|^(?=[\t\r\n])')


@dataclass(frozen=True, slots=True)
class ExportFilter:
    """Which letters an export holds: those to one target or to all, that stand in one way or in any."""

    target: str | None = None
    status: Exported | None = None

    def matches(self, signature: Signature) -> bool:
        """Say whether a letter belongs in the export."""
        return (
            signature.reported_status in EXPORTED
            and self.target in {None, signature.target}
            and self.status in {None, signature.reported_status}
        )

    def __str__(self) -> str:
        return " ".join(part for part in (self.target, self.status) if part) or "all"


@dataclass(frozen=True, slots=True)
class Export:
    """A file of signatures that somebody asked for; `rows` and `bytes` are what is written of it so far."""

    campaign: str
    id: str
    state: ExportState
    filter: ExportFilter
    by: str
    asked_at: datetime
    rows: int = 0
    bytes: int = 0

    @property
    def expires_at(self) -> datetime:
        """Return when export and file go."""
        return self.asked_at + KEPT_FOR

    @property
    def file(self) -> str:
        """Name the file in the store; nothing in it is personal."""
        return f"exports/{self.campaign}/{self.id}.csv"

    @property
    def filename(self) -> str:
        """Name the file as its reader keeps it."""
        return f"{self.campaign}-{self.asked_at:%Y-%m-%d}.csv"


def row(signature: Signature, letter_language: str) -> tuple[str, ...]:
    """Return a letter's cells in the order of COLUMNS; moments are ISO 8601 in UTC, what is not so is empty."""
    return (
        f"undersigned:{signature.signer}",
        signature.name,
        signature.email,
        signature.address_line,
        signature.locality,
        signature.region,
        signature.postal_code,
        signature.language,
        _moment(signature.signed_at),
        signature.note,
        signature.target,
        signature.reported_status,
        _moment(signature.confirmed_at),
        _moment(signature.withdrawn_at),
        _yes(signature.updates),
        signature.letter,
        letter_language,
        _yes(bool(signature.drawing)),
        signature.period or "",
        signature.bundle or "",
        signature.quarantine or "",
    )


def csv_line(cells: Iterable[str]) -> bytes:
    """Write cells as a line of CSV (RFC 4180) that no spreadsheet calculates with."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(map(defused, cells))
    return line.getvalue().encode()


def defused(text: str) -> str:
    """Return a cell's text with an apostrophe before whatever a spreadsheet may take for a formula."""
    return _FORMULA.sub(r"\1'", text)


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else ""


def _yes(value: bool) -> str:  # noqa: FBT001  (a cell)
    return "yes" if value else "no"
