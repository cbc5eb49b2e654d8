"""Archives: ZIP files of packets, each with an index. They are made piece by piece, so that memory use stays flat."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, override
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from undersigned.domain.deliveries import packet_filename
from undersigned.rendering.environment import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.deliveries import DeliveryKey, PacketRecord

INDEX, TABLE = "index.html", "index.csv"
"""The index for people, and for programs. Both have numbers of letters and no names."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A packet in an archive's index: how many of its letters were erased since, and whether any is left."""

    record: PacketRecord
    erased: int
    is_gone: bool


@dataclass(kw_only=True, frozen=True, slots=True)
class ArchiveIndex:
    """What an archive's index says: archive `number` of `of`, whose packets are some of `packets_of`."""

    campaign: Campaign
    target: Target
    key: DeliveryKey
    number: int
    of: int
    packets: Sequence[Listed]
    packets_of: int

    def filename(self, packet: Listed) -> str:
        """Return a packet's file name in the archive."""
        return packet_filename(self.key, packet.record.number, self.packets_of)


def archive(index: ArchiveIndex, pdfs: Iterable[bytes], day: date) -> Iterator[bytes]:
    """Make an archive of the packets that are left, in pieces. Equal input gives equal bytes.

    PDFs are compressed already, so they are stored as they are.
    """
    kept = [packet for packet in index.packets if not packet.is_gone]
    yield from _zipped(_files(index, kept, pdfs), (day.year, day.month, day.day, 0, 0, 0))


def _files(index: ArchiveIndex, kept: Sequence[Listed], pdfs: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    yield INDEX, _page(index)
    yield TABLE, _table(index, kept)
    for packet, pdf in zip(kept, pdfs, strict=True):
        yield index.filename(packet), pdf


def _page(index: ArchiveIndex) -> bytes:
    language = index.campaign.language
    template = environment(language).get_template("archive.html")
    return template.render(language=language, index=index, whom=index.target.addressed(language)).encode()


def _table(index: ArchiveIndex, kept: Sequence[Listed]) -> bytes:
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["file", "first_letter", "last_letter", "letters"])
    for packet in kept:
        first, last = packet.record.span
        table.writerow([index.filename(packet), first, last, last - first + 1 - packet.erased])
    return written.getvalue().encode()


def _zipped(files: Iterable[tuple[str, bytes]], at: tuple[int, int, int, int, int, int]) -> Iterator[bytes]:
    made = _Pieces()
    with ZipFile(made, "w", ZIP_STORED) as zip_file:
        for name, content in files:
            zip_file.writestr(ZipInfo(name, at), content)
            yield made.take()
    yield made.take()


class _Pieces(io.BytesIO):
    """A file of which what is finished can be taken away.

    ZipFile goes back to the beginning of a member, to write its size there, and never further.
    """

    def __init__(self) -> None:
        super().__init__()
        self._taken = 0

    def take(self) -> bytes:
        """Return what was written since the last time."""
        piece = self.getvalue()
        self._taken += len(piece)
        super().seek(0)
        self.truncate()
        return piece

    @override
    def tell(self) -> int:
        return self._taken + super().tell()

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._taken + super().seek(offset - self._taken if whence == io.SEEK_SET else offset, whence)
