"""The office's page, behind the link in its emails, and the public page behind the link on a cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import moved, page
from undersigned.base.posted import media_type, posted_values
from undersigned.base.routes import OpenRoutes
from undersigned.delivering import office
from undersigned.delivering.pages.office import office_page, stopped_page

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Request

routes = OpenRoutes()

LONGEST_POST = 4096
"""The most bytes that an office's form posts."""


@routes.get("/office/<token>")
def show_office(request: Request, token: str) -> Response[str]:
    """Show an office what was sent to it. Changes nothing, because security gateways follow links."""
    return page(office_page(office.office(request.stack, token), token))


@routes.post("/office/<token>/received")
def receive(request: Request, token: str) -> Response[str]:
    """Note that somebody at the office has the letters of a day, and show the page again. Twice is harmless."""
    period = posted_values(request.event, LONGEST_POST).get("period")
    office.note_received(request.stack, token, str(period))
    return moved(f"/office/{token}")


@routes.post("/office/<token>/stop")
def stop(request: Request, token: str) -> Response[str]:
    """Stop the emails to an office's mailbox: as its page asks, or with one click in an email program (RFC 8058).

    A link of a mailbox that gets no emails any more has nothing to stop, and its page says so.
    """
    # Of a click's body, which may be multipart/form-data, nothing is needed: the link says all.
    is_form = media_type(request.event) == "application/x-www-form-urlencoded"
    reason = posted_values(request.event).get("reason") if is_form else None
    try:
        return page(stopped_page(*office.stop_emails(request.stack, token, reason)))
    except office.AnotherMailboxError:
        return page(office_page(office.office(request.stack, token), token))


@routes.get("/office/<token>/stop")
def show_office_again(request: Request, token: str) -> Response[str]:
    """Redirect a reload of the stop's page, and a person who opens the link of one click. Changes nothing."""
    request.stack.links.read("office", token)
    return moved(f"/office/{token}")


@routes.get("/packets-sent/<token>")
def show_cover(request: Request, token: str) -> Response[str]:
    """Show anyone who reads a packet's cover what was sent to its office."""
    return page(office_page(office.cover(request.stack, token)))
