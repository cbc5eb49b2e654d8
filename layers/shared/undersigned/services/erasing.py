"""Erasing: remove all personal data of a letter, keep the counts exact, and recognize its signer if they sign again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import ExplainedError, NotFoundError
from undersigned.domain.languages import Message
from undersigned.services.ports import ChangedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.domain.signatures import Signature
    from undersigned.services.ports import DeliveryStore, SignatureStore

_TRIES = 4


class UnderWayError(ExplainedError):
    """The letter is in an email that is being sent, and can be erased when that has left or bounced."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Erasing:
    """Erases letters."""

    signatures: SignatureStore
    deliveries: DeliveryStore
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def erase(self, campaign: str, signer: str) -> None:
        """Erase a letter. Doing it twice is harmless. Raises NotFoundError, UnderWayError.

        No later email contains the letter, not even a repeated one after a bounce. If the letter was already sent, its
        packet stays with the recipient and, for as long as packets are kept, in the store.
        """
        for attempt in range(1, _TRIES + 1):
            signature = self.signatures.signature(campaign, signer)
            if signature is None:
                message = f"campaign {campaign!r} has no letter {signer!r}"
                raise NotFoundError(message)
            if signature.status == "erased":
                return
            try:
                self._erase(signature)
            except ChangedError:
                # It was confirmed, sealed or counted meanwhile, or its email was sent: read it again.
                if attempt == _TRIES:
                    raise
                self.sleep(0.05 * 2**attempt)
            else:
                return

    def _erase(self, signature: Signature) -> None:
        key = self._delivery_to_leave(signature)
        if key is None:
            self.signatures.erase(signature, self.clock())
        else:
            self.deliveries.erase_letter(key, signature, self.clock())

    def _delivery_to_leave(self, signature: Signature) -> DeliveryKey | None:
        if signature.period is None:
            return None
        key = DeliveryKey(signature.campaign, signature.target, signature.period)
        delivery = self.deliveries.delivery(key)
        if delivery is None:
            return None
        if not delivery.may_lose_letters:
            raise UnderWayError(Message("The email with this letter is being sent. Try again in an hour."))
        return key
