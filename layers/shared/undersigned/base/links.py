"""Links: signed, dated texts in emails, forms and cookies. Forging one requires a key of the secret that signs it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from itsdangerous import BadData, SignatureExpired, TimestampSigner, want_bytes
from itsdangerous.encoding import base64_encode

from undersigned.base.characters import AFTER_LINKS
from undersigned.base.errors import TokenError, TokenExpiredError
from undersigned.base.purposes import PURPOSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from undersigned.base.purposes import Purpose, SecretName

CLOCKS_DIFFER_BY = timedelta(minutes=10)
"""How far ahead the clock of the machine that signed a link may be. A link dated later is not valid."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says, and its date: an aware datetime in whole seconds, perhaps a little later than now."""

    purpose: Purpose
    parts: tuple[str, ...]
    issued_at: datetime

    def __getitem__(self, name: str) -> str:
        """Return the part of this name."""
        return self.parts[PURPOSES[self.purpose].parts.index(name)]


@dataclass(frozen=True, slots=True)
class Links:
    """Signs and reads links. A link is valid only for its own purpose.

    `keys` returns the keys of a secret that are accepted at a moment; the first of them signs.
    """

    keys: Callable[[SecretName, datetime], Sequence[str]]
    clock: Callable[[], datetime]

    def sign(self, purpose: Purpose, *parts: str, issued_at: datetime | None = None) -> str:
        """Return the token of a link, dated now unless it continues an earlier one."""
        if len(parts) != len(PURPOSES[purpose].parts):
            message = f"a link to {purpose} has {PURPOSES[purpose].parts}"
            raise ValueError(message)
        return self._signer(purpose, issued_at or self.clock()).sign("~".join(parts)).decode()

    def read(self, purpose: Purpose, token: str) -> Link:
        """Read a token; raises TokenError, TokenExpiredError."""
        terms, signer = PURPOSES[purpose], self._signer(purpose, self.clock() + CLOCKS_DIFFER_BY)
        valid_for = int((terms.valid_for + CLOCKS_DIFFER_BY).total_seconds())
        try:
            value, issued_at = signer.unsign(token.rstrip(AFTER_LINKS), max_age=valid_for, return_timestamp=True)
            parts = tuple(value.decode().split("~"))
        except SignatureExpired as error:
            # An old token's payload is signed, too.
            told = (error.payload or b"").decode(errors="replace").split("~")
            raise TokenExpiredError(told[0] if terms.tells_when_old else None) from error
        except (BadData, UnicodeError) as error:
            message = "the link is damaged"
            raise TokenError(message) from error
        if len(parts) != len(terms.parts):
            message = "the link is damaged"
            raise TokenError(message)
        return Link(purpose, parts, issued_at)

    def _signer(self, purpose: Purpose, now: datetime) -> _Signer:
        return _Signer(self.keys(PURPOSES[purpose].secret, self.clock()), purpose, now)


class _Signer(TimestampSigner):
    """Signs with a given time. Takes the accepted keys; the first of them signs."""

    def __init__(self, keys: Sequence[str], purpose: Purpose, now: datetime) -> None:
        # itsdangerous signs with the last one.
        super().__init__(keys[::-1], salt=f"undersigned.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now.timestamp())

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        """Accept a signature only in the spelling that we issue. Base64 decodes other spellings to the same bytes."""
        given, value = want_bytes(sig), want_bytes(value)
        derived = (self.derive_key(key) for key in reversed(self.secret_keys))
        return any(
            hmac.compare_digest(given, base64_encode(self.algorithm.get_signature(key, value))) for key in derived
        )
