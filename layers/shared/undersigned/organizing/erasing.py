"""Erasing: remove all personal data of a letter, keep the counts exact, and recognize its signer if they sign again."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

from undersigned.base.actions import Done, Field, action
from undersigned.base.errors import ChangedError, NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.stack import Stack
from undersigned.campaigns.actions import needed
from undersigned.delivering.queue import delivery_queue
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.storing import sweep
from undersigned.organizing.exporting import end_exports
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from undersigned.delivering.rules.deliveries import Delivery

_PAUSES = (0.1, 0.2, 0.4)
"""Seconds before a letter is read again that another process has just changed."""

_WHY = Field(
    partial(needed, Message("Give a reason for erasing the letter.")),
    "The reason, for the activity log. Leave personal data out.",
    Message("Why? Don’t write anything about the person here, because we keep the reason."),
    is_needed=True,
)


class UnderWayError(NotNowError):
    """The letter is in an email that is being sent, and can be erased when that has left or bounced."""


@action(
    "erase",
    Message("Erased a letter"),
    command="erase",
    page="/signatures/<signer>/erase",
    button=Message("Yes, erase this letter"),
    is_final=True,
    done={
        "erased": Message("The letter is erased, with everything that it said about its signer."),
        "erased-on-paper": Message(
            "The letter is erased, with everything that it said about its signer. We deleted the file that had it. If "
            "the file had other letters, we’re making it again without this one."
        ),
        "erased-after-sending": Message(
            "The letter is erased, with everything that it said about its signer. We deleted the file that had it. If "
            "the file had other letters, we’re making it again without this one. The office keeps the email and the "
            "files that it already has. If the signer wants the office to delete them, ask the office."
        ),
    },
)
def erase(stack: Stack, campaign: str, signer: str, why: Annotated[str, _WHY]) -> Done:
    """Erase a letter, its signer's forms, and the files that have it. Doing it twice is harmless.

    Raises NotFoundError, UnderWayError.
    """
    del why
    # Before the letter, so that a crash leaves no file; and after it, because somebody may have requested a file
    # between.
    end_exports(stack, campaign)
    arrived = erase_letter(stack, campaign, signer)
    end_exports(stack, campaign)
    if arrived is None:
        return Done("erased")
    return Done("erased-on-paper" if arrived.may_be_on_paper else "erased-after-sending")


def erase_letter(stack: Stack, campaign: str, signer: str) -> Delivery | None:
    """Erase a letter between two calls of `end_exports`. Return the delivery with which its target got it, or None.

    All forms of its signer go, too, and a form that is written at the same time can't be confirmed. Doing it twice is
    harmless. No later email contains the letter, not even a repeated one after a bounce. Stored packets that have it
    are deleted, and typeset again without it. Emails that the target got stay with the target. Raises NotFoundError,
    UnderWayError.
    """
    for pause in _PAUSES:
        with suppress(ChangedError):
            return _erase_as_read(stack, campaign, signer)
        # Since it was read, it was confirmed, sealed or counted, or its email was sent: read it again.
        stack.sleep(pause)
    return _erase_as_read(stack, campaign, signer)


def _erase_as_read(stack: Stack, campaign: str, signer: str) -> Delivery | None:
    forms, signatures, deliveries = Forms(stack.table), Signatures(stack.table), Deliveries(stack.table)
    sent, letter = forms.of_signer(campaign, signer), signatures.signature(campaign, signer)
    row = letter or max(sent, key=lambda form: form.signed_at, default=None)
    if row is None:
        message = f"campaign {campaign!r} has no letter {signer!r}"
        raise NotFoundError(message)
    delivery = deliveries.delivery(DeliveryKey(campaign, row.target, row.period)) if row.period else None
    if delivery and letter and letter.status != "erased":
        if not delivery.may_lose_letters:
            raise UnderWayError(Message("The email with this letter is being sent. Try again in an hour."))
        # Queued first, and it begins after this function's time is up: so a crash after the next step leaves no PDF.
        # A worker that has read the letter and stores its packet only now leaves none, either: it can't send it, and
        # then it ends.
        delivery_queue(stack).put_repacking(delivery.key, is_being_made=delivery.state == "open")
        deliveries.erase_letter(delivery.key, letter, stack.clock())
        sweep(stack, delivery.key)
    elif sent or row.status != "erased":
        # An erased row is erased again if forms were sent since: its later `erased_at` keeps them from being confirmed.
        signatures.erase(row, stack.clock())
    forms.delete_all(campaign, signer)
    has_it = delivery and delivery.may_have_arrived and signer not in delivery.last.left_out
    return delivery if has_it else None
