"""The approval link: a period that waits for an approval, and the button that approves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.organizer_api import wired
from undersigned.domain.errors import GivenError, NotFoundError, NotNowError, TokenError, TokenExpiredError
from undersigned.domain.languages import Message
from undersigned.web import security_log
from undersigned.web.answers import Problem, moved, page, problem
from undersigned.web.delivering.approval import approval_page
from undersigned.web.organizer_requests import posted_look
from undersigned.web.posted import UNREADABLE_REQUEST, RequestError
from undersigned.web.reader import language_for

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

_TOO_OLD = Problem(
    410,
    Message("This link has expired"),
    Message("It worked for 14 days. If letters are still waiting, the next email that asks you has a new link."),
)
_NOT_HERE = Problem(
    404,
    Message("This link is not complete"),
    Message("Part of it may be missing. Open the link in the email again, or copy all of it."),
)


@router.get("/organizer/approve/<token>")
def show(token: str) -> Response[str]:
    """Show what the approval would send. Changes nothing, because email scanners follow links."""
    try:
        return page(approval_page(wired.stack.delivering.approving.period(token), token))
    except (TokenError, NotFoundError) as error:
        return _answer(error, "show")


@router.post("/organizer/approve/<token>")
def approve(token: str) -> Response[str]:
    """Approve what the page showed, and queue its deliveries. Doing it twice has no further effect."""
    try:
        wired.stack.delivering.approving.approve(token, posted_look(router.current_event))
    except (TokenError, NotFoundError, NotNowError, GivenError, RequestError) as error:
        return _answer(error, "approve")
    return moved(f"/organizer/approve/{token}")


def _answer(error: TokenError | NotFoundError | NotNowError | GivenError | RequestError, route: str) -> Response[str]:
    if isinstance(error, TokenError):
        security_log.refused(error, "approval link", route=route)
    if isinstance(error, RequestError):
        found = Problem(error.status, error.title, error.on_page)
    elif isinstance(error, GivenError):
        found = Problem(400, UNREADABLE_REQUEST, error.on_page)
    elif isinstance(error, NotNowError):
        found = Problem(410, Message("This can’t be done now"), error.on_page)
    else:
        found = _TOO_OLD if isinstance(error, TokenExpiredError) else _NOT_HERE
    return problem(found, language_for(router.current_event), as_json=False)
