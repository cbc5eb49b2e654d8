"""Peak memory of a whole delivery to one target, by its number of letters: sealing, typesetting, storing, sending.

The real use case runs in a process of its own, on stores in memory that make a letter when it is asked for.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bookmarks import signers_in
from benchmarks.goals import Benchmark, Figures, Flat, Limit, Size
from benchmarks.memory import in_own_process, peak_mb
from benchmarks.stores import (
    CAMPAIGN,
    NOW,
    SHIPPED,
    TARGET,
    Inbox,
    MadeSignatures,
    OneDelivery,
    PacketFolder,
    ShippedCampaign,
    name_of,
)
from undersigned.domain.deliveries import PACKET_SIZE, DeliveryKey, Sender
from undersigned.rendering.fonts import FontBook
from undersigned.rendering.packets import typeset
from undersigned.services.catalog import Catalog
from undersigned.services.delivering import Delivering
from undersigned.services.packing import Packing
from undersigned.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from undersigned.rendering.packets import Packet, PacketCover, PacketLetter

SIZES: dict[Size, tuple[int, ...]] = {"full": (1_000, 20_000), "small": (250, 1_000)}

GOALS = (Limit("* letters", ("peak_mb",), at_most=400), Flat("* letters", "peak_mb"))
"""Lambda gives the function 1,769 MB, and Typst takes what it finds."""

_BUNDLE_SIZE = 99


def measure(size: Size) -> Figures:
    """Return peak megabytes, packets and bytes of PDFs for each number of letters."""
    return {f"{letters:,} letters": in_own_process(__name__, str(letters)) for letters in SIZES[size]}


def delivering_of(
    letters: int, files: PacketFolder, inbox: Inbox, typesetter: Callable[[PacketCover, Sequence[PacketLetter]], Packet]
) -> Delivering:
    """Wire the delivery of that many letters, which are made when they are asked for."""
    campaigns, deliveries = ShippedCampaign(), OneDelivery()
    signatures = MadeSignatures(letters, SHIPPED.letter.version)
    return Delivering(
        packing=Packing(
            campaigns=campaigns,
            catalog=Catalog(campaigns=campaigns, clock=lambda: NOW),
            signatures=signatures,
            tokens=Tokens(lambda _: ("secret",), lambda: NOW),
            sender=Sender("letters@enddemand.example", "https://letters.example"),
            typesetter=typesetter,
            report_replaced=lambda *_: None,
            report_damaged=lambda *_: None,
        ),
        campaigns=campaigns,
        signatures=signatures,
        deliveries=deliveries,
        packets=files,
        post=inbox,
        clock=lambda: NOW,
        sleep=lambda _seconds: None,
        bundle_size=_BUNDLE_SIZE,
    )


def deliver(letters: int, folder: Path) -> dict[str, float]:
    """Deliver that many letters, keep the PDFs in a folder, and return the figures."""
    fonts = FontBook()
    packets, inbox = PacketFolder(folder), Inbox()
    delivering = delivering_of(letters, packets, inbox, lambda cover, made: typeset(cover, made, fonts))
    delivery = delivering.deliver(DeliveryKey(CAMPAIGN, TARGET, NOW.date().isoformat()))
    peak = peak_mb()
    assert delivery is not None
    assert (delivery.state, delivery.letters, inbox.emails) == ("sent", letters, 1)
    assert delivery.packets == len(packets.names) == -(-letters // PACKET_SIZE)
    delivered = [signer for name in packets.names for signer in signers_in(packets.get(name))]
    assert delivered == [name_of(number) for number in range(letters)]
    return {
        "peak_mb": peak,
        "packets": delivery.packets,
        "pdf_bytes": delivery.bytes,
    }


BENCHMARK = Benchmark("Peak memory of a delivery", GOALS, measure)

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(json.dumps(deliver(int(sys.argv[1]), Path(made))))
