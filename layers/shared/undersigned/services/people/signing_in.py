"""Sign in by email: a link and a six-digit code, for the browser that asked.

A request to sign in takes the same steps for every address, and a queue sends the email. So neither the answer nor its
time tells whether an address is known.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from undersigned.domain.errors import ChangedError, TokenError, UndersignedError
from undersigned.domain.people.people import (
    MOST_WRONG_CODES_A_DAY,
    REQUEST_PATTERN,
    SIGN_IN_FOR,
    SignInRequest,
    is_code,
    nonce_digest,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.aws.queue import PeopleMails
    from undersigned.aws.sign_ins import SignIns
    from undersigned.domain.people.people import Person
    from undersigned.services.people.directory import Directory
    from undersigned.services.people.sessions import Sessions
    from undersigned.tokens import OrganizerTokens

MOST_ASKED_A_MINUTE = 20
"""How many emails one IP address may ask for in a minute. Its network may ask for five times as many."""

_COUNTED_FOR = timedelta(days=1)


class SignInError(UndersignedError):
    """A link or a code doesn't sign in: it is used, old, damaged, or another browser's."""


class OtherBrowserError(SignInError):
    """The link was opened in another browser than the one that asked for it."""


class WrongCodeError(SignInError):
    """The code is wrong; carries how many more the browser may type."""

    def __init__(self, tries_left: int) -> None:
        """Keep how many more codes the browser may type."""
        super().__init__("the code is wrong")
        self.tries_left = tries_left


@dataclass(frozen=True, slots=True)
class Asked:
    """The cookie of a browser that asked: the id of the request, and a random text.

    The id is empty if the browser has no such cookie, or a damaged one.
    """

    request: str
    nonce: str

    def written(self) -> str:
        """Return the cookie's value."""
        return f"{self.request}.{self.nonce}"

    @classmethod
    def read(cls, text: str) -> Asked:
        """Read a cookie's value, which can be any text. An id that no request can have is left out."""
        request, _, nonce = text.partition(".")
        return cls(request if REQUEST_PATTERN.fullmatch(request) else "", nonce)


@dataclass(kw_only=True, frozen=True, slots=True)
class SigningIn:
    """Signs people in by email."""

    directory: Directory
    sign_ins: SignIns
    mails: Callable[[], PeopleMails]
    sessions: Sessions
    tokens: OrganizerTokens
    clock: Callable[[], datetime]

    def ask(self, email: str, language: str, known: str) -> Asked:
        """Request an email for the person with an address, which `email_mistake` must have accepted.

        `known` is the text that this browser got from `known_browser`; in others it is empty, or any text.
        """
        asked = Asked(secrets.token_hex(16), secrets.token_urlsafe(32))
        request = self._request(asked.request, email, language, nonce_digest(asked.nonce))
        self.sign_ins.put(replace(request, browser=self._browser(known, request.person)))
        self.mails().put_sign_in(asked.request)
        return asked

    def known_browser(self, person: Person, known: str) -> str:
        """Return the text that makes a browser known once a person signs in, so that strangers can't use up its emails.

        `known` is the text that it has had so far: signing in again gives it no new emails.
        """
        return self.tokens.for_browser(person.id, self._browser(known, person.id) or secrets.token_hex(8))

    def _browser(self, known: str, person: str) -> str:
        """Return the id of a browser in which this person signed in before; empty for any other."""
        try:
            found = self.tokens.read_browser(known)
        except TokenError:
            return ""
        return found.browser if hmac.compare_digest(found.person, person) else ""

    def operators_link(self, person: Person) -> str:
        """Return the token of a link that signs a person in once, in any browser, within 15 minutes."""
        request = secrets.token_hex(16)
        self.sign_ins.put(self._request(request, person.email, "", None))
        return self.tokens.for_sign_in(request)

    def _request(self, request: str, email: str, language: str, nonce: str | None) -> SignInRequest:
        return SignInRequest(request, self.directory.id_of(email), nonce, language, self.clock() + SIGN_IN_FOR)

    def check_link(self, token: str, asked: Asked) -> None:
        """Raise SignInError unless this link would sign in in this browser. Changes nothing."""
        self._request_of_link(token, asked)

    def by_link(self, token: str, asked: Asked) -> str:
        """Sign in with a link, and return the token of the session. Raises SignInError."""
        return self._sign_in(self._request_of_link(token, asked))

    def _request_of_link(self, token: str, asked: Asked) -> SignInRequest:
        try:
            found = self.sign_ins.request(self.tokens.read_sign_in(token))
        except TokenError as error:
            message = "the link is too old or damaged"
            raise SignInError(message) from error
        if found is None or not found.is_open(self.clock()):
            message = "the link was used, or is too old"
            raise SignInError(message)
        if not found.is_of(asked.nonce):
            message = "the link was asked for in another browser"
            raise OtherBrowserError(message)
        return found

    def by_code(self, typed: str, asked: Asked) -> str:
        """Sign in with a code, and return the token of the session. Raises SignInError."""
        now = self.clock()
        known = self.sign_ins.request(asked.request) if asked.request else None
        # An operator's link has no code, and no cookie.
        if known is None or known.nonce_digest is None or not known.is_of(asked.nonce):
            message = "this browser asked for no email"
            raise SignInError(message)
        try:
            tried = self.sign_ins.count_try(known.id, now)
        except ChangedError as error:
            message = "the code was used, is too old, or was tried too often"
            raise SignInError(message) from error
        # Each code counts as a wrong one before it is compared, so that guesses at the same moment pass no limit.
        day = now.astimezone(UTC).date().isoformat()
        if self.sign_ins.count(known.person, "WRONG", day, expires_at=now + 2 * _COUNTED_FOR) > MOST_WRONG_CODES_A_DAY:
            message = "this person had too many wrong codes today"
            raise SignInError(message)
        if not is_code(typed, self.tokens.code_of(known)):
            raise WrongCodeError(tried.tries_left)
        self.sign_ins.give_back(known.person, "WRONG", day)
        return self._sign_in(tried)

    def _sign_in(self, request: SignInRequest) -> str:
        person = self.directory.person(request.person)
        if person is None:
            # The person with this address was removed, or never had a role. Then no email was sent, so this is a guess.
            message = "nobody who can sign in has this address"
            raise SignInError(message)
        try:
            self.sign_ins.use(request.id, self.clock())
        except ChangedError as error:
            message = "the link or the code was used"
            raise SignInError(message) from error
        return self.sessions.begin(person)
