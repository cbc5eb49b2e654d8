"""Exports: a campaign's signatures as a table for spreadsheets and databases, or its supporters for a mailing list.

Columns have the names of OSDI (the Open Supporter Data Interface), if its people or signatures have such a field. Those
of supporters have the names by which mailing lists know them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

from undersigned.base.rows import Row
from undersigned.signing.rules.form_fields import FORM_FIELDS
from undersigned.signing.rules.signatures import EXPORTS_KEPT_FOR

if TYPE_CHECKING:
    from undersigned.signing.rules.forms import FormOrLetter

ExportState = Literal["queued", "running", "done", "failed", "erased"]
"""`erased`: the file was deleted, because it may have a letter that was erased."""

Exported = Literal["pending", "quarantined", "confirmed", "withdrawn"]
"""The statuses of exported letters. Erased and cleared ones are in no export: nothing is left of them."""

EXPORTED: tuple[Exported, ...] = get_args(Exported)

News = Literal["agreed", "ended"]
"""Supporters: who agreed to news, and who agreed and ended that. A mailing list subscribes everybody in a file that is
uploaded, so these are two files."""

NEWS: tuple[News, ...] = get_args(News)

_REMEMBERED_FOR = timedelta(days=31)
"""How long an export says since when supporters are new: for a mailing each month."""

TRIES = 4
"""How many times an export is tried before it fails for good; template.yaml has the same value for its queue."""

_FIRST_COLUMNS = (
    "identifiers", "full_name", "email_address", "address_lines", "locality", "region", "postal_code",
    "preferred_language", "action_date", "comments", "target", "status", "confirmed_at", "withdrawn_at", "updates",
    "letter", "letter_language", "has_drawing", "period", "bundle", "quarantine", "on_hold", "source",
)  # fmt: skip
COLUMNS = tuple(dict.fromkeys((*_FIRST_COLUMNS, *(field.column for field in FORM_FIELDS if field.column))))
"""The columns. `identifiers` to `comments` are OSDI's, except `full_name`: the form has one field for the name, which
can't be split into OSDI's `given_name` and `family_name`. New columns are at the end, for programs that count them."""

SUPPORTER_COLUMNS = (
    "email", "first_name", "last_name", "zip_code", "postal_code", "source", "consented_at", "withdrawn_at",
)  # fmt: skip
"""The columns of supporters. Action Network knows the `zip_code` and CiviCRM the `postal_code`."""


@dataclass(frozen=True, slots=True)
class ExportFilter:
    """Selects the letters of an export: to one target or to all, with one status or with any.

    With `news`, it selects supporters, and with `since` only supporters who agreed, or ended that, at this moment or
    later.
    """

    target: str | None = None
    status: Exported | None = None
    news: News | None = None
    since: datetime | None = None

    def matches(self, signature: FormOrLetter) -> bool:
        """Say whether a letter belongs in the export."""
        return (
            signature.status in EXPORTED
            and not signature.is_empty
            and self.target in {None, signature.target}
            and self.status in {None, signature.status}
            and self._has_news_of(signature)
        )

    def _has_news_of(self, signature: FormOrLetter) -> bool:
        if self.news is None:
            return True
        # Before it is confirmed, a form is no consent, so what is new was confirmed since.
        came_at = (signature.agreed_at and signature.confirmed_at) if self.news == "agreed" else signature.no_news_since
        return came_at is not None and (self.since is None or came_at >= self.since)

    def filename(self, campaign: str, at: datetime) -> str:
        """Return the name of a file of that day."""
        return "-".join(part for part in (campaign, self.news, f"{at:%Y-%m-%d}.csv") if part)

    def __str__(self) -> str:
        news, since = self.news and f"news {self.news}", self.since and f"since {_moment(self.since)}"
        return " ".join(part for part in (self.target, self.status, news, since) if part) or "all"


@dataclass(frozen=True, slots=True)
class Export(Row):
    """A file of signatures that an organizer requested; `rows` and `bytes` count what is written so far."""

    pk, sk = "EXPORT#{campaign}", "{id}"

    campaign: str
    id: str
    state: ExportState
    filter: ExportFilter
    by: str
    asked_at: datetime
    rows: int = 0
    bytes: int = 0

    @property
    def file_until(self) -> datetime:
        """Return when the file is deleted."""
        return self.asked_at + EXPORTS_KEPT_FOR

    @property
    def expires_at(self) -> datetime:
        """Return when the row is deleted."""
        return self.asked_at + _REMEMBERED_FOR

    @property
    def file(self) -> str:
        """Return the file's name in the store. It contains no personal data."""
        return f"exports/{self.campaign}/{self.id}.csv"

    @property
    def filename(self) -> str:
        """Return the file's name for the organizer."""
        return self.filter.filename(self.campaign, self.asked_at)


def row(signature: FormOrLetter, letter_language: str) -> tuple[str, ...]:
    """Return a letter's cells in the order of COLUMNS. Times are ISO 8601 in UTC; a missing value is empty."""
    cells = {field.column: getattr(signature.words, field.name) for field in FORM_FIELDS if field.column} | {
        "identifiers": f"undersigned:{signature.signer}",
        "preferred_language": signature.language,
        "action_date": _moment(signature.signed_at),
        "target": signature.target,
        "status": signature.status,
        "confirmed_at": _moment(signature.confirmed_at),
        "withdrawn_at": _moment(signature.withdrawn_at),
        "updates": _yes(signature.wants_news),
        "letter": signature.letter,
        "letter_language": letter_language,
        "has_drawing": _yes(bool(signature.words.drawing)),
        "period": signature.period or "",
        "bundle": signature.bundle or "",
        "quarantine": signature.quarantine or "",
        "on_hold": _yes(signature.on_hold),
        "source": signature.source or "",
    }
    return tuple(cells[column] for column in COLUMNS)


def supporter_row(signature: FormOrLetter) -> tuple[str, ...]:
    """Return a supporter's cells in the order of SUPPORTER_COLUMNS.

    The first name is the first word, by which a mailing list greets people. The last name is all that follows.
    """
    first, _, last = signature.words.name.partition(" ")
    code = signature.words.postal_code
    agreed_at = signature.signed_at if signature.words.updates else None
    ended_at = signature.no_news_since
    return (
        signature.words.email,
        first,
        last,
        code,
        code,
        signature.source or "",
        _moment(agreed_at),
        _moment(ended_at),
    )


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else ""


def _yes(value: bool) -> str:  # noqa: FBT001  (a cell)
    return "yes" if value else "no"
