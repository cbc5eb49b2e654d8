"""People: who may do what in a campaign, and how they sign in. A person is known by an HMAC of their email address."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.base.email_addresses import mailable
from undersigned.base.rows import Row
from undersigned.base.scopes import includes
from undersigned.people.rules.api_keys import DIGITS_SHOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.base.scopes import Scope


Role = Literal["owner", "editor", "viewer"]

SCOPE_OF: Mapping[Role, Scope] = {"owner": "own", "editor": "manage", "viewer": "read"}
"""The scope of each role, the widest first."""

PERSON_PATTERN = re.compile(r"[0-9a-f]{32}")

REQUEST_PATTERN = re.compile(r"[0-9a-f]{32}")
"""The id of a request to sign in."""

MOST_PEOPLE = 100
"""The most people in a campaign, and so the most strangers whom an owner can have invited at a time."""

SIGN_IN_FOR = timedelta(minutes=15)
"""How long a code signs in."""

_CODES = 1_000_000

MOST_TRIES = 5
"""How many codes may be typed for one request."""

MOST_MAILS_AN_HOUR = 5
"""How many emails to sign in with, and how many invitations, one address gets in an hour."""

MOST_TESTS_AN_HOUR = 20
"""How many test emails one person may ask for in an hour."""

MOST_WRONG_CODES_A_DAY = 20
"""After so many wrong codes in a day, only a code that an operator prints signs a person in.

Somebody who requests one email after the other, and guesses each time, is right once in 50,000 days on average.
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in: their id, and their address as it was written when they were invited."""

    id: str
    email: str

    @property
    def logged_name(self) -> str:
        """Return the person's name in the security log, which has no addresses."""
        return f"person {self.id[:DIGITS_SHOWN]}"

    def as_owner(self, campaign: str) -> Member:
        """Return the administrator as an owner of a campaign."""
        return Member(campaign, self.id, self.email, "owner")


@dataclass(frozen=True, slots=True)
class Member(Row):
    """A person with a role in a campaign.

    `by` is who gave the role, and `at` when; None for an administrator, whom nobody added.
    """

    pk, sk = "PEOPLE#{campaign}", "{id}"

    campaign: str
    id: str
    email: str
    role: Role
    by: str = ""
    at: datetime | None = None

    @property
    def person(self) -> Person:
        """Return the person."""
        return Person(self.id, self.email)

    @property
    def name(self) -> str:
        """Return the person's name in the activity log: their address."""
        return self.email

    @property
    def logged_name(self) -> str:
        """Return the person's name in the security log."""
        return self.person.logged_name

    @property
    def scope(self) -> Scope:
        """Return what the person may do."""
        return SCOPE_OF[self.role]

    def allows(self, scope: Scope) -> bool:
        """Say whether the role has this scope."""
        return includes(self.scope, scope)


@dataclass(frozen=True, slots=True)
class SignInRequest(Row):
    """A request to sign in. `person` has the address that was typed, with or without a role.

    An operator's request takes its code on a day with too many wrong ones, too.
    """

    pk, sk = "SIGN_IN#{id}", "META"

    id: str
    person: str
    language: str
    expires_at: datetime
    is_operators: bool = False
    tries: int = 0
    is_used: bool = False

    @property
    def tries_left(self) -> int:
        """Return how many more codes may be typed."""
        return max(0, MOST_TRIES - self.tries)

    @property
    def asked_at(self) -> datetime:
        """Return when it was made."""
        return self.expires_at - SIGN_IN_FOR

    def is_open(self, now: datetime) -> bool:
        """Say whether its code can still sign in."""
        return not self.is_used and now < self.expires_at

    def code(self, keys: Sequence[str]) -> str:
        """Return its six digits, given the keys of when it was made. They are computed, so that no row holds them.

        Only the key that signed then makes them: a second valid code would double a guess's luck.
        """
        key = f"sign-in code:{keys[0]}".encode()
        return f"{int.from_bytes(hmac.digest(key, self.id.encode(), 'sha256')) % _CODES:06}"


def person_id(secret: str, email: str) -> str:
    """Return a person's id: an HMAC (128 bits, hex) of the mailable address in lower case.

    Unlike a signer's id, it keeps tags and dots: `jane+x@school.edu` and `jane@school.edu` may be two people, and all
    addresses with one id have the same rights. `email_mistake` must have accepted the address.
    """
    key = f"person:{secret}".encode()
    return hmac.new(key, mailable(email).lower().encode(), hashlib.sha256).hexdigest()[:32]


def is_code(typed: str, code: str) -> bool:
    """Say whether somebody typed this code, perhaps with spaces. Compares in constant time."""
    return hmac.compare_digest(re.sub(r"\s", "", typed).encode(errors="replace"), code.encode())
