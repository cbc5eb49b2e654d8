"""What the links in mails and open forms carry: whose letter, packets, campaign or week they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

type Purpose = Literal["confirm", "letter", "packets", "form", "approval", "session"]

VALID_FOR: dict[Purpose, timedelta] = {
    "confirm": timedelta(days=400),
    "letter": timedelta(days=400),
    "packets": timedelta(days=30),
    "form": timedelta(days=2),
    "approval": timedelta(days=14),
    "session": timedelta(hours=12),
}
"""How long a link, an open form or a session works.

How long a letter can be confirmed, its row says; the link then shows what became of it."""

CLOCKS_DIFFER_BY = timedelta(minutes=10)
"""How far ahead the clock of the machine that issued a token may be; a token from later than that is no good."""


@dataclass(frozen=True, slots=True)
class SignerToken:
    """Whose letter a link is about."""

    campaign: str
    signer: str


@dataclass(frozen=True, slots=True)
class ApprovalToken:
    """A campaign's period, which whoever holds the token may approve."""

    campaign: str
    period: str


@dataclass(frozen=True, slots=True)
class SessionToken:
    """An organizer's session: the campaign, and the SHA-256 (hex) of the key that opened it."""

    campaign: str
    digest: str
