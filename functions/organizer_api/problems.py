"""Errors as organizers read them, in the API and on the dashboard: an HTTP status, a title and the way out."""

from __future__ import annotations

from undersigned.domain.errors import NotFoundError, TooManyLettersError, UndersignedError
from undersigned.domain.languages import Message
from undersigned.services.access import KeyRefusedError, ScopeError, TooManyRefusalsError
from undersigned.services.delivery_controls import NotNowError
from undersigned.services.erasing import UnderWayError
from undersigned.services.exporting import NotReadyError
from undersigned.services.ports import ChangedError, ThrottledError
from undersigned.web.answers import Problem
from undersigned.web.posted import RequestError

NO_ROUTE = Problem(
    404,
    Message("There is nothing at this address"),
    Message("/openapi.json lists every address."),
)


def problem_of(error: UndersignedError) -> Problem:  # noqa: PLR0911  (a table)
    """Return what the API says of an error. Any other error is raised unchanged."""
    match error:
        case RequestError():
            return Problem(error.status, error.title, error.detail)
        case KeyRefusedError():
            return Problem(
                401,
                Message("This needs a key"),
                Message(
                    "Send `Authorization: Bearer <key>` with a key of this campaign; "
                    "`undersigned key create` makes one."
                ),
            )
        case ScopeError():
            return Problem(
                403,
                Message("This key may only read"),
                Message("Take a key with the scope `manage`; `undersigned key create --scope manage` makes one."),
            )
        case TooManyRefusalsError():
            return Problem(
                429,
                Message("Just a moment"),
                Message(
                    "Too many keys were refused to your network. Wait %(seconds)s seconds, then send a good one.",
                    {"seconds": error.seconds},
                ),
                retry_after=error.seconds,
            )
        case NotFoundError():
            return Problem(404, Message("There is nothing at this address"), _reason(error))
        case NotNowError() | UnderWayError() | TooManyLettersError() | NotReadyError():
            return Problem(409, Message("This can’t be done as things stand"), _reason(error))
        case ChangedError() | ThrottledError():
            return Problem(503, Message("Just a moment"), Message("Send the request again."), retry_after=1)
        case _:
            raise error


def dashboard_problem_of(error: UndersignedError) -> Problem:
    """Return what the dashboard says of an error. Any other error is raised unchanged."""
    match error:
        case KeyRefusedError():
            return Problem(
                401,
                Message("This needs a key"),
                Message(
                    "This campaign and this key do not go together. Check both; a key can also have expired, or have "
                    "been revoked."
                ),
            )
        case ScopeError():
            return Problem(
                403,
                Message("This key may only read"),
                Message(
                    "People’s letters, and what changes something, take a key that may manage. Sign out, and in with "
                    "one."
                ),
            )
        case _:
            return problem_of(error)


def _reason(error: UndersignedError) -> Message:
    return Message("%(reason)s.", {"reason": str(error)})
