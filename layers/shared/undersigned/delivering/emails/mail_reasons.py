"""Why an email didn't arrive, in the words of pages and reports. The API and the rows keep SES's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.languages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFUSED = Message("the mail server refused it for good, most often because there is no such mailbox")
_BOUNCED_BEFORE = Message("emails to this address bounced before, so our email service sent none")

_WORDS: Mapping[str, Message] = {
    "Permanent bounce, General": _REFUSED,
    "Permanent bounce, NoEmail": _REFUSED,
    "Permanent bounce, Suppressed": _BOUNCED_BEFORE,
    "Permanent bounce, OnAccountSuppressionList": _BOUNCED_BEFORE,
    "Transient bounce, MailboxFull": Message("the mailbox is full"),
    "Transient bounce, MessageTooLarge": Message("the email is too large for the mail server"),
    "Transient bounce, ContentRejected": Message("the mail server refused the email for what it contains"),
    "Transient bounce, AttachmentRejected": Message("the mail server refused the email for its attachment"),
    "complaint, abuse": Message("it was reported as unwanted"),
}
"""By the reason that `feedback.py` reads.

Source: "Bounce types" and "Complaint object", SES developer guide.
"""


def in_words(reason: str | None, language: str) -> str | None:
    """Return a reason in words that people know; a reason without such words stays as it is."""
    words = _WORDS.get(reason or "")
    return words.in_language(language) if words else reason
