"""Errors as signers read them: an HTTP status, a title and the way out."""

from __future__ import annotations

from undersigned.domain.errors import FormError, NotFoundError, TokenError, TokenExpiredError, UndersignedError
from undersigned.domain.languages import Message
from undersigned.services.abuse_checks import BusyError
from undersigned.services.ports import ChangedError, ThrottledError
from undersigned.services.signing import ClosedError, ExpiredError
from undersigned.web.answers import Problem
from undersigned.web.posted import RequestError

NO_ROUTE = Problem(
    404,
    Message("This page is not here"),
    Message("Check the address. A letter’s page is at /campaigns/ and its name."),
)


def problem_of(error: UndersignedError) -> Problem:  # noqa: PLR0911  (a table)
    """Return what the person reads of an error. Any other error is raised unchanged."""
    match error:
        case RequestError():
            return Problem(error.status, error.title, error.detail)
        case ClosedError():
            return Problem(
                409,
                Message("This letter can’t be signed now"),
                Message("The days of signing stand on the letter’s page."),
            )
        case BusyError():
            return Problem(429, Message("Just a moment"), wait_for(error), retry_after=error.seconds)
        case ExpiredError():
            return Problem(
                410,
                Message("This letter is no longer here"),
                Message(
                    "It was not confirmed within 14 days, so it was deleted. "
                    "You can sign it again on the letter’s page."
                ),
            )
        case TokenExpiredError():
            return Problem(
                410,
                Message("This link no longer works"),
                Message(
                    "Links in mails work for a limited time. Sign again, or answer the mail to reach the organizer."
                ),
            )
        case TokenError():
            return Problem(
                404,
                Message("This link is not complete"),
                Message(
                    "Part of it may be missing. Open the link in the mail again, or copy the whole address from there."
                ),
            )
        case NotFoundError():
            return Problem(404, Message("This page is not here"), Message("Check the address, letter by letter."))
        case ChangedError() | ThrottledError():
            return Problem(
                503, Message("Just a moment"), Message("Send the form once more; nothing was lost."), retry_after=1
            )
        case _:
            raise error


def form_errors(error: FormError) -> Problem:
    """Return a form's errors for a program."""
    return Problem(
        422,
        Message("The form has errors"),
        Message("Mend each field that is named, and send the form again."),
        errors=error.errors,
    )


def wait_for(error: BusyError) -> Message:
    """Tell somebody in a crowded network what to do."""
    return Message(
        "Very many people are signing from your network, such as a school’s or a library’s. Nothing that you typed "
        "is lost: wait %(seconds)s seconds, then send the form once more.",
        {"seconds": error.seconds},
    )
