"""Access: check API keys, and make a network wait that tries too many wrong ones."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from undersigned.domain.abuse_checks import RATE_WINDOW, Visitor, hashed_address, window_of
from undersigned.domain.api_keys import digest_of
from undersigned.domain.campaigns import ID_PATTERN
from undersigned.domain.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.domain.api_keys import ApiKey, Scope
    from undersigned.services.ports import AbuseCounterStore, ApiKeyStore

MOST_REFUSALS = 10
"""How many keys may be refused to one network in a minute before it has to wait."""


class KeyRefusedError(UndersignedError):
    """No valid key for this campaign: it is missing, wrong, expired, revoked or another campaign's."""


class ScopeError(UndersignedError):
    """The key is valid, but its scope doesn't allow this."""


class TooManyRefusalsError(UndersignedError):
    """One network tried too many wrong keys, and must wait; carries how long, in seconds."""

    def __init__(self, seconds: int) -> None:
        """Keep the seconds."""
        super().__init__(f"too many keys were refused to one network; wait {seconds} s")
        self.seconds = seconds


@dataclass(kw_only=True, frozen=True, slots=True)
class Access:
    """Checks the keys of organizers."""

    keys: ApiKeyStore
    abuse_counters: AbuseCounterStore
    secret: Callable[[], str]
    clock: Callable[[], datetime]

    def authorize(self, campaign: str, text: str, scope: Scope, address: str) -> ApiKey:
        """Return the campaign's key with this text, if it has the scope.

        Raises KeyRefusedError if no valid key of the campaign has this text, ScopeError if the key lacks the scope, and
        TooManyRefusalsError, for right and wrong keys alike, if the IP address's network was refused too often.
        """
        if not text:
            message = "no key was sent"
            raise KeyRefusedError(message)
        now = self.clock()
        window = window_of(now, RATE_WINDOW)
        network = hashed_address(f"refused:{self.secret()}", Visitor.at(address).network, window)
        if self.abuse_counters.refusals(network) >= MOST_REFUSALS:
            raise TooManyRefusalsError(ceil((window + RATE_WINDOW - now).total_seconds()))
        digest = digest_of(text)
        found = self.keys.api_key(campaign, digest) if ID_PATTERN.fullmatch(campaign) else None
        if found is None or not found.is_opened_by(digest, now):
            self.abuse_counters.count_refusal(network, expires_at=window + 2 * RATE_WINDOW)
            message = "this key does not open this campaign"
            raise KeyRefusedError(message)
        return _allowed(found, scope)

    def authorize_session(self, campaign: str, digest: str, scope: Scope) -> ApiKey:
        """Return the current key of a session. Raises KeyRefusedError, ScopeError.

        A session's token is signed, so nobody can try digests, and refusals are not counted.
        """
        found = self.keys.api_key(campaign, digest)
        if found is None or not found.is_valid(self.clock()):
            message = "the session's key is revoked or has expired"
            raise KeyRefusedError(message)
        return _allowed(found, scope)


def _allowed(key: ApiKey, scope: Scope) -> ApiKey:
    if not key.allows(scope):
        message = f"this key may {key.scope}, and this needs one that may {scope}"
        raise ScopeError(message)
    return key
