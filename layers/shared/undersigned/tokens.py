"""Signed, expiring tokens for the links in mails: forging one takes the stack's secret."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from itsdangerous import BadData, SignatureExpired, TimestampSigner

from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import TokenError, TokenExpiredError
from undersigned.domain.tokens import VALID_FOR, Purpose, SignerToken

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_PARTS_OF_SIGNER = 2
_PARTS_OF_DELIVERY = 3


class _Signer(TimestampSigner):
    """A signer that takes the time from outside."""

    def __init__(self, secret: str, purpose: Purpose, clock: Callable[[], datetime]) -> None:
        super().__init__(secret, salt=f"undersigned.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock().timestamp())


class Tokens:
    """Issues and reads tokens. A token of one purpose is worth nothing for another."""

    def __init__(self, secret: Callable[[], str], clock: Callable[[], datetime]) -> None:
        """Take how to get the secret, which is asked for at the first token, and a clock."""
        self._secret = secret
        self._clock = clock

    def for_signer(self, purpose: Purpose, campaign: str, signer: str) -> str:
        """Issue a token for a signer's link."""
        return self._issue(purpose, campaign, signer)

    def for_packets(self, key: DeliveryKey) -> str:
        """Issue a token for a delivery's packets."""
        return self._issue("packets", key.campaign, key.target, key.period)

    def read_signer(self, purpose: Purpose, token: str) -> SignerToken:
        """Read the token of a signer's link; raises TokenError, TokenExpiredError."""
        return SignerToken(*self._read(purpose, token, _PARTS_OF_SIGNER))

    def read_packets(self, token: str) -> DeliveryKey:
        """Read the token of a delivery's packets; raises TokenError, TokenExpiredError."""
        return DeliveryKey(*self._read("packets", token, _PARTS_OF_DELIVERY))

    def _issue(self, purpose: Purpose, *parts: str) -> str:
        return _Signer(self._secret(), purpose, self._clock).sign("~".join(parts)).decode()

    def _read(self, purpose: Purpose, token: str, count: int) -> list[str]:
        signer = _Signer(self._secret(), purpose, self._clock)
        try:
            value = signer.unsign(token, max_age=int(VALID_FOR[purpose].total_seconds()))
            parts = value.decode().split("~")
        except SignatureExpired as error:
            message = "the link is too old"
            raise TokenExpiredError(message) from error
        except (BadData, UnicodeError) as error:
            message = "the link is damaged"
            raise TokenError(message) from error
        if len(parts) != count:
            message = "the link is damaged"
            raise TokenError(message)
        return parts
