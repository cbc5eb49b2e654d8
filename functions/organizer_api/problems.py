"""Errors as organizers read them, in the API and on the dashboard: an HTTP status, what is wrong and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from undersigned.authoring.mistakes import MistakesError, TooMuchError
from undersigned.base.errors import (
    ChangedError,
    DamagedRowsError,
    ExplainedError,
    FieldError,
    FileMissingError,
    GivenError,
    NotFoundError,
    NotNowError,
    PacketErasedError,
    PacketNotReadyError,
    ThrottledError,
    TooManyLettersError,
    UndersignedError,
)
from undersigned.base.languages import Message
from undersigned.base.posted import UNREADABLE_REQUEST, RequestError
from undersigned.domain.authoring.drafts import DraftFilesError
from undersigned.people.access import KeyRefusedError, KeyScopeError, ScopeError, TooManyRefusalsError
from undersigned.people.membership import PeopleError
from undersigned.services.authoring.drafting import NotSavedError
from undersigned.services.counting.exporting import NotReadyError
from undersigned.services.signing.abuse_checks import BusyError
from undersigned.services.signing.erasing import UnderWayError
from undersigned.web.answers import DAMAGED_ROW, FILE_MISSING, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.scopes import Scope

_WHO_MAY: Mapping[Scope, Message] = {
    "read": Message("Ask an owner of the campaign to invite you."),
    "manage": Message(
        "To see letters or change anything, you must be an editor or an owner of the campaign. Ask an owner."
    ),
    "own": Message("Only owners can do this. Ask an owner of the campaign, or the person who runs the system."),
}

_MOST_MISTAKES = 100

NO_ROUTE = Problem(
    404,
    Message("Page not found"),
    Message("/openapi.json lists every address."),
)

NO_PAGE = Problem(404, NO_ROUTE.title, Message("Check the web address."))
"""A page for a browser, instead of the document."""


def problem_of(error: UndersignedError) -> Problem:  # noqa: C901, PLR0911, PLR0912  (a table)
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
        case KeyScopeError():
            return Problem(
                403,
                Message("This key may not read this"),
                Message(
                    "Use a key with the scope `%(scope)s`. `undersigned key create --scope %(scope)s` creates one.",
                    {"scope": error.needed},
                ),
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
        case FileMissingError():
            return FILE_MISSING
        case DamagedRowsError():
            return DAMAGED_ROW
        case NotFoundError():
            return Problem(404, Message("Page not found"), Message("%(reason)s.", {"reason": str(error)}))
        case GivenError() | DraftFilesError():
            return Problem(400, UNREADABLE_REQUEST, error.message)
        case NotSavedError() | TooMuchError():
            [mistake, *_] = error.mistakes
            return Problem(
                422,
                Message("This is too much"),
                Message("%(file)s: %(mistake)s. Nothing was saved.", {"file": mistake.file, "mistake": mistake.says}),
            )
        case MistakesError():
            return _mistakes(error)
        case PeopleError() | NotNowError() | UnderWayError() | TooManyLettersError() | NotReadyError():
            return Problem(409, Message("This can’t be done now"), error.message)
        case ChangedError() | ThrottledError():
            return Problem(503, Message("Just a moment"), Message("Send the request again."), retry_after=1)
        case _:
            raise error


def _mistakes(error: MistakesError) -> Problem:
    """Name the first mistakes, each with its file and line as the field."""
    errors = tuple(
        FieldError(
            mistake.file if mistake.line is None else f"{mistake.file}:{mistake.line}",
            mistake.says,
        )
        for mistake in error.mistakes[:_MOST_MISTAKES]
    )
    return Problem(
        422,
        Message("The draft has mistakes"),
        Message.counted(
            "%(count)s mistake. Correct it, and try again. Nothing was published.",
            "%(count)s mistakes. Correct them, and try again. Nothing was published.",
            len(error.mistakes),
            {"count": len(error.mistakes)},
        ),
        errors,
    )


def dashboard_problem_of(error: UndersignedError) -> Problem:
    """Return what the dashboard says about an error. Any other error is raised unchanged."""
    match error:
        case BusyError():
            return Problem(
                429,
                Message("Just a moment"),
                Message.counted(
                    "Your network asked too often. Wait %(seconds)s second, then ask again.",
                    "Your network asked too often. Wait %(seconds)s seconds, then ask again.",
                    error.seconds,
                    {"seconds": error.seconds},
                ),
                retry_after=error.seconds,
            )
        case ScopeError():
            return Problem(403, Message("You may not do this"), _WHO_MAY[error.needed])
        case NotFoundError():
            return NO_PAGE
        case MistakesError():
            return Problem(
                422,
                Message("Something is left to do"),
                Message("Nothing was saved or published. Each step of the campaign says what is left."),
            )
        case RequestError() | ExplainedError():
            return replace(problem_of(error), detail=error.on_page)
        case _:
            return problem_of(error)
