"""The content of the tokens in links, forms and sessions, and how long they are valid."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.base.email_addresses import canonical_email

if TYPE_CHECKING:
    from datetime import datetime

type Purpose = Literal[
    "confirm",
    "letter",
    "disown",
    "packets",
    "office",
    "cover",
    "form",
    "person",
    "typed",
]

VALID_FOR: dict[Purpose, timedelta] = {
    "confirm": timedelta(days=400),
    "letter": timedelta(days=400),
    "disown": timedelta(days=400),
    "packets": timedelta(days=30),
    "office": timedelta(days=400),
    # A cover is read years later, for as long as the key of its link is accepted.
    "cover": timedelta(days=36525),
    "form": timedelta(days=2),
    "person": timedelta(hours=12),
    "typed": timedelta(hours=12),
}
"""How long a link, a form or a session works.

A confirmation link works for longer than its form, which says until when it can be confirmed. It then shows the status
of the letter."""

CLOCKS_DIFFER_BY = timedelta(minutes=10)
"""How far ahead the clock of the machine that issued a token may be. A token dated later is not valid."""


@dataclass(frozen=True, slots=True)
class SignerToken:
    """The letter that a link is about, and the date of the link: an aware datetime in whole seconds.

    `form` is the id of the form that a confirmation link confirms; empty in all other links.
    """

    campaign: str
    signer: str
    issued_at: datetime
    form: str = ""


@dataclass(frozen=True, slots=True)
class OfficeToken:
    """The target whose office a link is for, and a digest of the mailbox that got the link: see `mailbox_digest`.

    A link on a cover is for no mailbox, and only shows.
    """

    campaign: str
    target: str
    mailbox: str = ""


def mailbox_digest(email: str) -> str:
    """Return the name of a mailbox in links. Every spelling of its address has the same one."""
    return hashlib.sha256(canonical_email(email).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class PersonToken:
    """A session of a person: the person's id, and the id of the session."""

    person: str
    session: str


@dataclass(frozen=True, slots=True)
class TypedToken:
    """What a person typed into a form whose session was over: the form's address, and its packed values."""

    person: str
    path: str
    values: str
