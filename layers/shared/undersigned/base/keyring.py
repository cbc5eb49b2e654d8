"""Keyrings: the keys in the stack's secrets. Token keys rotate; the key of ids, in one secret, never changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from undersigned.base.errors import UndersignedError

KNOWN_FOR = timedelta(minutes=5)
"""How long a running function uses the keyring that it has read."""

IN_USE_AFTER = timedelta(minutes=10)
"""A rotation's new key signs tokens after this time. By then, every function accepts it."""

_ACCEPTED = 2
"""How many token keys are accepted: the newest one and the one before."""


class KeyringError(UndersignedError):
    """A secret of the stack can't be read."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key that signs tokens `since` an aware datetime; None for a stack's first key."""

    key: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of a secret. `tokens` begins with the newest and has at most two."""

    tokens: tuple[TokenKey, ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a secret: JSON, or before the first rotation a plain text that serves as every key.

        Raises KeyringError.
        """
        if not text.startswith("{"):
            return cls._of({"signers": text, "tokens": [{"key": text, "since": None}]})
        try:
            return cls._of(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            message = "a secret of the stack can't be read; restore its version AWSPREVIOUS in Secrets Manager"
            raise KeyringError(message) from error

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        return cls(_token_keys(values))

    def written(self) -> str:
        """Return the text to store."""
        return json.dumps(self._values())

    def _values(self) -> dict[str, Any]:
        tokens = [(token.key, token.since.isoformat() if token.since else None) for token in self.tokens]
        return {"tokens": [{"key": key, "since": since} for key, since in tokens]}

    def rotated(self, key: str, now: datetime) -> Self:
        """Return the keyring with a new token key. Only the new key and the newest key so far are accepted."""
        return replace(self, tokens=(TokenKey(key, now + IN_USE_AFTER), *self.tokens)[:_ACCEPTED])

    def token_keys(self, at: datetime) -> tuple[str, ...]:
        """Return the keys that are accepted, beginning with the one that signs at a moment."""
        in_use = [token for token in self.tokens if token.since is None or token.since <= at] or [self.tokens[-1]]
        return tuple(dict.fromkeys((in_use[0].key, *(token.key for token in self.tokens))))


@dataclass(frozen=True, slots=True)
class SignersKeyring(Keyring):
    """The keys of the stack's secret: the token keys of links, and `signers`, which makes ids and opens nothing."""

    signers: str

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        return cls(_token_keys(values), _key(values["signers"]))

    def _values(self) -> dict[str, Any]:
        return {"signers": self.signers, **super(SignersKeyring, self)._values()}


def _token_keys(values: dict[str, Any]) -> tuple[TokenKey, ...]:
    newest, *before = map(_token_key, values["tokens"][:_ACCEPTED])
    return (newest, *before)


def _token_key(values: dict[str, str | None]) -> TokenKey:
    since = values["since"]
    return TokenKey(_key(values["key"]), datetime.fromisoformat(since) if since else None)


def _key(value: object) -> str:
    if not isinstance(value, str) or not value:
        message = "a key is text"
        raise TypeError(message)
    return value
