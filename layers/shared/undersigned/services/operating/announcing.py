"""Announcing: put events on the stack's bus, for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from undersigned.aws.bus import EventBus
    from undersigned.domain.events import Event

_PAUSES = (0.1, 0.4)
"""Seconds before refused events are tried again. After that, the stream delivers their records again."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Announcing:
    """Announces events."""

    bus: EventBus
    sleep: Callable[[float], None]

    def announce(self, events: Sequence[Event]) -> frozenset[str]:
        """Announce events in order, and return the ids of those that the bus refused."""
        refused = self.bus.put(events)
        for pause in _PAUSES:
            if not refused:
                break
            self.sleep(pause)
            refused = self.bus.put([event for event in events if event.id in refused])
        return refused
