"""Sessions: an organizer signs in by email, and their browser keeps a signed token of the session.

The token contains no role. Each request reads the role again, so removing a person and changing a role take effect
immediately.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import TokenError, UndersignedError
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.domain.tokens import VALID_FOR
from undersigned.people.directory import is_administrator
from undersigned.people.rows.people import People
from undersigned.tokens import OrganizerTokens

if TYPE_CHECKING:
    from undersigned.base.stack import Stack
    from undersigned.people.rules.people import Member, Person


class SignedOutError(UndersignedError):
    """Nobody is signed in, the session has ended, or it was ended elsewhere."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person's session: the token in the browser, and the tokens in the forms of its pages, the current one first.

    `member` is the person in the campaign that the request is about; None without a role there, which an administrator
    doesn't need.
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


def begin_session(stack: Stack, person: Person) -> str:
    """Begin a session of a person who proved who they are, and return its token."""
    session = secrets.token_hex(16)
    People(stack.table).put_session(person, session, stack.clock() + VALID_FOR["person"])
    return tokens(stack).for_person(person.id, session)


def end_session(stack: Stack, token: str) -> None:
    """End a session here, too, so that a copy of its token opens nothing."""
    try:
        known = tokens(stack).read_person(token)
    except TokenError:
        return
    People(stack.table).end_session(known.person, known.session)


def session_of(stack: Stack, token: str, campaign: str | None = None) -> Session:
    """Return the session of a token, with the person's role in a campaign. Raises SignedOutError.

    A campaign may be any text that an address has.
    """
    try:
        known = tokens(stack).read_person(token)
    except TokenError as error:
        raise _signed_out() from error
    if campaign is not None and not ID_PATTERN.fullmatch(campaign):
        campaign = None
    person, member = People(stack.table).session(known.person, known.session, campaign)
    if person is None:
        raise _signed_out()
    posts = tokens(stack).accepted_in_posts(token)
    return Session(token, posts, person, member, is_administrator=is_administrator(stack, person.id))


def tokens(stack: Stack) -> OrganizerTokens:
    """Return what signs and reads the tokens of people."""
    return OrganizerTokens(lambda at: stack.organizers_secret.keyring().token_keys(at), stack.clock)


def _signed_out() -> SignedOutError:
    return SignedOutError("nobody is signed in")
