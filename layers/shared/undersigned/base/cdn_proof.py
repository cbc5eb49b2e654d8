"""The CDN's proof: a secret that CloudFront sends with each request, so that nobody else can name a visitor.

`undersigned secret replace-proof` replaces it. CloudFront's locations learn of it one after the other, so the proof
before it is accepted, too.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from undersigned.base.errors import ThrottledError
from undersigned.base.failures import code_of, translating

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

PROOF_HEADER = "x-undersigned-proof"
"""The header in which CloudFront proves that a request came through it. It overwrites a visitor's."""

KNOWN_FOR = timedelta(minutes=5)
"""How long a running function uses the values that it has read."""

_READ_AGAIN_AFTER = timedelta(minutes=1)
"""For an unknown proof, values of this age are read again: the proof may be a new one, or anybody's guess."""


class CdnProof:
    """The proof that a request came through the CDN."""

    def __init__(self, client: Any, arn: str, clock: Callable[[], datetime]) -> None:  # noqa: ANN401
        """Keep a client of Secrets Manager, the secret's ARN and a clock."""
        self._client = translating(client)
        self._arn = arn
        self._clock = clock
        self._known: tuple[datetime, tuple[str, ...]] | None = None

    def is_in(self, header: str) -> bool:
        """Return whether a header has the proof, or the one before it."""
        return bool(header) and (_has(header, self._values(KNOWN_FOR)) or _has(header, self._values(_READ_AGAIN_AFTER)))

    def _values(self, known_for: timedelta) -> tuple[str, ...]:
        """Return both values. While Secrets Manager doesn't answer, the known ones stay in use."""
        now = self._clock()
        if self._known is None or now - self._known[0] >= known_for:
            try:
                self._known = now, self._read()
            except (BotoCoreError, ClientError, ThrottledError):
                if self._known is None:
                    raise
        return self._known[1]

    def _read(self) -> tuple[str, ...]:
        values = [self._client.get_secret_value(SecretId=self._arn)["SecretString"]]
        try:
            before = self._client.get_secret_value(SecretId=self._arn, VersionStage="AWSPREVIOUS")
        except ClientError as error:
            # There is no earlier version until it is replaced for the first time.
            if code_of(error) != "ResourceNotFoundException":
                raise
        else:
            values.append(before["SecretString"])
        return tuple(values)


def _has(header: str, values: tuple[str, ...]) -> bool:
    """Compare in constant time. The header can have any text."""
    sent = header.encode(errors="surrogatepass")
    return any(hmac.compare_digest(value.encode(), sent) for value in values)
