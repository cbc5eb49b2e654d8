"""Forms: tell which posts are the same form, and which of a signer's forms can be confirmed.

Each form is an item of its own until it expires. The link in its email names the form, and confirms just its words.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from undersigned.base.rows import Row
from undersigned.campaigns.rules.campaigns import Addressee
from undersigned.signing.rules.form_fields import Words
from undersigned.signing.rules.signatures import PENDING_FOR, FormStatus, Lane, Signature, listing_shard, requested_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.campaigns.rules.letters import Letter
    from undersigned.signing.rules.posted_forms import CheckedForm

_SENT_AGAIN_WITHIN = timedelta(minutes=15)
"""Posts without a token, from an organization's own page, are the same form within such a quarter of an hour."""

REMINDED_AFTER = timedelta(days=2)
"""How long after its email a form is due for the reminder."""

type Queue = Lane | Literal["reminder"]
"""Where a postponed email waits. Reminders leave after all others."""

_SAID = (
    "campaign", "signer", "words", "target", "letter", "addressee", "language", "quarantine",
    "network",
)  # fmt: skip
"""The values that all posts of a form share. So a bot's form is never a person's, nor another network's."""


def postponed_partition(campaign: str, queue: Queue) -> str:
    """Return the partition of the tray index that has a campaign's postponed emails of a lane, or its reminders.

    A partition takes 1,000 writes a second. If a rush postpones more emails while none may go, their messages come
    again.
    """
    return f"POSTPONED#{campaign}#{queue}"


def in_seconds(moment: datetime) -> str:
    """Return a moment as the positions of postponed emails have it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Row):
    """A form that waits for its signer to confirm it. Confirming copies the fields that a `Signature` has, too.

    `form` is its id. `postponed_until` is when its email is tried again, if that waits for room in a budget;
    `is_released` says whether an organizer said that a person wrote it. With `is_reminder`, the email that it asks for
    is the reminder: its first one was sent.
    """

    pk, sk = "FORM#{campaign}#{signer}", "{form}"

    campaign: str
    signer: str
    form: str = ""
    words: Words
    target: str
    letter: str
    language: str
    addressee: Addressee
    signed_at: datetime
    signed_on: date
    quarantine: str | None = None
    network: str | None = None
    source: str | None = None
    mail_request: str = ""
    expires_at: datetime
    postponed_until: datetime | None = None
    is_released: bool = False
    is_reminder: bool = False

    # What only a letter has. Pages, lists and exports of both show it.
    confirmed_at = withdrawn_at = erased_at = cleared_at = period = bundle = None
    agreed_at = news_ended_at = no_news_since = None
    is_empty = on_hold = waits = False

    @property
    def wants_news(self) -> bool:
        """Say whether its sender ticked the box."""
        return self.words.updates

    @property
    def status(self) -> FormStatus:
        """Return the status as organizers see it."""
        return "quarantined" if self.quarantine else "pending"

    @property
    def lane(self) -> Lane:
        """Return the lane of the email that asks to confirm it."""
        return "suspicious" if self.quarantine else "clean"

    @property
    def listed(self) -> str:
        """Return the partition of the listing index that has it."""
        return listing_shard(self.campaign, self.signer, "FORMS")

    @property
    def listed_at(self) -> str:
        """Return its position in its campaign's listing."""
        return f"{self.signed_at.isoformat()}#{self.signer}#{self.form}"

    @property
    def due(self) -> str | None:
        """Return the partition of the tray index that has it, if its email is postponed."""
        queue: Queue = "reminder" if self.is_reminder else self.lane
        return postponed_partition(self.campaign, queue) if self.postponed_until else None

    @property
    def due_at(self) -> str | None:
        """Return its position there."""
        return f"{in_seconds(self.postponed_until)}#{self.signer}" if self.postponed_until else None

    def can_follow(self, row: Signature | None) -> bool:
        """Say whether it can become its signer's letter: there is none, or it ended before the form was sent."""
        if row is None:
            return True
        return row.ended_at is not None and row.ended_at < self.signed_at and not row.is_disowned(self.signed_at)

    def reminder_due(self, sent_on: datetime) -> datetime | None:
        """Return when its signer may be reminded; None for a form that gets no reminder.

        `sent_on` is the first day (its beginning, UTC) that has its email as sent. While SES was out, that can be days
        after the request.
        """
        asked_at = requested_at(self.mail_request)
        if asked_at is None or self.quarantine or self.is_reminder:
            return None
        # A postponed email, by whose sending the form lives longer, left later than it was asked for.
        return max(asked_at, self.expires_at - PENDING_FOR, sent_on) + REMINDED_AFTER

    def has_expired(self, now: datetime) -> bool:
        """Say whether the time to confirm is over. DynamoDB deletes the form within days (TTL)."""
        return self.expires_at <= now


type FormOrLetter = Form | Signature
"""A form that waits, or a letter."""


@dataclass(frozen=True, slots=True)
class FormMail:
    """The email that a form requests. To a person who has signed, it is about their `letter`."""

    form: Form
    letter: Signature | None = None

    @property
    def about(self) -> FormOrLetter:
        """Return what the email is about: the form, or the letter."""
        return self.letter or self.form

    @property
    def case(self) -> Literal["confirm", "reminder", "signed", "sealed"]:
        """Return what the email says: confirm, a reminder of that, that there is a letter, or a sealed one."""
        if self.letter is None:
            return "reminder" if self.form.is_reminder else "confirm"
        return "sealed" if self.letter.bundle else "signed"

    @property
    def lane(self) -> Lane:
        """Return its lane. One about a letter is never suspicious."""
        return "clean" if self.letter else self.form.lane

    @property
    def queue(self) -> Queue:
        """Return where it waits if it is postponed."""
        return "reminder" if self.form.is_reminder else self.lane

    @property
    def is_counted(self) -> bool:
        """Say whether it counts: it goes to a stranger, and no organizer said that a person asked for it."""
        return self.letter is None and not self.form.is_released


def new_form(  # noqa: PLR0913  (what a form depends on)
    form: CheckedForm, campaign: Campaign, letter: Letter, signer: str, at: datetime, *, language: str
) -> Form:
    """Return the form to write, without its id, its suspicion, its network and the request for its email."""
    typed = {each.name: getattr(form, each.name) for each in fields(Words)}
    if not letter.offers_note:
        typed["note"] = ""
    return Form(
        campaign=campaign.id,
        signer=signer,
        words=Words(**typed),
        target=form.target.id,
        letter=letter.version,
        language=language,
        addressee=form.target.addressee,
        source=form.source,
        signed_at=at,
        signed_on=campaign.local(at).date(),
        expires_at=at + PENDING_FOR,
    )


class FormName(NamedTuple):
    """What names a form: its campaign, its signer and its id."""

    campaign: str
    signer: str
    form: str

    @classmethod
    def of(cls, form: Form) -> FormName:
        """Return the name of a form."""
        return cls(form.campaign, form.signer, form.form)


@dataclass(frozen=True, slots=True)
class ReadForms:
    """Forms that were read together, each with its signer's letter if there is one, and those that are damaged.

    A form is damaged if something else wrote it, or its signer's letter.
    """

    found: tuple[tuple[Form, Signature | None], ...]
    damaged: tuple[FormName, ...] = ()


def form_id(secret: str, form: Form, token: str | None) -> str:
    """Return the id of a form, made from its values and its form token: 64 bits in hex.

    So a form that is posted again, by a double click or because its answer was lost, is the same one. Somebody who
    got no email opens the form again, and has another token.
    """
    copy = token or f"{form.signed_at.timestamp() // _SENT_AGAIN_WITHIN.total_seconds():.0f}"
    said = json.dumps([copy, *(getattr(form, name) for name in _SAID)], default=asdict)
    return hmac.new(f"form:{secret}".encode(), said.encode(), hashlib.sha256).hexdigest()[:16]


def waiting_of(forms: Iterable[Form], row: Signature | None, now: datetime) -> tuple[Form, ...]:
    """Return a signer's forms that can be confirmed: clean ones after suspicious ones, then newer after older ones."""
    waiting = (form for form in forms if not form.has_expired(now) and form.can_follow(row))
    return tuple(sorted(waiting, key=lambda form: (not form.quarantine, form.signed_at)))


def current_of(forms: Iterable[Form], row: Signature | None, now: datetime) -> FormOrLetter | None:
    """Return the last of a signer's forms that can be confirmed, or else their letter."""
    return next(reversed(waiting_of(forms, row, now)), row)
