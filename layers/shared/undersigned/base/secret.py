"""The stack's secrets in Secrets Manager. Each holds a keyring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from undersigned.base.errors import ThrottledError
from undersigned.base.failures import translating
from undersigned.base.keyring import KNOWN_FOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.base.keyring import Keyring


class Secret[K: Keyring]:
    """A secret that holds a keyring of one kind."""

    def __init__(self, kind: type[K], client: Any, arn: str, clock: Callable[[], datetime]) -> None:  # noqa: ANN401
        """Keep the kind of its keyring, a client of Secrets Manager, the secret's ARN and a clock."""
        self._kind = kind
        self._client = translating(client)
        self._arn = arn
        self._clock = clock
        self._known: tuple[datetime, K] | None = None

    def keyring(self) -> K:
        """Return the keyring, and read it again if that was too long ago. Raises KeyringError."""
        now = self._clock()
        if self._known is None or now - self._known[0] >= KNOWN_FOR:
            self._known = now, self._read()
        return self._known[1]

    def _read(self) -> K:
        """Read the keyring. While Secrets Manager doesn't answer, the known one stays in use."""
        try:
            answer = self._client.get_secret_value(SecretId=self._arn)
        except (BotoCoreError, ClientError, ThrottledError):
            if self._known is None:
                raise
            return self._known[1]
        return self._kind.read(str(answer["SecretString"]))

    def replace(self, keyring: K) -> None:
        """Write the keyring."""
        self._client.put_secret_value(SecretId=self._arn, SecretString=keyring.written())
        self._known = None
