"""Send an email once, through any crash: claim it, send it, note that it left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.errors import UncertainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.base.emails import Mail
    from undersigned.base.mailbox import Mailbox
    from undersigned.base.stack import Stack


class Claim:
    """The right to send an email. It decides what a crash between the email and its note does.

    If `take` only looks whether the email was noted, it is sent again: it may come twice, and is never lost. If `take`
    notes it already, it is not sent again: it may be lost, and never comes twice.
    """

    def take(self, stack: Stack) -> bool:
        """Return whether the email may be sent now."""
        raise NotImplementedError

    def note_sent(self, stack: Stack) -> None:
        """Note that the email left."""

    def note_failed(self, stack: Stack, error: Exception) -> None:
        """Note that SES did not take the email, or that its answer is lost, by the error of `Mailbox.send`."""


def send_once(stack: Stack, mailbox: Mailbox, claim: Claim, write: Callable[[], Mail]) -> bool:
    """Write an email and send it, if it may still be sent. Return whether it left.

    Raises the errors of `write` and of `Mailbox.send`, and UncertainError if it left and that can't be noted.
    """
    if not claim.take(stack):
        return False
    try:
        mailbox.send(write())
    except Exception as error:
        claim.note_failed(stack, error)
        raise
    try:
        claim.note_sent(stack)
    except Exception as error:
        message = "the email left, and the table did not take that"
        raise UncertainError(message) from error
    return True
