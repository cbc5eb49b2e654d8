"""The keyring: what the stack's secret holds. One key makes signers' ids, and never changes; others sign tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from undersigned.domain.errors import UndersignedError

KNOWN_FOR = timedelta(minutes=5)
"""How long a running function uses the keyring that it has read."""

IN_USE_AFTER = timedelta(minutes=10)
"""How long after a rotation tokens are signed with the new key. By then, every function accepts it."""

_ACCEPTED = 2
"""How many token keys are accepted: the newest one and the one before."""


class KeyringError(UndersignedError):
    """The stack's secret can't be read."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key that signs tokens, and the aware datetime since when it does; None for a stack's first key."""

    key: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Keyring:
    """The stack's keys. `tokens` begins with the newest and has at most two."""

    signers: str
    tokens: tuple[TokenKey, ...]

    @classmethod
    def read(cls, text: str) -> Keyring:
        """Read a secret: JSON since the first rotation, and before it plain text, which is both keys.

        Raises KeyringError.
        """
        if not text.startswith("{"):
            return cls(text, (TokenKey(text, None),))
        try:
            values = json.loads(text)
            newest, *before = map(_token_key, values["tokens"][:_ACCEPTED])
            return cls(_key(values["signers"]), (newest, *before))
        except (ValueError, KeyError, TypeError) as error:
            message = "the stack's secret can't be read; restore its version AWSPREVIOUS in Secrets Manager"
            raise KeyringError(message) from error

    def written(self) -> str:
        """Return the text to store."""
        tokens = [(token.key, token.since.isoformat() if token.since else None) for token in self.tokens]
        return json.dumps({"signers": self.signers, "tokens": [{"key": key, "since": since} for key, since in tokens]})

    def rotated(self, key: str, now: datetime) -> Keyring:
        """Return the keyring with a new token key. The one before the newest is no longer accepted."""
        return Keyring(self.signers, (TokenKey(key, now + IN_USE_AFTER), *self.tokens)[:_ACCEPTED])

    def token_keys(self, now: datetime) -> tuple[str, ...]:
        """Return the keys that are accepted, beginning with the one that signs now."""
        in_use = [token for token in self.tokens if token.since is None or token.since <= now] or [self.tokens[-1]]
        return tuple(dict.fromkeys((in_use[0].key, *(token.key for token in self.tokens))))


def _token_key(values: dict[str, str | None]) -> TokenKey:
    since = values["since"]
    return TokenKey(_key(values["key"]), datetime.fromisoformat(since) if since else None)


def _key(value: object) -> str:
    if not isinstance(value, str) or not value:
        message = "a key is text"
        raise TypeError(message)
    return value
