"""Organizing: what an organizer sees of a campaign, for a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.api_keys import digest_of
from undersigned.domain.campaigns import ID_PATTERN
from undersigned.domain.errors import UndersignedError
from undersigned.domain.tallies import TOTAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from undersigned.domain.api_keys import ApiKey
    from undersigned.services.ports import ApiKeyStore, CountStore


class KeyRefusedError(UndersignedError):
    """There is no such key for this campaign: it is wrong, expired, revoked or another campaign's."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A campaign's counts: in all, and by target or by day."""

    total: int
    by: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Organizing:
    """Answers organizers."""

    keys: ApiKeyStore
    counters: CountStore
    clock: Callable[[], datetime]

    def counts(self, campaign: str, key: str, by: str) -> Counts:
        """Return the counts by `target` or by `day`, in one read; raises KeyRefusedError."""
        self._check(campaign, key)
        counters = self.counters.counts(campaign)
        prefix = f"{by.upper()}#"
        return Counts(
            total=counters.get(TOTAL, 0),
            by={name.removeprefix(prefix): count for name, count in counters.items() if name.startswith(prefix)},
        )

    def _check(self, campaign: str, key: str) -> ApiKey:
        # The table finds the key by its digest, so no comparison of ours tells how much of it was right.
        found = self.keys.api_key(campaign, digest_of(key)) if ID_PATTERN.fullmatch(campaign) else None
        if found is None or not found.is_valid(self.clock()):
            message = "this key does not open this campaign"
            raise KeyRefusedError(message)
        return found
