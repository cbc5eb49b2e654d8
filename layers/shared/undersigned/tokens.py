"""Signed, expiring tokens for links, forms and sessions. Forging one requires a token key of the stack.

Tokens that let somebody act as an organizer are signed with the keys of a secret of their own.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from itsdangerous import BadData, SignatureExpired, Signer, TimestampSigner, want_bytes
from itsdangerous.encoding import base64_encode

from undersigned.base.characters import AFTER_LINKS
from undersigned.base.errors import TokenError, TokenExpiredError
from undersigned.domain.signing.abuse_checks import FormToken
from undersigned.domain.tokens import (
    CLOCKS_DIFFER_BY,
    VALID_FOR,
    OfficeToken,
    PersonToken,
    Purpose,
    SignerToken,
    TypedToken,
    mailbox_digest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from undersigned.domain.delivering.deliveries import DeliveryKey
    from undersigned.people.rules.people import SignInRequest

_PARTS_OF_SIGNER = 2
_PARTS_OF_CONFIRMATION = 3
_PARTS_OF_DELIVERY = 3
_PARTS_OF_OFFICE = 3
_PARTS_OF_COVER = 2
_ISSUED_ON_COVERS = datetime(2026, 1, 1, tzinfo=UTC)
_PARTS_OF_FORM = 1
_PARTS_OF_PERSON = 2
_PARTS_OF_TYPED = 3

_CODES = 1_000_000


class _Signer(TimestampSigner):
    """Signs with a given time. Takes the accepted keys, beginning with the one that signs."""

    def __init__(self, keys: Sequence[str], purpose: Purpose, now: datetime) -> None:
        # itsdangerous signs with the last one.
        super().__init__(keys[::-1], salt=f"undersigned.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now.timestamp())

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        """Accept a signature only in the spelling that we issue. Base64 decodes other spellings to the same bytes."""
        given, value = want_bytes(sig), want_bytes(value)
        derived = (self.derive_key(key) for key in reversed(self.secret_keys))
        return any(
            hmac.compare_digest(given, base64_encode(self.algorithm.get_signature(key, value))) for key in derived
        )


class _Tokens:
    """Issues and reads tokens. A token is valid only for its own purpose."""

    def __init__(self, keys: Callable[[datetime], Sequence[str]], clock: Callable[[], datetime]) -> None:
        """Keep a clock, and a function that returns the keys accepted at a moment, the one that signs first."""
        self._keys = keys
        self._clock = clock

    def _issue(self, purpose: Purpose, *parts: str, issued_at: datetime | None = None) -> str:
        return _Signer(self._keys(self._clock()), purpose, issued_at or self._clock()).sign("~".join(parts)).decode()

    def _read(self, purpose: Purpose, token: str, count: int) -> tuple[list[str], datetime]:
        """Return a token's parts and when it was issued, which may be a little later than now."""
        signer = _Signer(self._keys(self._clock()), purpose, self._clock() + CLOCKS_DIFFER_BY)
        valid_for = VALID_FOR[purpose] + CLOCKS_DIFFER_BY
        try:
            token = token.rstrip(AFTER_LINKS)
            value, issued_at = signer.unsign(token, max_age=int(valid_for.total_seconds()), return_timestamp=True)
            parts = value.decode().split("~")
        except SignatureExpired as error:
            # An old token's payload is signed, too.
            said = (error.payload or b"").decode(errors="replace").split("~")
            raise TokenExpiredError(said[0] if purpose in {"confirm", "letter", "disown"} else None) from error
        except (BadData, UnicodeError) as error:
            message = "the link is damaged"
            raise TokenError(message) from error
        if len(parts) != count:
            message = "the link is damaged"
            raise TokenError(message)
        return parts, issued_at


class Tokens(_Tokens):
    """The tokens of signers' links, of forms, of recipients' packets and of their offices."""

    def for_signer(self, purpose: Purpose, campaign: str, signer: str, issued_at: datetime | None = None) -> str:
        """Issue a token for a signer's link, dated now unless it continues an earlier link."""
        return self._issue(purpose, campaign, signer, issued_at=issued_at)

    def for_confirming(self, campaign: str, signer: str, form: str) -> str:
        """Issue a token that confirms one of a signer's forms."""
        return self._issue("confirm", campaign, signer, form)

    def for_form(self, form: FormToken) -> str:
        """Issue the token of a form, dated `form.issued_at`."""
        return self._issue("form", form.campaign, issued_at=form.issued_at)

    def for_packets(self, key: DeliveryKey) -> str:
        """Issue a token for a delivery's packets."""
        return self._issue("packets", key.campaign, key.target, key.period)

    def for_office(self, campaign: str, target: str, email: str) -> str:
        """Issue a token for a target's office. Who has it speaks for the office, so only an email to it has one."""
        return self._issue("office", campaign, target, mailbox_digest(email))

    def for_cover(self, campaign: str, target: str) -> str:
        """Issue a token for the covers of a target's packets: always the same, so that a packet made twice is, too."""
        return self._issue("cover", campaign, target, issued_at=_ISSUED_ON_COVERS)

    def read_signer(self, purpose: Purpose, token: str) -> SignerToken:
        """Read the token of a signer's link; raises TokenError, TokenExpiredError."""
        parts = _PARTS_OF_CONFIRMATION if purpose == "confirm" else _PARTS_OF_SIGNER
        (campaign, signer, *form), issued_at = self._read(purpose, token, parts)
        return SignerToken(campaign, signer, issued_at, *form)

    def read_packets(self, token: str) -> DeliveryKey:
        """Read the token of a delivery's packets; raises TokenError, TokenExpiredError."""
        from undersigned.domain.delivering.deliveries import DeliveryKey

        parts, _ = self._read("packets", token, _PARTS_OF_DELIVERY)
        return DeliveryKey(*parts)

    def read_office(self, token: str) -> OfficeToken:
        """Read the token of a target's office; raises TokenError, TokenExpiredError."""
        parts, _ = self._read("office", token, _PARTS_OF_OFFICE)
        return OfficeToken(*parts)

    def read_cover(self, token: str) -> OfficeToken:
        """Read the token of a cover; raises TokenError, TokenExpiredError."""
        parts, _ = self._read("cover", token, _PARTS_OF_COVER)
        return OfficeToken(*parts)

    def read_form(self, token: str) -> FormToken:
        """Read the token of a form; raises TokenError, TokenExpiredError."""
        (campaign,), issued_at = self._read("form", token, _PARTS_OF_FORM)
        return FormToken(campaign, issued_at)


def _post_signer(*keys: str) -> Signer:
    """Return what signs the tokens of forms with the last of some keys, and accepts those of all."""
    return Signer(keys, "undersigned.post", key_derivation="hmac", digest_method=hashlib.sha256)


class OrganizerTokens(_Tokens):
    """The tokens of organizers: for signing in, for sessions, and for the forms of their pages."""

    def code_of(self, request: SignInRequest) -> str:
        """Return the six digits that sign in for a request. They are computed, so that no row holds them.

        One key makes them, the one that signed when somebody asked: a second valid code would double a guess's luck.
        """
        key = f"sign-in code:{self._keys(request.asked_at)[0]}".encode()
        return f"{int.from_bytes(hmac.digest(key, request.id.encode(), 'sha256')) % _CODES:06}"

    def for_person(self, person: str, session: str) -> str:
        """Issue the token of a session of a person."""
        return self._issue("person", person, session)

    def for_posts(self, session: str) -> str:
        """Return the token in the forms of a session's pages: unknown to other sites, and fixed until a rotation."""
        return self.accepted_in_posts(session)[0]

    def accepted_in_posts(self, session: str) -> tuple[str, ...]:
        """Return the tokens that posts of a session may have, the current one first. Each begins with its person."""
        owner, signers = session.partition("~")[0], [_post_signer(key) for key in self._keys(self._clock())]
        return tuple(signer.sign(f"{owner}~{signer.get_signature(session).decode()}").decode() for signer in signers)

    def person_of_post(self, token: str) -> str:
        """Return whose page a post came from, even if its session is over. Raises TokenError."""
        try:
            found = _post_signer(*self._keys(self._clock())[::-1]).unsign(token).decode()
        except (BadData, UnicodeError) as error:
            message = "the post is from no page of ours"
            raise TokenError(message) from error
        return found.partition("~")[0]

    def for_typed(self, typed: TypedToken) -> str:
        """Seal what a person typed. It is signed, not secret: it only goes back to the browser where it was typed."""
        return self._issue("typed", typed.person, typed.path, typed.values)

    def read_typed(self, token: str) -> TypedToken:
        """Read what a person typed; raises TokenError, TokenExpiredError."""
        parts, _ = self._read("typed", token, _PARTS_OF_TYPED)
        return TypedToken(*parts)

    def read_person(self, token: str) -> PersonToken:
        """Read the token of a session of a person; raises TokenError, TokenExpiredError."""
        parts, _ = self._read("person", token, _PARTS_OF_PERSON)
        return PersonToken(*parts)
