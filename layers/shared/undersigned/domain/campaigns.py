"""Campaigns and the targets that their letters go to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

ID_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
"""Ids stand in URLs, keys and SES tags (letters, digits, `-` and `_` only), so they are plain slugs."""

MailState = Literal["ok", "bounced"]

_ZIP_PLUS_FOUR = re.compile(r"(\d{5})\d{4}")


def canonical_postal_code(text: str) -> str:
    """Return the one spelling under which a postal code is looked up.

    Letter case, spaces and hyphens do not matter, and a US ZIP+4 counts as its five digits:
    `60201-1234` → `60201`, `k1a 0b1` → `K1A0B1`.
    """
    compact = re.sub(r"[\s-]", "", text).upper()
    plus_four = _ZIP_PLUS_FOUR.fullmatch(compact)
    return plus_four.group(1) if plus_four else compact


@dataclass(frozen=True, slots=True)
class Organizer:
    """Who runs the campaign; `email` is the Reply-To of every mail."""

    name: str
    email: str
    website: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An addressee of letters, such as a police chief. `postal_codes` are canonical.

    A retired target gets no new letters; those that wait for it are still sent.
    """

    id: str
    title: str
    name: str
    department: str
    locality: str
    email: str
    postal_codes: tuple[str, ...]
    mail_state: MailState = "ok"
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """What an organizer sets up. `letter` is the version (SHA-256, hex) that new signers sign.

    `opens` and `closes` are the first and the last day of signing, in the campaign's time zone.
    """

    id: str
    title: str
    summary: str
    organizer: Organizer
    language: str
    time_zone: str
    region: str
    goal: int
    letter: str
    opens: date | None = None
    closes: date | None = None

    def is_open(self, today: date) -> bool:
        """Say whether people can sign on this day of the campaign's time zone."""
        return (self.opens is None or self.opens <= today) and (self.closes is None or today <= self.closes)


@dataclass(frozen=True, slots=True)
class Roster:
    """A campaign's targets, found by id or by postal code. A code may belong to several."""

    by_id: Mapping[str, Target]
    by_postal_code: Mapping[str, tuple[Target, ...]]

    @classmethod
    def of(cls, targets: tuple[Target, ...]) -> Roster:
        """Index the targets, keeping their order."""
        by_postal_code: dict[str, tuple[Target, ...]] = {}
        for target in (target for target in targets if not target.retired):
            for code in target.postal_codes:
                by_postal_code[code] = (*by_postal_code.get(code, ()), target)
        return cls({target.id: target for target in targets}, by_postal_code)

    def serving(self, postal_code: str) -> tuple[Target, ...]:
        """Return the targets that serve a postal code, however it is spelled."""
        return self.by_postal_code.get(canonical_postal_code(postal_code), ())
