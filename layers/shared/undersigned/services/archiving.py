"""Archiving: group the packets of a large delivery in ZIP files, so that its reader has a few files to download.

An archive holds nothing that its packets don't have, and they stay available one by one. Its name has a digest of what
it holds. So its name shows whether it is the right one, and nobody asks for the name of one that has an erased letter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import ArchiveRecord
from undersigned.rendering.archives import ArchiveIndex, Listed, archive
from undersigned.services.packet_files import parts_of, right_archives
from undersigned.services.ports import ChangedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.deliveries import DeliveryKey
    from undersigned.services.packet_files import Part, SentPacket
    from undersigned.services.ports import DeliveryStore, PacketStore


@dataclass(kw_only=True, frozen=True, slots=True)
class Archiving:
    """Makes archives, one at a time."""

    deliveries: DeliveryStore
    files: PacketStore
    clock: Callable[[], datetime]

    def archive(  # noqa: PLR0913, PLR0917  (a delivery's packets, and how to go on)
        self,
        campaign: Campaign,
        target: Target,
        key: DeliveryKey,
        packets: Sequence[SentPacket],
        size: int,
        erased: int,
        check_time: Callable[[], None],
        *,
        fresh: bool = True,
    ) -> None:
        """Make the archives that are not stored yet, or, for an email that is about to be sent, not `fresh` any more.

        `erased` is how many of the delivery's letters had been erased when its packets were read. `check_time` is
        called after each archive. Raises ChangedError if a letter was erased meanwhile.
        """
        if not size:
            return
        for part in parts_of(key, size, packets, self.deliveries.archives(key)):
            is_done = part.archive is not None and (not fresh or part.archive.is_fresh(self.clock()))
            if is_done or part.is_gone or part.is_outdated:
                continue
            index = ArchiveIndex(
                campaign=campaign,
                target=target,
                key=key,
                number=part.number,
                of=part.of,
                packets=[Listed(packet.record, packet.record.omitted, packet.is_gone) for packet in part.packets],
                packets_of=len(packets),
            )
            self._store(key, part, index, erased)
            check_time()

    def _store(self, key: DeliveryKey, part: Part, index: ArchiveIndex, erased: int) -> None:
        pdfs = (self.files.get(packet.record.name) for packet in part.packets if not packet.is_gone)
        pieces = _Counted(archive(index, pdfs, date.fromisoformat(key.period)))
        made = ArchiveRecord(part.number, part.name, erased=erased)
        # Recorded first, so that each archive that may be stored can be found and deleted.
        self.deliveries.put_archive(key, made)
        self.files.put_archive(part.name, pieces)
        delivery = self.deliveries.delivery(key)
        if delivery is None or len(delivery.erased) != erased:
            # One of these letters may have been erased since their packets were read. If not, another process may have
            # recorded the same archive.
            if delivery is None or part.name not in right_archives(self.deliveries, delivery):
                self.files.delete(part.name)
            message = "a letter was erased while its archive was made"
            raise ChangedError(message)
        self.deliveries.put_archive(key, replace(made, bytes=pieces.bytes, stored_at=self.clock()))


class _Counted:
    """Counts the bytes of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self.bytes += len(piece)
        return piece
