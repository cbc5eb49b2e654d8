"""Delivering: from the plan of a period to an office's inbox."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from undersigned.delivering.delivery_controls import DeliveryControls
from undersigned.delivering.packet_links import PacketLinks
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

    @cached_property
    def packet_links(self) -> PacketLinks:
        return PacketLinks(catalog=self.stack.catalog, deliveries=self.stack.deliveries, links=self.stack.links)

    @cached_property
    def controls(self) -> DeliveryControls:
        from undersigned.delivering.limits_of_tests import LimitsOfTests
        from undersigned.workshop.drafting import follow_address

        return DeliveryControls(
            campaigns=self.stack.campaigns,
            signatures=self.stack.signatures,
            deliveries=self.stack.deliveries,
            queue=self.stack.queue,
            planning=self.planning,
            limits=LimitsOfTests(campaigns=self.stack.campaigns, sign_ins=self.stack.sign_ins, clock=self.stack.clock),
            follow_address=partial(follow_address, self.stack),
            clock=self.stack.clock,
            new_id=self.stack.new_id,
        )
