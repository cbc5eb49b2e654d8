"""Errors as signers read them: an HTTP status, what is wrong and what to do."""

from __future__ import annotations

from undersigned.base.errors import (
    ChangedError,
    DamagedRowsError,
    FileMissingError,
    FormError,
    NotFoundError,
    PacketErasedError,
    PacketNotReadyError,
    ThrottledError,
    TokenError,
    TokenExpiredError,
    UndersignedError,
)
from undersigned.base.languages import Message
from undersigned.base.posted import RequestError
from undersigned.base.typos import MistypedError
from undersigned.services.delivering.office import AnotherMailboxError
from undersigned.services.signing.abuse_checks import BusyError
from undersigned.services.signing.signing import (
    ClosedError,
    ExpiredError,
)
from undersigned.web.answers import DAMAGED_ROW, FILE_MISSING, Problem

NO_ROUTE = Problem(
    404,
    Message("Page not found"),
    Message("Check the web address."),
)


def problem_of(  # noqa: C901, PLR0911, PLR0912  (a table)
    error: UndersignedError, *, can_sign: bool = False
) -> Problem:
    """Return what a signer reads about an error. Any other error is raised unchanged.

    `can_sign` says whether people can sign the letter that the error is about, if that is known.
    """
    match error:
        case RequestError():
            return Problem(error.status, error.title, error.detail)
        case ClosedError():
            return Problem(
                409,
                Message("You can’t sign this letter now"),
                Message("The letter’s page shows when you can sign it."),
            )
        case MistypedError():
            return Problem(
                422,
                Message("Check your email address"),
                Message("Did you mean %(address)s?", {"address": error.meant})
                if error.meant
                else Message("The domain of this address takes no email."),
            )
        case BusyError():
            return Problem(429, Message("Just a moment"), wait_for(error), retry_after=error.seconds)
        case ExpiredError():
            return Problem(
                410,
                Message("This letter was deleted"),
                Message("It was not confirmed within 14 days. You can sign again on the letter’s page.")
                if can_sign
                else Message("It was not confirmed within 14 days."),
            )
        case TokenExpiredError():
            return Problem(
                410,
                Message("This link has expired"),
                Message("Sign again, or reply to the email to reach the organizer.")
                if can_sign
                else Message("To reach the organizer, reply to the email."),
            )
        case TokenError():
            return Problem(
                404,
                Message("This link is not complete"),
                Message("Part of it may be missing. Open the link in the email again, or copy all of it."),
            )
        case AnotherMailboxError():
            return Problem(
                409,
                Message("This link only shows what was sent"),
                Message(
                    "The letters no longer go to the address that got this link. If another address gets them, open "
                    "the link in the newest email there."
                ),
            )
        case DamagedRowsError():
            return DAMAGED_ROW
        case PacketErasedError():
            return Problem(410, Message("This packet was deleted"), error.message)
        case PacketNotReadyError():
            return Problem(409, Message("This packet is not ready"), error.message)
        case FileMissingError():
            return FILE_MISSING
        case NotFoundError():
            return NO_ROUTE
        case ChangedError() | ThrottledError():
            return Problem(
                503, Message("Just a moment"), Message("Send the form again. Nothing is lost."), retry_after=1
            )
        case _:
            raise error


def form_errors(error: FormError) -> Problem:
    """Return a form's errors, for a program."""
    return Problem(
        422,
        Message("There is a problem"),
        Message("Correct the fields in the list, then send the form again."),
        errors=error.errors,
    )


def wait_for(error: BusyError) -> Message:
    """Tell a signer in a busy network how long to wait."""
    return Message.counted(
        "Many people are signing from your network. Wait %(seconds)s second, then send the form again. "
        "What you typed is kept.",
        "Many people are signing from your network. Wait %(seconds)s seconds, then send the form again. "
        "What you typed is kept.",
        error.seconds,
        {"seconds": error.seconds},
    )
