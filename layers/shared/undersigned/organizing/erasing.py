"""Erasing: remove all personal data of a letter, keep the counts exact, and recognize its signer if they sign again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError, NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.storing import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from undersigned.base.bucket import Bucket
    from undersigned.delivering.queue import DeliveryQueue
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.organizing.exporting import EndingExports
    from undersigned.signing.rows.forms import Forms
    from undersigned.signing.rows.signatures import Signatures
    from undersigned.signing.rules.signatures import Signature

_TRIES = 4


class UnderWayError(NotNowError):
    """The letter is in an email that is being sent, and can be erased when that has left or bounced."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Erasing:
    """Erases letters."""

    forms: Forms
    signatures: Signatures
    deliveries: Deliveries
    packets: Callable[[], Bucket]
    queue: Callable[[], DeliveryQueue]
    exports: EndingExports
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def erase(self, campaign: str, signer: str) -> DeliveryKey | None:
        """Erase a letter, and the campaign's exports. Return the delivery with which its target got it, or None.

        Raises NotFoundError, UnderWayError.
        """
        with self.ending_exports(campaign):
            arrived = self.erase_letter(campaign, signer)
        return arrived.key if arrived else None

    @contextmanager
    def ending_exports(self, campaign: str) -> Iterator[None]:
        """Delete a campaign's exports before and after some of its letters are erased.

        Before, so that none is left after a crash; after, for those that were requested meanwhile.
        """
        self.exports.end(campaign)
        yield
        self.exports.end(campaign)

    def erase_letter(self, campaign: str, signer: str) -> Delivery | None:
        """Erase a letter within `ending_exports`, and return the delivery with which its target got it, or None.

        All forms of its signer go, too, and one that is written meanwhile can't be confirmed. Doing it twice is
        harmless. No later email contains the letter, not even a repeated one after a bounce. Stored packets that have
        it are deleted, and typeset again without it. Emails that the target got stay with the target.
        Raises NotFoundError, UnderWayError.
        """
        for attempt in range(1, _TRIES + 1):
            forms = self.forms.of_signer(campaign, signer)
            signature = self.signatures.signature(campaign, signer) or max(forms, key=_age, default=None)
            if signature is None:
                message = f"campaign {campaign!r} has no letter {signer!r}"
                raise NotFoundError(message)
            delivery = self._delivery_of(signature)
            if signature.status == "erased" and not forms:
                return _arrived_with(delivery, signer)
            try:
                self._erase(signature, delivery)
                self.forms.delete_all(campaign, signer)
            except ChangedError:
                # It was confirmed, sealed or counted meanwhile, or its email was sent: read it again.
                if attempt == _TRIES:
                    raise
                self.sleep(0.05 * 2**attempt)
            else:
                return _arrived_with(delivery, signer)
        return None

    def _erase(self, signature: Signature, delivery: Delivery | None) -> None:
        # An erased row is erased again if forms were sent since: its later `erased_at` keeps them from being confirmed.
        if delivery is None or signature.status == "erased":
            self.signatures.erase(signature, self.clock())
            return
        if not delivery.may_lose_letters:
            raise UnderWayError(Message("The email with this letter is being sent. Try again in an hour."))
        # Queued first, and it begins after this function's time is up: so a crash after the next step leaves no PDF.
        # A worker that has read the letter and stores its packet only now leaves none, either: it can't send it, and
        # then it ends.
        self.queue().put_repacking(delivery.key, is_being_made=delivery.state == "open")
        self.deliveries.erase_letter(delivery.key, signature, self.clock())
        sweep(self.deliveries, self.packets(), delivery.key)

    def _delivery_of(self, signature: Signature) -> Delivery | None:
        if signature.period is None:
            return None
        return self.deliveries.delivery(DeliveryKey(signature.campaign, signature.target, signature.period))


def _age(form: Signature) -> datetime:
    return form.signed_at


def _arrived_with(delivery: Delivery | None, signer: str) -> Delivery | None:
    if delivery is None or not delivery.may_have_arrived or signer in delivery.last.left_out:
        return None
    return delivery
