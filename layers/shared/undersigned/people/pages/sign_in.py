"""The pages on which somebody signs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.languages import Message, number
from undersigned.people.dashboard_frame import render_framed

if TYPE_CHECKING:
    from undersigned.base.page import Page

NO_CODE = Message(
    "This code doesn’t work any more. A code works once, for 15 minutes and five tries. Ask for a new email. After 20 "
    "wrong codes in a day, no emailed code works until midnight UTC. To sign in sooner, ask the person who runs the "
    "system for a link."
)


def sign_in_page(language: str, *, mistake: str | None = None, email: str = "", typed: str = "") -> Page:
    """Render the form for an address, with its mistake and the address as it was typed.

    `typed` is the sealed text of a form whose session was over.
    """
    return render_framed("people/pages/sign_in.html", language, mistake=mistake, email=email, typed=typed)


def code_page(language: str, address: str, *, tries_left: int | None = None, typed: str = "") -> Page:
    """Render the form for the code, at the address of its request.

    `tries_left` is the number of tries after a wrong code. For `typed`, see `sign_in_page`.
    """
    error = None
    if tries_left is not None:
        error = Message.counted(
            "This is not the code. You can try %(count)s more time.",
            "This is not the code. You can try %(count)s more times.",
            tries_left,
            {"count": number(tries_left, language)},
        ).in_language(language)
    return render_framed("people/pages/code.html", language, here=address, error=error, typed=typed)
