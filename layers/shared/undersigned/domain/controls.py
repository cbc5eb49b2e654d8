"""Controls: what an organizer decided of a campaign's deliveries, and the trace that each decision leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

type Action = Literal[
    "pause", "resume", "approve", "hold", "release", "retry", "test", "deliver",
    "remove", "release from quarantine", "export", "create key", "revoke key",
    "backup", "restore",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Controls:
    """Whether a campaign's deliveries pause, and the periods that somebody approved."""

    paused: bool = False
    approved: frozenset[str] = frozenset()

    def lets_begin(self, period: str, *, needs_approval: bool) -> bool:
        """Say whether a delivery of a period may begin. One that has begun needs no second approval."""
        return not self.paused and (period in self.approved or not needs_approval)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What somebody did: `by` is the key's first digits or a signed link, `about` a target, a period or a letter's id.

    Nothing in it is personal; `why` is the organizer's own words.
    """

    campaign: str
    at: datetime
    action: Action
    by: str
    about: str = ""
    why: str = ""
