"""Sign in with a code of six digits, which an email brings.

A request to sign in takes the same steps for every address, and a queue sends the email. So neither the answer nor its
time tells whether an address is known.
"""

from __future__ import annotations

import secrets
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError, UndersignedError
from undersigned.people.directory import find_person, id_of
from undersigned.people.queue import people_mails
from undersigned.people.rows.sign_ins import SignIns
from undersigned.people.rules.people import (
    MOST_WRONG_CODES_A_DAY,
    REQUEST_PATTERN,
    SIGN_IN_FOR,
    SignInRequest,
    is_code,
)
from undersigned.people.sessions import begin_session

if TYPE_CHECKING:
    from undersigned.base.stack import Stack
    from undersigned.people.rules.people import Person

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


def ask(stack: Stack, email: str, language: str) -> str:
    """Request an email for the person with an address, and return the request's id.

    `email_mistake` must have accepted the address.
    """
    request = _put(stack, email, language)
    people_mails(stack).put_sign_in(request.id)
    return request.id


def operators_code(stack: Stack, person: Person) -> tuple[str, str]:
    """Return the id of a request and its code, which signs a person in once, within 15 minutes."""
    request = _put(stack, person.email, "", is_operators=True)
    return request.id, code_for(stack, request)


def code_for(stack: Stack, request: SignInRequest) -> str:
    """Return the code that signs in for a request."""
    return request.code(stack.links.keys("organizers", request.asked_at))


def _put(stack: Stack, email: str, language: str, *, is_operators: bool = False) -> SignInRequest:
    person, expires_at = id_of(stack, email), stack.clock() + SIGN_IN_FOR
    request = SignInRequest(secrets.token_hex(16), person, language, expires_at, is_operators)
    SignIns(stack.table).put(request)
    return request


def sign_in(stack: Stack, request: str, typed: str) -> str:
    """Sign in with a request's code, and return the token of the session. Raises SignInError.

    Both may be any text.
    """
    if not REQUEST_PATTERN.fullmatch(request):
        message = "no request has this id"
        raise SignInError(message)
    sign_ins, now = SignIns(stack.table), stack.clock()
    try:
        tried = sign_ins.count_try(request, now)
    except ChangedError as error:
        message = "the code was used, is too old, or was tried too often"
        raise SignInError(message) from error
    # Each code counts as a wrong one before it is compared, so that guesses at the same moment pass no limit.
    day = now.astimezone(UTC).date().isoformat()
    wrong = sign_ins.count(tried.person, "WRONG", day, expires_at=now + 2 * _COUNTED_FOR)
    if wrong > MOST_WRONG_CODES_A_DAY and not tried.is_operators:
        message = "this person had too many wrong codes today"
        raise SignInError(message)
    if not is_code(typed, code_for(stack, tried)):
        raise WrongCodeError(tried.tries_left)
    sign_ins.give_back(tried.person, "WRONG", day)
    person = find_person(stack, tried.person)
    if person is None:
        # The person with this address was removed, or never had a role. Then no email was sent, so this is a guess.
        message = "nobody who can sign in has this address"
        raise SignInError(message)
    try:
        sign_ins.use(tried.id, now)
    except ChangedError as error:
        message = "the code was used"
        raise SignInError(message) from error
    return begin_session(stack, person)
