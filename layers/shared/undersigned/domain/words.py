"""Words: what one form says, and which of them an email's link confirms.

A signature row holds the words of one form. While they are pending, those of up to two other forms with the same email
address can wait beside them. The link in each email names its words, and confirms only those.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from undersigned.domain.signatures import copy_of, requested_at

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from undersigned.domain.signatures import Signature
    from undersigned.domain.tokens import SignerToken

MOST_WORDS = 3
"""How many forms of one signer can wait at the same time: the row's words, and those beside them."""

KEPT_FOR = timedelta(days=1)
"""How long waiting words give way to no others.

It is as many words as a person gets emails about a campaign in a day, so words without room would get no email anyway.
"""

SENT_AGAIN_WITHIN = timedelta(minutes=2)
"""The same words again within this time were sent twice (a double click, or a lost answer), and one email is enough."""

COPY_SENT_AGAIN_WITHIN = timedelta(minutes=15)
"""The same for one copy of the form, which `form.js` posts until it is answered, at least every 33 seconds.

A person who got no email and opens the form again has another copy. One who goes back to the old page waits this long.
"""

_EPOCH, _TICK = datetime.fromtimestamp(0, UTC), timedelta(microseconds=1)

_SAID = (
    "name", "email", "address_line", "locality", "region", "postal_code", "target", "signature", "note", "drawing",
    "updates", "letter", "target_version", "language",
)  # fmt: skip
"""What two forms that say the same have in common. They may be signed on different days."""


def words_id(signed_at: datetime) -> str:
    """Return the id of a form's words: the microsecond of signing. No two forms of one signer have the same."""
    return f"{(signed_at - _EPOCH) // _TICK:x}"


def signed_at_of(words: str) -> datetime:
    """Return when words were signed, by their id."""
    return _EPOCH + int(words, 16) * _TICK


def after_form(row: Signature | None, form: Signature, now: datetime) -> Signature:
    """Return a row that is not confirmed as a form leaves it. The form comes as the row that it would be alone.

    The newest words become the row's, but suspicious ones don't replace clean ones. The same words again take no room,
    and only wait longer; sent again at once, they change nothing. Words without room are dropped.
    """
    if row is None:
        return form
    # The clocks of two machines may differ.
    latest = max(words.signed_at for words in (row, *row.beside))
    form = replace(form, signed_at=max(form.signed_at, latest + _TICK))
    if row.status != "pending" or row.has_expired(now):
        return form
    own, beside = replace(row, beside=()), beside_still(row, now)
    waiting = sorted((own, *beside), key=_age)
    same = [words for words in (own, *beside) if _say_the_same(words, form)]
    # If a person repeats a bot's form, the bot's email is not enough. A person's form that comes again after a wave
    # began may look like a bot's.
    if any(_is_sent_again(row, words, form) and (form.quarantine or not words.quarantine) for words in same):
        return replace(row, version=form.version, beside=beside)
    able = [words for words in same if words.quarantine or not form.quarantine]
    again = min(able, key=lambda words: bool(words.quarantine), default=None)
    if again is not None:
        form = replace(form, signed_at=again.signed_at, signed_on=again.signed_on)
        waiting.remove(again)
    elif len(waiting) == MOST_WORDS:
        least = _giving_way(waiting, form, now)
        if least is None:
            return replace(row, version=form.version, beside=beside)
        waiting.remove(least)
    current = own if form.quarantine and not own.quarantine else form
    others = tuple(words for words in (*waiting, form) if words != current)
    return replace(current, version=form.version, beside=others)


def request_of(row: Signature | None, form: Signature, after: Signature, networks: Collection[str]) -> str | None:
    """Return the request by which the sender of a form can delete it from the row that it leaves; None if it can't be.

    The same words that wait already are the sender's if they came from the same network, by its hashes of some days.
    Those of somebody else stay.
    """
    same = [words for words in waiting_words(row, form.signed_at) if _say_the_same(words, form)] if row else []
    if any(words.network not in networks for words in same):
        return None
    requests = {words.mail_request for words in (after, *after.beside)}
    return next((words.mail_request for words in (form, *same) if words.mail_request in requests), None)


def without(row: Signature, words: Signature, now: datetime) -> Signature | None:
    """Return a pending row without some of its words: as a form would leave it that says the newest of the others."""
    others = [other for other in waiting_words(row, now) if other != words]
    if not others:
        return None
    current = max(others, key=lambda other: (not other.quarantine, other.signed_at))
    beside = tuple(other for other in others if other != current)
    return replace(current, version=row.version + 1, beside=beside, erased_at=row.erased_at)


def request_after(row: Signature, form: Signature) -> str:
    """Return which email a confirmed row requests after a form.

    It is no new one if the same form was sent twice, or if the last request was already for another email about the
    confirmed letter.
    """
    known = row.asked_again or _say_the_same(row, form)
    return row.mail_request if known and _is_sent_again(row, row, form) else form.mail_request


def _is_sent_again(row: Signature, words: Signature, form: Signature) -> bool:
    """Say whether a form comes so soon after words of a row that their email is enough for both.

    It is not if the signer has ended its links.
    """
    before, now = requested_at(words.mail_request), requested_at(form.mail_request)
    if before is None or now is None:
        return False
    is_same_copy = copy_of(words.mail_request) == copy_of(form.mail_request)
    within = COPY_SENT_AGAIN_WITHIN if is_same_copy else SENT_AGAIN_WITHIN
    return now - before < within and row.is_opened_by_links_of(before)


def _giving_way(waiting: Sequence[Signature], form: Signature, now: datetime) -> Signature | None:
    """Return the words that give way to a form: suspicious before clean ones, then the oldest; None if all stay.

    Clean words give way only to clean ones. Suspicious words that came after others got no email on that day, so they
    give way to clean ones at once.
    """
    old = [words for words in waiting if now - words.signed_at >= KEPT_FOR]
    if form.quarantine:
        able = [words for words in old if words.quarantine]
    else:
        able = [*old, *(words for words in waiting[1:] if words.quarantine)]
    return min(able, key=lambda words: (not words.quarantine, words.signed_at), default=None)


def waiting_words(row: Signature, now: datetime) -> tuple[Signature, ...]:
    """Return the words of a row that can be confirmed, the oldest first, each as the row that it would be alone."""
    if row.status != "pending" or row.has_expired(now):
        return ()
    return tuple(sorted((replace(row, beside=()), *beside_still(row, now)), key=_age))


def beside_still(row: Signature, now: datetime) -> tuple[Signature, ...]:
    """Return the words beside a row's own that still wait."""
    return tuple(words for words in row.beside if not words.has_expired(now)) if row.status == "pending" else ()


def words_of(row: Signature, link: SignerToken, now: datetime) -> Signature | None:
    """Return what a confirmation link shows of a row: the words that it names while they wait, else the row.

    None if the row waits with other words only.
    """
    if row.status != "pending":
        return row
    return next((words for words in reversed(waiting_words(row, now)) if is_about(link, words)), None)


def is_about(link: SignerToken, words: Signature) -> bool:
    """Say whether a confirmation link names these words."""
    return link.words == words_id(words.signed_at)


def have_newer(row: Signature, words: Signature, now: datetime) -> bool:
    """Say whether newer words than these wait."""
    return any(other.signed_at > words.signed_at for other in waiting_words(row, now))


def _say_the_same(one: Signature, other: Signature) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _SAID)


def _age(words: Signature) -> datetime:
    return words.signed_at
