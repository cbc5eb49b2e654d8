"""The office's page, behind the link in its emails, and the public page behind the link on a cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.public_api import wired
from undersigned.base.answers import moved, page
from undersigned.base.posted import media_type, posted_values
from undersigned.delivering import office
from undersigned.delivering.pages.office import office_page, stopped_page

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

LONGEST_POST = 4096
"""The most bytes that an office's form posts."""


@router.get("/office/<token>")
def show_office(token: str) -> Response[str]:
    """Show an office what was sent to it. Changes nothing, because security gateways follow links."""
    return page(office_page(office.office(wired.stack, token), token))


@router.post("/office/<token>/received")
def receive(token: str) -> Response[str]:
    """Note that somebody at the office has the letters of a day, and show the page again. Twice is harmless."""
    period = posted_values(router.current_event, LONGEST_POST).get("period")
    office.receive(wired.stack, token, str(period))
    return moved(f"/office/{token}")


@router.post("/office/<token>/stop")
def stop(token: str) -> Response[str]:
    """Stop the emails to an office's mailbox: as its page asks, or with one click in an email program (RFC 8058).

    A link of a mailbox that gets no emails any more has nothing to stop, and its page says so.
    """
    # Of a click's body, which may be multipart/form-data, nothing is needed: the link says all.
    is_form = media_type(router.current_event) == "application/x-www-form-urlencoded"
    reason = posted_values(router.current_event).get("reason") if is_form else None
    try:
        return page(stopped_page(*office.stop(wired.stack, token, reason)))
    except office.AnotherMailboxError:
        return page(office_page(office.office(wired.stack, token), token))


@router.get("/office/<token>/stop")
def show_office_again(token: str) -> Response[str]:
    """Redirect a reload of the stop's page, and a person who opens the link of one click. Changes nothing."""
    wired.stack.links.read("office", token)
    return moved(f"/office/{token}")


@router.get("/packets-sent/<token>")
def show_cover(token: str) -> Response[str]:
    """Show anyone who reads a packet's cover what was sent to its office."""
    return page(office_page(office.cover(wired.stack, token)))
