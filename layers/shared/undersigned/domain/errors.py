"""Errors that a person can mend, each with what is wrong and the way out."""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.domain.languages import Message


class UndersignedError(Exception):
    """Base of every error that this product raises on purpose."""


class ExplainedError(UndersignedError):
    """An error with a message that people read in their language."""

    def __init__(self, message: Message) -> None:
        """Keep the message."""
        super().__init__(str(message))
        self.message = message


class AnswerError(ExplainedError, ValueError):
    """One answer of a form can't stand; carries what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of a form, what is wrong with it and what to do."""

    field: str
    message: Message


class FormError(UndersignedError):
    """A form has fields that must be mended; carries all of them at once."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        """Keep every field's error, in the form's order."""
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


class NotFoundError(UndersignedError):
    """There is no such campaign, target, letter or packet."""


class TokenError(UndersignedError):
    """A link's token is forged or cut."""


class TokenExpiredError(TokenError):
    """A link's token is good but too old."""


class LetterError(UndersignedError):
    """A letter's template cannot be rendered."""


class TooManyLettersError(ExplainedError):
    """More letters are waiting than can be typeset while somebody waits for it."""

    def __init__(self, letters: int, most: int) -> None:
        """Keep how many wait and how many there may be."""
        super().__init__(
            Message(
                "%(letters)s letters are waiting, too many to preview here (%(most)s at most). "
                "`undersigned deliver CAMPAIGN --preview DIR` writes them all.",
                {"letters": f"{letters:,}", "most": f"{most:,}"},
            )
        )
        self.letters = letters
        self.most = most
