"""What goes wrong, as an organizer's program reads it: an HTTP status, a title and the way out."""

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
    Message("Page not found"),
    Message("/openapi.json lists every address."),
)


def problem_of(error: UndersignedError) -> Problem:  # noqa: PLR0911  (a table)
    """Return the problem that a request brought about; raises any other error again."""
    match error:
        case RequestError():
            return Problem(error.status, error.title, error.detail)
        case KeyRefusedError():
            return Problem(
                401,
                Message("A key is missing or wrong"),
                Message(
                    "Send `Authorization: Bearer <key>` with a key of this campaign. "
                    "`undersigned key create` creates one."
                ),
            )
        case ScopeError():
            return Problem(
                403,
                Message("This key can only read"),
                Message("Use a key with the scope `manage`. `undersigned key create --scope manage` creates one."),
            )
        case TooManyRefusalsError():
            return Problem(
                429,
                Message("Just a moment"),
                Message.counted(
                    "Too many wrong keys came from your network. Wait %(seconds)s second, then try again.",
                    "Too many wrong keys came from your network. Wait %(seconds)s seconds, then try again.",
                    error.seconds,
                    {"seconds": error.seconds},
                ),
                retry_after=error.seconds,
            )
        case NotFoundError():
            return Problem(404, Message("Page not found"), Message("%(reason)s.", {"reason": str(error)}))
        case NotNowError() | UnderWayError() | TooManyLettersError() | NotReadyError():
            return Problem(409, Message("This can’t be done now"), error.message)
        case ChangedError() | ThrottledError():
            return Problem(503, Message("Just a moment"), Message("Send the request again."), retry_after=1)
        case _:
            raise error
