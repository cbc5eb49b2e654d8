"""Storing: typeset a delivery's packets and store them, before its email leaves and after a letter was erased."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import packet_name, sealed_in
from undersigned.domain.errors import UndersignedError
from undersigned.services.packet_files import sent_packets, sweep
from undersigned.services.packing import Batch
from undersigned.services.ports import ChangedError, DamagedRowsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.domain.deliveries import DeliveryKey, PacketRecord
    from undersigned.services.packing import Packing
    from undersigned.services.ports import CampaignStore, DeliveryStore, PacketStore


class OutOfTimeError(UndersignedError):
    """The time for this try is up. Its finished steps are kept, and the next try continues from there."""


def check_time(has_time: Callable[[], bool]) -> None:
    """Raise OutOfTimeError if the time is up. Called after each step, so that every try completes at least one."""
    if not has_time():
        message = "the time for this try is up; the next one continues"
        raise OutOfTimeError(message)


@dataclass(kw_only=True, frozen=True, slots=True)
class Storing:
    """Stores packets."""

    packing: Packing
    campaigns: CampaignStore
    deliveries: DeliveryStore
    files: PacketStore
    clock: Callable[[], datetime]

    def store(self, batch: Batch, has_time: Callable[[], bool], *, to_send: bool) -> tuple[PacketRecord, ...]:
        """Make the packets that are not stored yet without the erased letters, and return all of the delivery.

        They are typeset one at a time, so that memory use stays flat. To send, one of another day is stored anew,
        because PDFs are not kept forever. A packet with a damaged letter waits until that is repaired; the others
        don't wait for it. Raises DamagedRowsError at the end, OutOfTimeError, and ChangedError if a letter was erased
        meanwhile.
        """
        made = {packet.number: packet for packet in self.deliveries.packets(batch.key)}
        damaged: list[str] = []
        for number in batch.spans:
            packet, erased = made.get(number), batch.erased_in[number]
            if packet and (packet.is_ready_to_send(erased, self.clock()) if to_send else packet.erased == erased):
                continue
            try:
                made[number] = self._store(batch, number, to_send=to_send)
            except DamagedRowsError as error:
                damaged += error.signers
            else:
                check_time(has_time)
        # A letter may have been erased since this began, and that looked for files before one of these was stored.
        sweep(self.deliveries, self.files, batch.key)
        if damaged:
            raise DamagedRowsError(tuple(damaged))
        return tuple(made[number] for number in batch.spans)

    def store_again(self, key: DeliveryKey, has_time: Callable[[], bool] = lambda: True) -> int:
        """Delete a delivery's PDFs that have an erased letter, make them without it, and return how many those were.

        Once the links to them have ended, nothing is made again: the bucket deletes old PDFs. Doing it twice is
        harmless. Raises what `store` raises, and NotFoundError for an unknown campaign or target.
        """
        delivery = self.deliveries.delivery(key)
        if delivery is None or delivery.cleared_at is not None:
            return 0
        sweep(self.deliveries, self.files, key)
        outdated = sum(packet.is_outdated for packet in sent_packets(self.deliveries, delivery))
        if delivery.has_ended_links(self.clock()) or not outdated:
            return 0
        campaign, target = self.campaigns.campaign(key.campaign), self.campaigns.target(key.campaign, key.target)
        signers = sealed_in(self.deliveries.bundles(key))
        batch = Batch(campaign, target, key, signers, delivery.erased, delivery.packet_size)
        self.store(batch, has_time, to_send=False)
        return outdated

    def _store(self, batch: Batch, number: int, *, to_send: bool) -> PacketRecord:
        """Make one packet, store its PDF, then record it: so no link leads to a file that isn't there."""
        made, pdf = self.packing.typeset(batch, number)
        name = packet_name(batch.key, number, made.erased)
        if pdf:
            self.files.put(name, pdf)
        packet = replace(made, stored_at=self.clock())
        try:
            (self.deliveries.put_packet if to_send else self.deliveries.put_file)(batch.key, packet)
        except ChangedError:
            # Another process was faster, and one of these letters was erased since.
            self.files.delete(name)
            raise
        return packet
