"""Abuse checks: what tells a person's form from a bot's, without tracking anyone.

Nothing that looks like a bot is turned away: its letter waits in quarantine, with the reason, is answered like any
other, and leaves it by the button in its mail or by the organizer. Only a network that sends a flood has to wait.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Suspicion = Literal["trap", "no form", "too fast", "no proof", "form used", "erased before"]
"""`trap`: a field that people don't see is filled in; `no form`: it carries no form of ours; `form used`: another
letter was signed with it; `no proof`: it lacks the proof of work that was asked for; `erased before`: a letter of
this signer was erased, and must not come back unseen."""

QUICKEST = timedelta(seconds=3)
"""Nobody fills in eight fields and reads a letter in less."""

TRAP = "topic"
"""The field that people don't see: a word that no browser fills in by itself."""


@dataclass(frozen=True, slots=True)
class FormToken:
    """What the token of a form says: it was given out for one campaign at a moment (aware), and counts once."""

    campaign: str
    nonce: str
    needs_proof: bool
    issued_at: datetime


def suspicion(
    form: FormToken | None, *, now: datetime, is_trapped: bool, is_from_known_site: bool, has_proof: bool
) -> Suspicion | None:
    """Say why a form looks like a bot's, or None.

    An organization's own form has no token: the site that it was sent from must be known instead.
    """
    if is_trapped:
        return "trap"
    if form is None:
        return None if is_from_known_site else "no form"
    # A form from later than now was dated by a clock that is ahead, so how long it was open is not known.
    if timedelta() <= now - form.issued_at < QUICKEST:
        return "too fast"
    if form.needs_proof and not has_proof:
        return "no proof"
    return None


RATE_WINDOW = timedelta(minutes=1)
NETWORK_SHARE = 5
"""A network may send as many forms as five of its addresses."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a form comes from: an address, and the network that it is a part of."""

    address: str
    network: str

    @classmethod
    def at(cls, address: str) -> Visitor:
        """Place an IP address: one of IPv4 in its /24; of IPv6 the customer's /64 in the /48."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return cls(address, address)
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        own, shared = (32, 24) if ip.version == 4 else (64, 48)  # noqa: PLR2004  (IP's versions)
        return cls(*(str(ipaddress.ip_network((ip, prefix), strict=False)) for prefix in (own, shared)))


PACE_WINDOW = timedelta(minutes=10)
PACE_WINDOWS = 7
"""The windows that are looked at: the running one, the one before, and the five that say what is usual."""

_FEWEST_OF_JUMP = 50
_JUMP = 4


def has_jumped(sign_ups: Sequence[int]) -> bool:
    """Say whether sign-ups come much faster than usual; one number a window, the running one last."""
    *usual, before, running = sign_ups
    recent = max(before, running)
    return recent >= _FEWEST_OF_JUMP and recent >= _JUMP * sum(usual) / len(usual)


def window_of(moment: datetime, length: timedelta) -> datetime:
    """Return when the window began in which a moment lies."""
    return moment - timedelta(seconds=moment.timestamp() % length.total_seconds())


def hashed_address(key: str, address: str, window: datetime) -> str:
    """Hash an address so that it can't be guessed, nor followed from one window to the next: 128 bits in hex."""
    return hmac.new(key.encode(), f"{window.isoformat()} {address}".encode(), hashlib.sha256).hexdigest()[:32]
