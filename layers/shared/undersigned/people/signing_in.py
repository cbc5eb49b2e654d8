"""Sign in with a code of six digits, which an email brings.

A request to sign in takes the same steps for every address, and a queue sends the email. So neither the answer nor its
time tells whether an address is known.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError, UndersignedError
from undersigned.people.rules.people import (
    MOST_WRONG_CODES_A_DAY,
    REQUEST_PATTERN,
    SIGN_IN_FOR,
    SignInRequest,
    is_code,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.people.directory import Directory
    from undersigned.people.queue import PeopleMails
    from undersigned.people.rows.sign_ins import SignIns
    from undersigned.people.rules.people import Person
    from undersigned.people.sessions import Sessions
    from undersigned.tokens import OrganizerTokens

MOST_ASKED_A_MINUTE = 20
"""How many emails one IP address may ask for in a minute. Its network may ask for five times as many."""

_COUNTED_FOR = timedelta(days=1)


class SignInError(UndersignedError):
    """A code doesn't sign in: it is used, old or was tried too often, or nobody asked for one."""


class WrongCodeError(SignInError):
    """The code is wrong; carries how many more may be typed."""

    def __init__(self, tries_left: int) -> None:
        """Keep how many more codes may be typed."""
        super().__init__("the code is wrong")
        self.tries_left = tries_left


@dataclass(kw_only=True, frozen=True, slots=True)
class SigningIn:
    """Signs people in by email."""

    directory: Directory
    sign_ins: SignIns
    mails: Callable[[], PeopleMails]
    sessions: Sessions
    tokens: OrganizerTokens
    clock: Callable[[], datetime]

    def ask(self, email: str, language: str) -> str:
        """Request an email for the person with an address, and return the request's id.

        `email_mistake` must have accepted the address.
        """
        request = self._put(email, language)
        self.mails().put_sign_in(request.id)
        return request.id

    def operators_code(self, person: Person) -> tuple[str, str]:
        """Return the id of a request and its code, which signs a person in once, within 15 minutes."""
        request = self._put(person.email, "", is_operators=True)
        return request.id, self.tokens.code_of(request)

    def _put(self, email: str, language: str, *, is_operators: bool = False) -> SignInRequest:
        person, expires_at = self.directory.id_of(email), self.clock() + SIGN_IN_FOR
        request = SignInRequest(secrets.token_hex(16), person, language, expires_at, is_operators)
        self.sign_ins.put(request)
        return request

    def sign_in(self, request: str, typed: str) -> str:
        """Sign in with a request's code, and return the token of the session. Raises SignInError.

        Both may be any text.
        """
        if not REQUEST_PATTERN.fullmatch(request):
            message = "no request has this id"
            raise SignInError(message)
        now = self.clock()
        try:
            tried = self.sign_ins.count_try(request, now)
        except ChangedError as error:
            message = "the code was used, is too old, or was tried too often"
            raise SignInError(message) from error
        # Each code counts as a wrong one before it is compared, so that guesses at the same moment pass no limit.
        day = now.astimezone(UTC).date().isoformat()
        wrong = self.sign_ins.count(tried.person, "WRONG", day, expires_at=now + 2 * _COUNTED_FOR)
        if wrong > MOST_WRONG_CODES_A_DAY and not tried.is_operators:
            message = "this person had too many wrong codes today"
            raise SignInError(message)
        if not is_code(typed, self.tokens.code_of(tried)):
            raise WrongCodeError(tried.tries_left)
        self.sign_ins.give_back(tried.person, "WRONG", day)
        person = self.directory.person(tried.person)
        if person is None:
            # The person with this address was removed, or never had a role. Then no email was sent, so this is a guess.
            message = "nobody who can sign in has this address"
            raise SignInError(message)
        try:
            self.sign_ins.use(tried.id, now)
        except ChangedError as error:
            message = "the code was used"
            raise SignInError(message) from error
        return self.sessions.begin(person)
