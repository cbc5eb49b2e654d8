"""Delivering: from the plan of a period to an office's inbox."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from undersigned.delivering.delivery_controls import DeliveryControls
from undersigned.delivering.packet_links import PacketLinks
from undersigned.delivering.planning import Planning

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.base.emails import Sender
    from undersigned.delivering.delivering import Delivering
    from undersigned.delivering.packing import Packing
    from undersigned.delivering.rules.deliveries import DeliveryKey
    from undersigned.delivering.storing import Storing
    from undersigned.wiring.clients import Clients

    ReportReplaced = Callable[[DeliveryKey, int, dict[str, int]], None]
    """What is told of the characters of a packet that no font has."""


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

    def packing(self, report_replaced: ReportReplaced, sender: Sender) -> Packing:
        """Make the typesetting of letters, with the links of a sender's emails."""
        from undersigned.base.fonts import font_book
        from undersigned.delivering.packing import Packing
        from undersigned.delivering.printing.packets import typeset

        return Packing(
            campaigns=self.stack.campaigns,
            catalog=self.stack.catalog,
            signatures=self.stack.signatures,
            deliveries=self.stack.deliveries,
            links=self.stack.links,
            sender=sender,
            typesetter=lambda cover, letters: typeset(cover, letters, font_book()),
            report_replaced=report_replaced,
        )

    def storing(self, report_replaced: ReportReplaced) -> Storing:
        """Make the storing of packets."""
        from undersigned.delivering.storing import Storing

        return Storing(
            packing=self.packing(report_replaced, self.stack.settings.sender),
            campaigns=self.stack.campaigns,
            deliveries=self.stack.deliveries,
            files=self.stack.bucket,
            clock=self.stack.clock,
        )

    def delivering(self, report_replaced: ReportReplaced) -> Delivering:
        """Make the deliveries."""
        from undersigned.delivering.delivering import Delivering

        return Delivering(
            packing=self.packing(report_replaced, self.stack.settings.sender),
            storing=self.storing(report_replaced),
            campaigns=self.stack.campaigns,
            signatures=self.stack.signatures,
            deliveries=self.stack.deliveries,
            files=self.stack.bucket,
            post=self.stack.mailbox,
            organizer_post=self.stack.organizer_post,
            clock=self.stack.clock,
            sleep=self.stack.sleep,
            bundle_size=self.stack.settings.bundle_size,
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
