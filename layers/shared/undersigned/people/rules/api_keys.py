"""API keys: with one, a program reads a campaign's numbers, or its letters, too."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from undersigned.base.characters import can_be_printed
from undersigned.base.errors import GivenError
from undersigned.base.languages import Message
from undersigned.base.rows import Row

KeyScope = Literal["counts", "letters"]
"""`counts` opens numbers and deliveries, and nothing about who signed. `letters` opens these and the letters."""

KEY_WORKS_FOR = timedelta(days=90)
"""How long a key works."""

DIGITS_SHOWN = 12
"""How many digits of its SHA-256 identify a key among the keys of its campaign."""

LONGEST_LABEL = 100
"""The most characters in a key's label."""

REFUSAL_GROUPS = 4_096
"""Wrong keys are counted in so many groups. So strangers can't fill the table with made-up keys."""


@dataclass(frozen=True, slots=True)
class ApiKey(Row):
    """A key to one campaign. `digest` is the SHA-256 (hex) of its text, which is not kept. Times are aware, in UTC.

    `by` made it, as named in the activity log. The key goes when its `maker` goes, a person's id. A key of the command
    line has no maker.
    """

    pk, sk = "KEY#{campaign}", "{digest}"

    campaign: str
    digest: str
    scope: KeyScope
    label: str
    created_at: datetime
    valid_until: datetime
    by: str = ""
    maker: str | None = None

    @property
    def name(self) -> str:
        """Return the key's name in the activity log: the first digits of its digest."""
        return f"key {self.digest[:DIGITS_SHOWN]}"

    @property
    def logged_name(self) -> str:
        """Return the key's name in the security log."""
        return self.name

    def is_valid(self, now: datetime) -> bool:
        """Say whether the key has not expired."""
        return now < self.valid_until

    def is_opened_by(self, digest: str, now: datetime) -> bool:
        """Say whether this digest is the key's and the key has not expired. Compares in constant time."""
        return hmac.compare_digest(self.digest, digest) and self.is_valid(now)

    def allows(self, scope: KeyScope) -> bool:
        """Say whether the key opens what has this scope."""
        return scope in {"counts", self.scope}


def checked_label(label: str) -> str:
    """Return a key's label without surrounding spaces. Raises GivenError if it is too long, or can't be printed."""
    label = label.strip()
    if len(label) > LONGEST_LABEL or not can_be_printed(label):
        raise GivenError(
            Message(
                "Say what the key is for in %(limit)s characters or fewer, without characters that we can’t print.",
                {"limit": LONGEST_LABEL},
            )
        )
    return label


def digest_of(text: str) -> str:
    """Return the SHA-256 (hex) of a key's text. A key is random, so it needs neither a salt nor a slow hash."""
    # A request can contain any text, even lone surrogates.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def group_of_refusal(campaign: str, digest: str) -> int:
    """Return the group in which a wrong key is counted, by its campaign and the first two digits of its SHA-256."""
    return int(digest_of(f"{campaign} {digest[:2]}"), 16) % REFUSAL_GROUPS
