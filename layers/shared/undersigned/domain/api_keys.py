"""Organizers' keys: what a program or a person shows to see a campaign's figures."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Scope = Literal["read", "manage"]
"""`read` sees counts and deliveries; personal data and actions need `manage`."""

DIGITS_SHOWN = 12
"""Digits of a key's SHA-256 that tell it from the campaign's others."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key to one campaign. Only the SHA-256 (hex) of its text is kept; moments are aware, in UTC."""

    campaign: str
    digest: str
    scope: Scope
    label: str
    created_at: datetime
    expires_at: datetime | None = None

    @property
    def name(self) -> str:
        """Name the key where people read what was done with it, by its digest's first digits."""
        return f"key {self.digest[:DIGITS_SHOWN]}"

    def is_valid(self, now: datetime) -> bool:
        """Say whether the key has not expired."""
        return self.expires_at is None or now < self.expires_at

    def is_opened_by(self, digest: str, now: datetime) -> bool:
        """Say whether a text with this digest is the key, and the key has not expired; takes as long either way."""
        return hmac.compare_digest(self.digest, digest) and self.is_valid(now)

    def allows(self, scope: Scope) -> bool:
        """Say whether the key opens what needs this scope; `manage` opens what `read` opens, too."""
        return scope in {"read", self.scope}


def digest_of(text: str) -> str:
    """Return the SHA-256 of a key's text (hex): a key is random, so no salt or slow hash is needed."""
    # Any text can be tried, one of lone surrogates, too.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
