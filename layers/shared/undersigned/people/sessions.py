"""Sessions: an organizer signs in by email, and their browser keeps a signed token of the session.

The token contains no role. Each request reads the role again, so removing a person and changing a role take effect
immediately.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from itsdangerous import BadData, Signer

from undersigned.base.errors import TokenError, UndersignedError
from undersigned.base.purposes import PURPOSES
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.people.directory import is_administrator
from undersigned.people.rows.people import People

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.base.links import Links
    from undersigned.base.stack import Stack
    from undersigned.people.rules.people import Member, Person


class SignedOutError(UndersignedError):
    """Nobody is signed in, or the session is over: its time ended, or somebody ended it."""


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
    People(stack.table).put_session(person, session, stack.clock() + PURPOSES["person"].valid_for)
    return stack.links.sign("person", person.id, session)


def end_session(stack: Stack, token: str) -> None:
    """End a session here, too, so that a copy of its token opens nothing."""
    try:
        link = stack.links.read("person", token)
    except TokenError:
        return
    People(stack.table).end_session(link["person"], link["session"])


def session_of(stack: Stack, token: str, campaign: str | None = None) -> Session:
    """Return the session of a token, with the person's role in a campaign. Raises SignedOutError.

    A campaign may be any text that an address has.
    """
    try:
        link = stack.links.read("person", token)
    except TokenError as error:
        raise _signed_out() from error
    if campaign is not None and not ID_PATTERN.fullmatch(campaign):
        campaign = None
    person, member = People(stack.table).session(link["person"], link["session"], campaign)
    if person is None:
        raise _signed_out()
    posts = post_tokens(stack.links, token)
    return Session(token, posts, person, member, is_administrator=is_administrator(stack, person.id))


def post_tokens(links: Links, token: str) -> tuple[str, ...]:
    """Return the tokens that posts of a session may have, the current one first. Each begins with its person.

    They are unknown to other sites, and fixed until a rotation.
    """
    owner, signers = token.partition("~")[0], [_post_signer(key) for key in _keys(links)]
    return tuple(signer.sign(f"{owner}~{signer.get_signature(token).decode()}").decode() for signer in signers)


def person_of_post(links: Links, post_token: str) -> str:
    """Return whose page a post came from, even if its session is over. Raises TokenError."""
    try:
        found = _post_signer(*_keys(links)).unsign(post_token).decode()
    except (BadData, UnicodeError) as error:
        message = "the post is from no page of ours"
        raise TokenError(message) from error
    return found.partition("~")[0]


def _keys(links: Links) -> Sequence[str]:
    return links.keys("organizers", links.clock())


def _post_signer(*keys: str) -> Signer:
    """Return what signs the tokens of posts with one key, or reads tokens of several keys."""
    return Signer(keys, "undersigned.post", key_derivation="hmac", digest_method=hashlib.sha256)


def _signed_out() -> SignedOutError:
    return SignedOutError("nobody is signed in")
