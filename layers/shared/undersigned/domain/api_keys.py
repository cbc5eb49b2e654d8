"""Organizers' keys: what a program or a person shows to see a campaign's figures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Scope = Literal["read", "manage"]
"""`read` sees counts and deliveries; personal data and actions need `manage`."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key to one campaign. Only the SHA-256 (hex) of its text is kept; moments are aware, in UTC."""

    campaign: str
    digest: str
    scope: Scope
    note: str
    created_at: datetime
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Say whether the key has not expired."""
        return self.expires_at is None or now < self.expires_at


def digest_of(text: str) -> str:
    """Return the SHA-256 of a key's text (hex): a key is random, so no salt or slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()
