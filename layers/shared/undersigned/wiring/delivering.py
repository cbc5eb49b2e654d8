"""Delivering: from the plan of a period to an office's inbox."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.delivering.planning import Planning

if TYPE_CHECKING:
    from undersigned.wiring.clients import Clients


@dataclass(frozen=True)
class DeliveringCases:
    """The use cases of delivering."""

    stack: Clients

    @cached_property
    def planning(self) -> Planning:
        return Planning(
            campaigns=self.stack.campaigns,
            signatures=self.stack.signatures,
            deliveries=self.stack.deliveries,
            queue=self.stack.queue,
            at_once=self.stack.settings.plans_at_once,
        )
