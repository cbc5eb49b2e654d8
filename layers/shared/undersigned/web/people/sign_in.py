"""The pages on which somebody signs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.domain.languages import Message, number
from undersigned.web.dashboard_frame import render_framed

if TYPE_CHECKING:
    from undersigned.web.page import Page


def sign_in_page(language: str, *, by_email: str | None = None, email: str = "", typed: str = "") -> Page:
    """Render the form for an address, with its mistake and the address as it was typed.

    `typed` is the sealed text of a form whose session was over.
    """
    return render_framed("dashboard_sign_in.html", language, by_email=by_email, email=email, typed=typed)


def code_page(language: str, *, tries_left: int | None = None, typed: str = "") -> Page:
    """Render the form for the code; after a wrong code, with the number of tries left. For `typed`: see above."""
    error = None
    if tries_left is not None:
        error = Message.counted(
            "This is not the code. You can try %(count)s more time.",
            "This is not the code. You can try %(count)s more times.",
            tries_left,
            {"count": number(tries_left, language)},
        ).in_language(language)
    return render_framed("dashboard_code.html", language, error=error, typed=typed)


def link_page(language: str, address: str) -> Page:
    """Render the button of a link in an email."""
    return render_framed("dashboard_link.html", language, address=address)


def other_browser_page(language: str) -> Page:
    """Render the way out for a link that another browser asked for."""
    return _no_way_in(
        language,
        Message("Open this link where you asked for it"),
        Message(
            "It works only in the browser in which you asked for the email. Open it there, or type the six digits of "
            "the email there. To sign in here, ask for a new email."
        ),
    )


EXPIRED = Message("It works once, for 15 minutes, and for five tries. Ask for a new email.")


def expired_page(language: str) -> Page:
    """Render the way out for a link or a code that works no more."""
    return _no_way_in(language, Message("This link or code doesn’t work any more"), EXPIRED)


def _no_way_in(language: str, title: Message, detail: Message) -> Page:
    return render_framed(
        "dashboard_no_way_in.html",
        language,
        title=title.in_language(language),
        detail=detail.in_language(language),
    )
