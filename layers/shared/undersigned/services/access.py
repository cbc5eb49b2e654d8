"""Access: which key opens what of which campaign, and how long a network that tries keys has to wait."""

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
"""Keys that may be refused to one network in a minute before it has to wait."""


class KeyRefusedError(UndersignedError):
    """There is no such key for this campaign: none was sent, or it is wrong, expired, revoked or another campaign's."""


class ScopeError(UndersignedError):
    """The key is good, but it may not do this."""


class TooManyRefusalsError(UndersignedError):
    """A network tries keys: it must wait; carries for how many seconds."""

    def __init__(self, seconds: int) -> None:
        """Keep the seconds."""
        super().__init__(f"too many keys were refused to one network; wait {seconds} s")
        self.seconds = seconds


@dataclass(kw_only=True, frozen=True, slots=True)
class Access:
    """Lets organizers in."""

    keys: ApiKeyStore
    abuse_counters: AbuseCounterStore
    secret: Callable[[], str]
    clock: Callable[[], datetime]

    def authorize(self, campaign: str, text: str, scope: Scope, address: str) -> ApiKey:
        """Return the campaign's key that has this text and opens what needs this scope.

        Raises KeyRefusedError for any text that opens nothing here, ScopeError for a key that opens less, and
        TooManyRefusalsError, whatever the text is, for an IP address whose network was refused too often.
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
        """Return the key that has opened a session, as it stands now; raises KeyRefusedError, ScopeError.

        The session is signed, so nobody can try digests: nothing is counted here.
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
