"""Abuse checks: tell a person's form from a bot's, without tracking anyone.

A form that looks like a bot's is not refused. It gets the same answer as any other, and its letter waits in quarantine
with the reason until its signer confirms it or the organizer releases it. Only a network that sends a flood of forms
has to wait.
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
"""Why a form looks like a bot's.

- `trap`: the field that people don't see is filled in.
- `no form`: the form has no valid token.
- `too fast`: the form was filled in faster than a person can.
- `no proof`: the form lacks the proof of work that it needs.
- `form used`: another letter was signed with this form token.
- `erased before`: an earlier letter of this signer was erased, and must not be sent again unnoticed.
"""

QUICKEST = timedelta(seconds=3)
"""No person reads a letter and fills in eight fields in less time."""

TRAP = "topic"
"""The name of the field that people don't see. Browsers don't autofill a field of this name."""


@dataclass(frozen=True, slots=True)
class FormToken:
    """The content of a form token. It is for one campaign and counts once; `issued_at` is an aware datetime."""

    campaign: str
    nonce: str
    needs_proof: bool
    issued_at: datetime


def suspicion(
    form: FormToken | None, *, now: datetime, is_trapped: bool, is_from_known_site: bool, has_proof: bool
) -> Suspicion | None:
    """Return why a form looks like a bot's, or None.

    An organization's own form has no token. It must come from a site that the campaign allows instead.
    """
    if is_trapped:
        return "trap"
    if form is None:
        return None if is_from_known_site else "no form"
    # A form dated in the future was issued by a machine whose clock is ahead, so its age is unknown.
    if timedelta() <= now - form.issued_at < QUICKEST:
        return "too fast"
    if form.needs_proof and not has_proof:
        return "no proof"
    return None


RATE_WINDOW = timedelta(minutes=1)
NETWORK_SHARE = 5
"""How many times as many forms a network may send as one address."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a form comes from: an IP address, and the network that it belongs to."""

    address: str
    network: str

    @classmethod
    def at(cls, address: str) -> Visitor:
        """Return the visitor at an IP address: IPv4 in its /24 network, IPv6 as a customer's /64 in its /48 network."""
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
"""How many windows are compared: the current one, the one before it, and five that show the usual pace."""

_FEWEST_OF_JUMP = 50
_JUMP = 4


def has_jumped(sign_ups: Sequence[int]) -> bool:
    """Say whether sign-ups are much faster than usual. Takes one number for each window, the current one last."""
    *usual, before, current = sign_ups
    recent = max(before, current)
    return recent >= _FEWEST_OF_JUMP and recent >= _JUMP * sum(usual) / len(usual)


def window_of(moment: datetime, length: timedelta) -> datetime:
    """Return the start of the window that contains a moment."""
    return moment - timedelta(seconds=moment.timestamp() % length.total_seconds())


def hashed_address(key: str, address: str, window: datetime) -> str:
    """Hash an address (128 bits, hex). The hash can't be reversed by guessing, nor followed into the next window."""
    return hmac.new(key.encode(), f"{window.isoformat()} {address}".encode(), hashlib.sha256).hexdigest()[:32]
