"""A signer's letter, behind the links in their emails: confirm it, find it, withdraw it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.errors import ThrottledError, UndersignedError
from undersigned.base.languages import Message
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.counts import public_count
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import SignatureStateError

if TYPE_CHECKING:
    from undersigned.base.errors import Reader
    from undersigned.base.links import Link
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.counts import Count
    from undersigned.signing.rules.forms import Form, FormOrLetter
    from undersigned.signing.rules.signatures import Signature


class ExpiredError(UndersignedError):
    """The form was not confirmed in time or is gone; carries the campaign's id.

    `can_sign` says whether people can sign the campaign's letter, if that is known.
    """

    status = 410
    title = Message("This letter was deleted")
    can_sign = False

    def __init__(self, campaign: str) -> None:
        """Keep the campaign's id."""
        super().__init__("the letter was not confirmed within 14 days")
        self.campaign = campaign

    def detail_for(self, _reader: Reader) -> Message:
        """Offer to sign again if people can."""
        if self.can_sign:
            return Message("It was not confirmed within 14 days. You can sign again on the letter’s page.")
        return Message("It was not confirmed within 14 days.")


@dataclass(frozen=True, slots=True)
class LinkedLetter:
    """The letter that a link leads to, or the form that waits.

    `is_of_other_words` says that the letter was confirmed by another email's link, with other words. `count` is the
    public count with a letter that was just confirmed.
    """

    signature: FormOrLetter
    link: Link
    is_of_other_words: bool = False
    count: Count | None = None


def to_confirm(stack: Stack, token: str) -> LinkedLetter:
    """Return the form that a confirmation link names. Changes nothing.

    Once the form can't be confirmed, return the signer's letter. Raises TokenError, ExpiredError.
    """
    link = stack.links.read("confirm", token)
    form, row = _form_of(stack, link), _row_of(stack, link)
    return LinkedLetter(form, link) if form and form.can_follow(row) else _confirmed(link, row)


def confirm(stack: Stack, token: str, *, counted: bool = True) -> LinkedLetter:
    """Confirm the letter with the words of the form that a link names, in one write. Doing it twice is harmless.

    A letter that is confirmed already keeps its words. If it is `counted`, the answer has the public count with it.
    Raises TokenError, ExpiredError.
    """
    link = stack.links.read("confirm", token)
    # In this order: the tally may count the letter right after it is confirmed.
    before = _count_before(stack, link["campaign"]) if counted else None
    row = _confirm(stack, link)
    letter = _confirmed(link, row)
    if before is None or row is None or row.status != "confirmed" or letter.is_of_other_words:
        return letter
    # If the row was not counted yet, the count can't have it, whenever the tally runs.
    uncounted = 0 if row.tallied else 1
    return replace(letter, count=replace(before, signatures=before.signatures + uncounted))


def _count_before(stack: Stack, campaign: str) -> Count | None:
    """Return the public count; None while it is throttled, which must not keep anyone from confirming."""
    try:
        return public_count(stack, campaign, fresh=True)
    except ThrottledError:
        return None


def _confirm(stack: Stack, link: Link) -> Signature | None:
    """Confirm the form of a link if that is possible, and return the signer's row; None if there is none."""
    form = _form_of(stack, link)
    if form is None:
        return _row_of(stack, link)
    now = stack.clock()
    today = catalog_of(stack).entry(link["campaign"]).campaign.local(now).date()
    try:
        return Signatures(stack.table).confirm(form, at=now, on=today)
    except SignatureStateError as error:
        return error.signature


def _form_of(stack: Stack, link: Link) -> Form | None:
    """Return the form that a confirmation link names; None once it is gone or its time is over."""
    form = Forms(stack.table).form(link["campaign"], link["signer"], link["form"])
    return None if form is None or form.has_expired(stack.clock()) else form


def _row_of(stack: Stack, link: Link) -> Signature | None:
    return Signatures(stack.table).signature(link["campaign"], link["signer"])


def _confirmed(link: Link, row: Signature | None) -> LinkedLetter:
    """Return the signer's letter behind a confirmation link, as it was confirmed, withdrawn or erased.

    A letter that ended before the link was made is another one. The link's own was not confirmed in time.
    """
    if row and row.ended_at and row.ended_at < link.issued_at and not row.is_disowned(link.issued_at):
        raise ExpiredError(link["campaign"])
    letter = _letter(link, row)
    is_of_other_words = letter.signature.status == "confirmed" and letter.signature.form != link["form"]
    return replace(letter, is_of_other_words=is_of_other_words)


def signed_letter(stack: Stack, token: str) -> LinkedLetter:
    """Return the letter of the link to a signer's own page. Raises TokenError, ExpiredError."""
    link = stack.links.read("letter", token)
    return _letter(link, _row_of(stack, link))


def withdraw(stack: Stack, token: str) -> LinkedLetter:
    """Withdraw a letter unless it is sealed, and return it. Raises TokenError, ExpiredError."""
    link = stack.links.read("letter", token)
    try:
        row = Signatures(stack.table).withdraw(link["campaign"], link["signer"], stack.clock())
    except SignatureStateError as error:
        return _letter(link, error.signature)
    # Otherwise the same form, sent again, would be there already and get no email.
    Forms(stack.table).delete(row.campaign, row.signer, row.form)
    return LinkedLetter(row, link)


def end_news(stack: Stack, token: str) -> LinkedLetter:
    """End the signer's consent to news, and return the letter. Doing it twice keeps the first moment.

    Raises TokenError, ExpiredError.
    """
    link = stack.links.read("letter", token)
    row = _row_of(stack, link)
    if row and row.agreed_at:
        try:
            row = Signatures(stack.table).end_news(row, stack.clock())
        except SignatureStateError as error:
            row = error.signature
    return _letter(link, row)


def _letter(link: Link, row: Signature | None) -> LinkedLetter:
    if row is None:
        raise ExpiredError(link["campaign"])
    return LinkedLetter(row, link)
