"""What goes wrong, as the person reads it: an HTTP status, a title and the way out."""

from __future__ import annotations

from undersigned.domain.errors import NotFoundError, TokenError, TokenExpiredError, UndersignedError
from undersigned.http.posted import RequestError
from undersigned.services.ports import ChangedError
from undersigned.services.signing import ClosedError, ExpiredError


def problem_of(error: UndersignedError) -> tuple[int, str, str]:  # noqa: PLR0911  (a table)
    """Return status, title and detail of an error that a request brought about; raises any other error again."""
    match error:
        case RequestError():
            return error.status, error.title, str(error)
        case ClosedError():
            return 409, "This letter can’t be signed now", "The days of signing stand on the letter’s page."
        case ExpiredError():
            return (
                410,
                "This letter is no longer here",
                "It was not confirmed within 14 days, so it was deleted. You can sign it again on the letter’s page.",
            )
        case TokenExpiredError():
            return (
                410,
                "This link no longer works",
                "Links in mails work for a limited time. Sign again, or answer the mail to reach the organizer.",
            )
        case TokenError():
            return (
                404,
                "This link is not complete",
                "Part of it may be missing. Open the link in the mail again, or copy the whole address from there.",
            )
        case NotFoundError():
            return 404, "This page is not here", f"{error}. Check the address."
        case ChangedError():
            return 503, "Just a moment", "Send the form once more; nothing was lost."
        case _:
            raise error
