"""Errors as organizers read them, in the API and on the dashboard: an HTTP status, what is wrong and what to do."""

from __future__ import annotations

from undersigned.domain.errors import NotFoundError, TooManyLettersError, UndersignedError
from undersigned.domain.languages import Message
from undersigned.services.access import KeyRefusedError, ScopeError, TooManyRefusalsError
from undersigned.services.delivery_controls import NotNowError
from undersigned.services.erasing import UnderWayError
from undersigned.services.exporting import NotReadyError
from undersigned.services.packet_files import PacketErasedError, PacketNotReadyError
from undersigned.services.ports import ChangedError, ThrottledError
from undersigned.web.answers import Problem
from undersigned.web.posted import RequestError

NO_ROUTE = Problem(
    404,
    Message("Page not found"),
    Message("/openapi.json lists every address."),
)


def problem_of(error: UndersignedError) -> Problem:  # noqa: PLR0911  (a table)
    """Return what the API says about an error. Any other error is raised unchanged."""
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
                    "This key is wrong, and was sent too often. Wait %(seconds)s second, then send the right key.",
                    "This key is wrong, and was sent too often. Wait %(seconds)s seconds, then send the right key.",
                    error.seconds,
                    {"seconds": error.seconds},
                ),
                retry_after=error.seconds,
            )
        case PacketErasedError():
            return Problem(410, Message("This packet was deleted"), error.message)
        case PacketNotReadyError():
            return Problem(409, Message("This packet is not ready"), error.message)
        case NotFoundError():
            return Problem(404, Message("Page not found"), Message("%(reason)s.", {"reason": str(error)}))
        case NotNowError() | UnderWayError() | TooManyLettersError() | NotReadyError():
            return Problem(409, Message("This can’t be done now"), error.message)
        case ChangedError() | ThrottledError():
            return Problem(503, Message("Just a moment"), Message("Send the request again."), retry_after=1)
        case _:
            raise error


def dashboard_problem_of(error: UndersignedError) -> Problem:
    """Return what the dashboard says about an error. Any other error is raised unchanged."""
    match error:
        case KeyRefusedError():
            return Problem(
                401,
                Message("A key is missing or wrong"),
                Message(
                    "This key doesn’t open this campaign. Check both. The key may also have expired, or been revoked."
                ),
            )
        case ScopeError():
            return Problem(
                403,
                Message("This key can only read"),
                Message(
                    "To see letters or change anything, you need a key that can manage the campaign. "
                    "Sign out, then sign in with that key."
                ),
            )
        case NotFoundError():
            return Problem(404, Message("Page not found"), Message("Check the web address."))
        case _:
            return problem_of(error)
