"""The Jinja2 environment of pages and mails: HTML is escaped, text is not, a missing value is an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from undersigned.domain.letters import long_date

if TYPE_CHECKING:
    from datetime import datetime


def _number(value: int) -> str:
    return f"{value:,}"


def _plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


# Not strftime's: its names follow the locale of the process.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def long_moment(moment: datetime) -> str:
    """Write a moment's day with its weekday: `Monday, November 30, 2026`."""
    return f"{_WEEKDAYS[moment.weekday()]}, {long_date(moment)}"


ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
ENVIRONMENT.filters |= {"number": _number, "plural": _plural, "long_moment": long_moment, "long_date": long_date}
