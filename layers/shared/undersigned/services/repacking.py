"""Repacking: typeset the packets of an email again from which letters were erased."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import packet_name
from undersigned.services.delivering import check_time
from undersigned.services.packet_files import delete_erased, delete_files, delete_stored_late, store
from undersigned.services.packing import Batch
from undersigned.services.ports import DamagedRowsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.domain.deliveries import Delivery, DeliveryKey, PacketRecord
    from undersigned.services.packing import Packing
    from undersigned.services.ports import CampaignStore, DeliveryStore, PacketStore


@dataclass(kw_only=True, frozen=True, slots=True)
class Repacking:
    """Typesets packets again without the letters that were erased."""

    packing: Packing
    campaigns: CampaignStore
    deliveries: DeliveryStore
    files: PacketStore
    clock: Callable[[], datetime]

    def repack(self, key: DeliveryKey, has_time: Callable[[], bool] = lambda: True) -> int:
        """Delete a delivery's PDFs that have an erased letter, typeset them without it, and return how many those were.

        Once the links to them have ended, nothing is made again: the bucket deletes old PDFs.

        Doing it twice is harmless. `has_time` is called after each packet, and says whether there is time for another.
        A packet with a damaged letter waits until that is repaired; the others don't wait for it. Raises
        DamagedRowsError at the end, OutOfTimeError, and NotFoundError for an unknown campaign or target.
        """
        delivery = self.deliveries.delivery(key)
        if delivery is None or delivery.cleared_at is not None:
            return 0
        outdated = delete_erased(self.deliveries, self.files, delivery)
        if delivery.has_ended_links(self.clock()) or not outdated:
            return 0
        campaign, target = self.campaigns.campaign(key.campaign), self.campaigns.target(key.campaign, key.target)
        batch = Batch(campaign, target, key, delivery.letters_in(self.deliveries.bundles(key)))
        damaged: list[str] = []
        for packet in outdated:
            omitted = packet.missing
            record = replace(packet.record, omitted=omitted, name=packet_name(key, packet.record.id, omitted))
            if packet.is_gone:
                self.deliveries.add_packet(key, replace(record, stored_at=None))
            else:
                try:
                    pdf = self.packing.typeset_again(batch, record, delivery.last.packets, packet.erased)
                except DamagedRowsError as error:
                    damaged += error.signers
                    continue
                store(self.deliveries, self.files, key, record, pdf, self.clock())
            self._delete_earlier(key, packet.record, omitted)
            check_time(has_time)
        self._look_again(delivery)
        if damaged:
            raise DamagedRowsError(tuple(damaged))
        return len(outdated)

    def _look_again(self, delivery: Delivery) -> None:
        """Delete what was stored here too late: something was deleted before, and didn't find it."""
        found = self.deliveries.delivery(delivery.key)
        if found is None or found.cleared_at is not None:
            delete_files(self.deliveries, self.files, delivery.key)
        elif found.erased != delivery.erased:
            delete_stored_late(self.deliveries, self.files, found)

    def _delete_earlier(self, key: DeliveryKey, packet: PacketRecord, omitted: int) -> None:
        """Delete the PDFs of a packet with more letters than it has now, whether they are recorded or not.

        A slower process, which began before the last erasure, may have stored one since `delete_erased`. What it stores
        from now on, it deletes itself, because it finds the new record. If it is killed before it does, the next
        repacking or reconciliation deletes it.
        """
        self.files.delete(*(packet_name(key, packet.id, fewer) for fewer in range(omitted)))
