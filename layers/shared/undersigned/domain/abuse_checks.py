"""Abuse checks: tell a person's form from a bot's, without tracking anyone.

A form that looks like a bot's is not refused. It gets the same answer as any other, and its letter waits in quarantine
with the reason until its signer confirms it or the organizer releases it. Only a network that sends a flood of forms
has to wait.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Suspicion = Literal["trap", "no form", "too fast", "no proof", "form used", "erased before", "no mailbox"]
"""Why a form looks like a bot's.

- `trap`: the field that people don't see is filled in.
- `no form`: the form has no valid token.
- `too fast`: the form was filled in faster than a person can; only a version before 0.3 judges so.
- `no proof`: the form lacks the proof of work that it needs.
- `form used`: another letter was signed with this form token; only a version before 0.3 judges so.
- `erased before`: an earlier letter of this signer was erased, and must not be sent again unnoticed.
- `no mailbox`: the domain of the email address takes no email, so none was sent.
"""

WantedSuspicion = Literal["any", Suspicion]
"""What a search for suspicious letters can ask for."""

FORM_WINDOW = timedelta(seconds=30)
"""Everybody who opens the form within it gets the same form token, so that caches can keep the page."""

PROOF_GRACE = timedelta(minutes=10)
"""How long a form that was opened before bots came needs no proof of work. `form.js` brings one after half of it."""

TRAP = "topic"
"""The name of the field that people don't see. Browsers don't autofill a field of this name."""


@dataclass(frozen=True, slots=True)
class FormToken:
    """The content of a form token. It is for one campaign; `issued_at` is an aware datetime in whole seconds.

    `nonce` names the window in which the form was opened. A version before 0.3 makes a random one for each form, which
    counts once there.
    """

    campaign: str
    nonce: str
    needs_proof: bool
    issued_at: datetime

    @classmethod
    def of_window(cls, campaign: str, moment: datetime, *, needs_proof: bool) -> FormToken:
        """Return what everybody gets who opens a campaign's form in the window of a moment."""
        seconds = FORM_WINDOW // timedelta(seconds=1)
        issued_at = datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)
        return cls(campaign, _nonce(issued_at), needs_proof, issued_at)

    @property
    def is_shared(self) -> bool:
        """Whether everybody of a window has this token, and not one form of a version before 0.3."""
        return self.nonce == _nonce(self.issued_at)


def _nonce(window: datetime) -> str:
    return f"{int(window.timestamp()):x}"


def suspicion(
    form: FormToken | None, *, is_trapped: bool, is_from_known_site: bool, lacks_proof: bool
) -> Suspicion | None:
    """Return why a form looks like a bot's, or None.

    An organization's own form has no token. It must come from a site that the campaign allows instead.
    """
    if is_trapped:
        return "trap"
    if form is None:
        return None if is_from_known_site else "no form"
    return "no proof" if lacks_proof else None


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


@dataclass(slots=True)
class FirstForms:
    """The networks from which a process has had a form in this window, as hashes.

    A network's first form there is counted with its second. So in a rush most forms write no count, and a network can
    send one more than its limit for each process that answers it.
    """

    _window: datetime | None = None
    _waiting: dict[str, str | None] = field(default_factory=dict)

    def to_count(self, network: str, address: str, window: datetime) -> list[str]:
        """Return the addresses whose forms are counted now: none, this one, or the network's first one, too."""
        if window != self._window:
            self._window, self._waiting = window, {}
        if network not in self._waiting:
            self._waiting[network] = address
            return []
        first, self._waiting[network] = self._waiting[network], None
        return [address] if first is None else [first, address]


PACE_WINDOW = timedelta(minutes=10)
_WINDOWS_OF_USUAL = 5
PACE_WINDOWS = timedelta(days=1) // PACE_WINDOW
"""How many windows are read: those of a day. The first five show the pace before the others."""

_WINDOWS_OF_JUMP = timedelta(hours=6) // PACE_WINDOW

_FEWEST_OF_JUMP = 50
_JUMP = 4


def has_jumped(sign_ups: Sequence[int]) -> bool:
    """Say whether sign-ups have been much faster than usual. Takes one number for each window, the current one last.

    What is usual is the mean of the five windows before the jump. It stays so until six hours have had no window that
    is as fast again. So a flood that goes on does not become usual, nor does a pause make people forget it.
    """
    before, usual, left = list(sign_ups[:_WINDOWS_OF_USUAL]), 0.0, 0
    for signed in sign_ups[_WINDOWS_OF_USUAL:]:
        if not left:
            usual = sum(before) / len(before)
        is_fast = signed >= _FEWEST_OF_JUMP and signed >= _JUMP * usual
        left = _WINDOWS_OF_JUMP if is_fast else max(0, left - 1)
        before = [*before[1:], signed]
    return left > 0


def window_of(moment: datetime, length: timedelta) -> datetime:
    """Return the start of the window that contains a moment."""
    return moment - timedelta(seconds=moment.timestamp() % length.total_seconds())


def hashed_network(key: str, address: str, moment: datetime) -> str:
    """Hash the network of an IP address on a day in UTC (48 bits, hex). On another day it has another hash."""
    day = moment.astimezone(UTC).date().isoformat()
    return hmac.new(key.encode(), f"{day} {Visitor.at(address).network}".encode(), hashlib.sha256).hexdigest()[:12]


def hashed_address(key: str, address: str, window: datetime) -> str:
    """Hash an address (128 bits, hex). The hash can't be reversed by guessing, nor followed into the next window."""
    return hmac.new(key.encode(), f"{window.isoformat()} {address}".encode(), hashlib.sha256).hexdigest()[:32]
