"""Errors that a person can correct. Each says what is wrong and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.domain.languages import Message

LOAD_AGAIN = Message("Go back, load the page again, and try once more.")
"""For a request that no page of ours makes."""


class UndersignedError(Exception):
    """Base of every error that this product raises on purpose."""


class ExplainedError(UndersignedError):
    """An error with a message that people read in their language. A page says it `plainly`, if that differs."""

    def __init__(self, message: Message, plainly: Message | None = None) -> None:
        """Keep the message, and the words for a page."""
        super().__init__(str(message))
        self.message = message
        self.on_page = plainly or message


class GivenError(ExplainedError):
    """A value that an organizer gave can't be used; says why, and what to give instead."""


class AnswerError(ExplainedError, ValueError):
    """One answer of a form is wrong; carries what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of a form, with what is wrong and what to do."""

    field: str
    message: Message


class FormError(UndersignedError):
    """Some fields of a form must be corrected; carries all of them."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        """Keep the errors of all fields, in the form's order."""
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


class NotFoundError(UndersignedError):
    """There is no such campaign, target, letter or packet."""


class TokenError(UndersignedError):
    """A link's token is forged or incomplete."""


class TokenExpiredError(TokenError):
    """A link's token is valid but too old; carries the campaign's id if it is a signer's link."""

    def __init__(self, campaign: str | None = None) -> None:
        """Keep the campaign's id."""
        super().__init__("the link is too old")
        self.campaign = campaign


class LetterError(UndersignedError):
    """A letter's template cannot be rendered, or is not the one that was signed."""


class PacketErasedError(ExplainedError):
    """Every letter in the packet was erased, or their time was over. There is nothing left to show."""


class PacketNotReadyError(ExplainedError):
    """A letter in the packet was erased, and the packet is being typeset again without it."""


class TooManyLettersError(ExplainedError):
    """More letters are waiting than can be typeset while a person waits for them."""

    def __init__(self, letters: int, most: int) -> None:
        """Keep how many letters are waiting and the limit."""
        values = {"letters": f"{letters:,}", "most": f"{most:,}"}
        super().__init__(
            Message(
                "%(letters)s letters are waiting, too many to preview here (%(most)s at most). "
                "`undersigned deliver CAMPAIGN --preview DIR` writes them all.",
                values,
            ),
            plainly=Message(
                "%(letters)s letters are waiting, too many to preview here (%(most)s at most). All of them are sent.",
                values,
            ),
        )
        self.letters = letters
        self.most = most
