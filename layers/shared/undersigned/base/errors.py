"""Errors that the product raises on purpose. Those that a person can correct say what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.base.languages import Message

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


class NotNowError(ExplainedError):
    """This can't be done now; says why not, and the way out."""


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


class ChangedError(UndersignedError):
    """Another process changed the item since it was read, or a transaction on it was running. Read it again."""


class BundleTakenError(UndersignedError):
    """A bundle with this number exists. Read the bundles again."""


class LettersNotWaitingError(UndersignedError):
    """Some letters are no longer in the tray (withdrawn or sealed); carries their signers."""

    def __init__(self, signers: tuple[str, ...]) -> None:
        """Keep the signers whose letters are not waiting."""
        super().__init__(f"{len(signers)} letters are no longer in the tray")
        self.signers = signers


class DamagedRowsError(UndersignedError):
    """Rows can't be read, because something other than this program wrote them; carries their names."""

    def __init__(self, *rows: str) -> None:
        """Keep the names."""
        super().__init__(f"these rows are damaged: {', '.join(rows)}; docs/runbook.md says how to repair one")
        self.rows = rows


class ThrottledError(UndersignedError):
    """AWS throttled the call. Nothing was done; try again later."""


class SendingThrottledError(ThrottledError):
    """SES takes no email now, or could not be reached; nothing was sent."""


class UncertainError(UndersignedError):
    """SES's answer is lost, or it is an internal error: the email may have been sent."""


class MailRefusedError(UndersignedError):
    """SES refused the email, and would refuse it again; nothing was sent."""


class SendingStoppedError(MailRefusedError):
    """SES accepts no email until a person fixes the account or the sender's identity; nothing was sent."""


class FileMissingError(UndersignedError):
    """A file is not stored: the time to keep it is over, or it was not copied from another stack."""
