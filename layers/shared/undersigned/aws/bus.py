"""EventBridge: the stack's bus."""

from __future__ import annotations

import json
from itertools import batched
from typing import TYPE_CHECKING, Any

from undersigned.domain.events import SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.domain.events import Event

_MOST_ENTRIES = 10
"""The most entries in one PutEvents call."""


class EventBus:
    """An EventBridge bus."""

    def __init__(self, client: Any, name: str) -> None:  # noqa: ANN401
        """Keep the client and the bus's name."""
        self._client = client
        self._name = name

    def put(self, events: Sequence[Event]) -> frozenset[str]:
        """Put events on the bus, and return the ids of those that it refused."""
        # PutEvents can refuse some of the entries and still answer with 200.
        refused: set[str] = set()
        for some in batched(events, _MOST_ENTRIES, strict=False):
            answer = self._client.put_events(Entries=[self._entry(event) for event in some])
            refused.update(
                event.id for event, entry in zip(some, answer["Entries"], strict=True) if "ErrorCode" in entry
            )
        return frozenset(refused)

    def _entry(self, event: Event) -> Mapping[str, Any]:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.kind,
            "Detail": json.dumps(event.detail),
            "Time": event.at,
        }
