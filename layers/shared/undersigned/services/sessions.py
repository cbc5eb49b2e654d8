"""Sessions: an organizer signs in with a key, and their browser keeps a signed token of the session.

The token doesn't contain the key. Each request reads the key again, so revoking a key ends its sessions immediately.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.errors import TokenError, UndersignedError
from undersigned.services.access import KeyRefusedError, ScopeError

if TYPE_CHECKING:
    from undersigned.domain.api_keys import ApiKey, Scope
    from undersigned.services.access import Access
    from undersigned.tokens import Tokens


class SignedOutError(UndersignedError):
    """Nobody is signed in, the session has ended, or its key is revoked or has expired."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session: the token in the browser, its key, and the tokens in the forms of its pages, the current one first."""

    token: str
    key: ApiKey
    post_tokens: tuple[str, ...]

    @property
    def post_token(self) -> str:
        """Return the token for new pages."""
        return self.post_tokens[0]

    def has_sent(self, post_token: str) -> bool:
        """Say whether a form with this token is from a page of this session."""
        return any(hmac.compare_digest(post_token.encode(), known.encode()) for known in self.post_tokens)

    def check(self, scope: Scope) -> None:
        """Raise ScopeError unless the key has this scope."""
        if not self.key.allows(scope):
            message = f"this takes a key that may {scope}"
            raise ScopeError(message)


@dataclass(kw_only=True, frozen=True, slots=True)
class Sessions:
    """Begins and reads sessions."""

    access: Access
    tokens: Tokens

    def begin(self, campaign: str, key: str) -> Session:
        """Begin a session with the text of a key. Raises KeyRefusedError, TooManyRefusalsError."""
        found = self.access.authorize(campaign, key, "read")
        return self._session(self.tokens.for_session(found.campaign, found.digest), found)

    def session(self, token: str) -> Session:
        """Return the session of a token. Raises SignedOutError."""
        try:
            known = self.tokens.read_session(token)
            return self._session(token, self.access.authorize_session(known.campaign, known.digest, "read"))
        except (TokenError, KeyRefusedError) as error:
            message = "nobody is signed in"
            raise SignedOutError(message) from error

    def _session(self, token: str, key: ApiKey) -> Session:
        return Session(token, key, self.tokens.accepted_in_posts(token))
