"""Errors that the product raises on purpose, and what people and programs read about each.

A class that a request can end with has an HTTP status, a title, and a detail that says what to do. Every other error
has the status 500: the function fails, and its alarm goes off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from undersigned.base.languages import Message

LOAD_AGAIN = Message("Go back, load the page again, and try once more.")
"""For a request that no page of ours makes."""

UNREADABLE_REQUEST = Message("We can’t read this request")
JUST_A_MOMENT = Message("Just a moment")

FAULT = 500
"""The status of an error that no answer explains."""

type Reader = Literal["signer", "organizer", "program"]
"""Who reads about an error: a signer or an office, an organizer on the dashboard, or a program that sends a key."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of a form, with what is wrong and what to do."""

    field: str
    message: Message


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem and its way out: an HTTP status, a title, a detail, and the fields that have errors.

    `retry_after` is in seconds.
    """

    status: int
    title: Message
    detail: Message
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None


class UndersignedError(Exception):
    """Base of every error that this product raises on purpose."""

    status: int = FAULT
    title: Message
    detail: Message
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None

    def detail_for(self, _reader: Reader) -> Message:
        """Return what is wrong and what to do, in the words for a reader."""
        return self.detail


def problem_of(error: UndersignedError, reader: Reader) -> Problem:
    """Return what a reader is told about an error. An error with the status 500 is raised unchanged."""
    if error.status == FAULT:
        raise error
    return Problem(error.status, error.title, error.detail_for(reader), error.errors, error.retry_after)


class ExplainedError(UndersignedError):
    """An error with a message for people. A page, in its reader's language, says it `plainly`, if that differs."""

    def __init__(self, message: Message, plainly: Message | None = None) -> None:
        """Keep the words for a page. The command line shows the message."""
        super().__init__(str(message))
        self.detail = plainly or message


class GivenError(ExplainedError):
    """A value that an organizer gave can't be used; says why, and what to give instead."""

    status = 400
    title = UNREADABLE_REQUEST


class NotNowError(ExplainedError):
    """This can't be done now; says why not, and the way out."""

    status = 409
    title = Message("This can’t be done now")


class AnswerError(ExplainedError, ValueError):
    """One answer of a form is wrong; carries what is wrong and what to do."""


class FormError(UndersignedError):
    """Some fields of a form must be corrected; carries all of them."""

    status = 422
    title = Message("There is a problem")
    detail = Message("Correct the fields in the list, then send the form again.")

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        """Keep the errors of all fields, in the form's order."""
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


class NotFoundError(UndersignedError):
    """There is no such campaign, target, letter or packet."""

    status = 404
    title = Message("Page not found")
    detail = Message("Check the web address.")

    def detail_for(self, reader: Reader) -> Message:
        """Tell a program what there is none of."""
        return Message("%(reason)s.", {"reason": str(self)}) if reader == "program" else self.detail


class TokenError(UndersignedError):
    """A link's token is forged or incomplete."""

    status = 404
    title = Message("This link is not complete")
    detail = Message("Part of it may be missing. Open the link in the email again, or copy all of it.")


class TokenExpiredError(TokenError):
    """A link's token is valid but too old; carries the campaign's id if it is a signer's link.

    `can_sign` says whether people can sign the campaign's letter, if that is known.
    """

    status = 410
    title = Message("This link has expired")
    can_sign = False

    def __init__(self, campaign: str | None = None) -> None:
        """Keep the campaign's id."""
        super().__init__("the link is too old")
        self.campaign = campaign

    def detail_for(self, _reader: Reader) -> Message:
        """Offer to sign again if people can."""
        if self.can_sign:
            return Message("Sign again, or reply to the email to reach the organizer.")
        return Message("To reach the organizer, reply to the email.")


class BusyError(UndersignedError):
    """One network posts more forms than people do, and must wait; carries how long, in seconds."""

    status = 429
    title = JUST_A_MOMENT

    def __init__(self, seconds: int) -> None:
        """Keep the seconds."""
        super().__init__(f"too many forms from one network; wait {seconds} s")
        self.retry_after = self.seconds = seconds

    def detail_for(self, reader: Reader) -> Message:
        """Say how long to wait."""
        if reader == "signer":
            return Message.counted(
                "Many people are signing from your network. Wait %(seconds)s second, then send the form again. "
                "What you typed is kept.",
                "Many people are signing from your network. Wait %(seconds)s seconds, then send the form again. "
                "What you typed is kept.",
                self.seconds,
                {"seconds": self.seconds},
            )
        return Message.counted(
            "Too many requests came from your network. Wait %(seconds)s second, then try again.",
            "Too many requests came from your network. Wait %(seconds)s seconds, then try again.",
            self.seconds,
            {"seconds": self.seconds},
        )


class LetterError(UndersignedError):
    """A letter's template cannot be rendered, or is not the template that was signed."""


class PacketErasedError(ExplainedError):
    """Every letter in the packet was erased, or their time was over. There is nothing left to show."""

    status = 410
    title = Message("This file was deleted")


class PacketNotReadyError(ExplainedError):
    """A letter in the packet was erased, and the packet is being typeset again without it."""

    status = 409
    title = Message("This file is not ready")


class TooManyLettersError(NotNowError):
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


class TryAgainError(UndersignedError):
    """The same request may succeed in a moment."""

    status = 503
    title = JUST_A_MOMENT
    retry_after = 1

    def detail_for(self, reader: Reader) -> Message:
        """Ask to send it again."""
        if reader == "signer":
            return Message("Send the form again. Nothing is lost.")
        return Message("Send the request again.")


class ChangedError(TryAgainError):
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
    """Rows can't be read, because something other than this program wrote them; carries their names.

    A person has to repair them.
    """

    status = 503
    title = Message("The mistake is on our side")
    detail = Message(
        "A record that this page needs can’t be read, so trying again doesn’t help. The people who run this system "
        "have been told. If you pressed a button, it may have had no effect."
    )
    retry_after = 3600

    def __init__(self, *rows: str) -> None:
        """Keep the names."""
        super().__init__(f"these rows are damaged: {', '.join(rows)}; docs/runbook.md says how to repair one")
        self.rows = rows


class ThrottledError(TryAgainError):
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

    status = 410
    title = Message("This file is not stored")
    detail = Message(
        "The time to keep its file is over, or the file was not copied when the campaign moved to another system."
    )
