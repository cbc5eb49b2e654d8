"""Sessions: an organizer signs in by email or with a key, and their browser keeps a signed token of the session.

The token contains no key and no role. Each request reads the key or the role again, so revoking a key, removing a
person and changing a role take effect immediately.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import TokenError, UndersignedError
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.domain.tokens import VALID_FOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.people.directory import Directory
    from undersigned.people.rows.people import People
    from undersigned.people.rules.people import Member, Person
    from undersigned.services.people.known_campaigns import KnownCampaigns
    from undersigned.tokens import OrganizerTokens


class SignedOutError(UndersignedError):
    """Nobody is signed in, the session has ended, or it was ended elsewhere."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person's session: the token in the browser, and the tokens in the forms of its pages, the current one first.

    `member` is the person in the campaign that the request is about; None if the session doesn't open it.
    """

    token: str
    post_tokens: tuple[str, ...]
    person: Person
    member: Member | None = None
    is_administrator: bool = False

    @property
    def post_token(self) -> str:
        """Return the token for new pages."""
        return self.post_tokens[0]

    @property
    def logged_name(self) -> str:
        """Return the name of the session's person in the security log."""
        return self.person.logged_name

    def has_sent(self, post_token: str) -> bool:
        """Say whether a form with this token is from a page of this session."""
        return any(hmac.compare_digest(post_token.encode(), known.encode()) for known in self.post_tokens)


@dataclass(kw_only=True, frozen=True, slots=True)
class Sessions:
    """Begins, reads and ends sessions."""

    people: People
    directory: Directory
    known: KnownCampaigns
    tokens: OrganizerTokens
    clock: Callable[[], datetime]

    def begin(self, person: Person) -> str:
        """Begin a session of a person who proved who they are, and return its token."""
        session = secrets.token_hex(16)
        self.people.put_session(person, session, self.clock() + VALID_FOR["person"])
        return self.tokens.for_person(person.id, session)

    def end(self, token: str) -> None:
        """End a session here, too, so that a copy of its token opens nothing."""
        try:
            known = self.tokens.read_person(token)
        except TokenError:
            return
        self.people.end_session(known.person, known.session)

    def session(self, token: str, campaign: str | None = None) -> Session:
        """Return the session of a token, as it is in a campaign. Raises SignedOutError.

        A campaign may be any text that an address has.
        """
        try:
            known = self.tokens.read_person(token)
        except TokenError as error:
            raise _signed_out() from error
        if campaign is not None and not ID_PATTERN.fullmatch(campaign):
            campaign = None
        person, member = self.people.session(known.person, known.session, campaign)
        if person is None:
            raise _signed_out()
        is_administrator = self.directory.is_administrator(person.id)
        if is_administrator and campaign and self.known.has(campaign):
            member = self.directory.as_owner(person, campaign)
        posts = self.tokens.accepted_in_posts(token)
        return Session(token, posts, person, member, is_administrator=is_administrator)


def _signed_out() -> SignedOutError:
    return SignedOutError("nobody is signed in")
