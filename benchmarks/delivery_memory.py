"""Peak memory of a whole delivery to one chief, by its number of letters: sealing, typesetting, storing, mailing.

The real use case runs in a process of its own, on stores in memory that make a letter when it is asked for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.typesetting import peak_mb
from undersigned.domain.controls import Controls
from undersigned.domain.deliveries import Bundle, Delivery, DeliveryKey, PacketRecord, Sender
from undersigned.domain.signatures import Signature
from undersigned.rendering.fonts import FontBook
from undersigned.rendering.packets import typeset
from undersigned.services.delivering import Delivering
from undersigned.services.packing import Packing
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.letters import Letter
    from undersigned.rendering.mails import Mail

ROOT = Path(__file__).parents[1]
SIZES = (1_000, 20_000)
NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
KEY = DeliveryKey("end-demand-illinois", "evanston", "2026-11-30")


def measure() -> dict[str, dict[str, float]]:
    """Return peak megabytes, packets and bytes of PDFs for each number of letters."""
    return {f"{size:,} letters": _in_a_process_of_its_own(size) for size in SIZES}


def _in_a_process_of_its_own(letters: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.delivery_memory", str(letters)]
    child = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(child.stdout)
    return figures


def deliver(letters: int) -> dict[str, float]:
    """Deliver that many letters and return the figures."""
    stores = _Stores(letters)
    fonts = FontBook()
    delivering = Delivering(
        packing=Packing(
            campaigns=stores,
            catalog=stores,  # type: ignore[arg-type]  # it has all that is asked of a catalog here
            signatures=stores,  # type: ignore[arg-type]  # and of the rows
            deliveries=stores,  # type: ignore[arg-type]  # and of the deliveries
            tokens=stores,  # type: ignore[arg-type]  # and of the tokens
            sender=Sender("letters@enddemand.example", "https://letters.example"),
            typeset=lambda cover, made: typeset(cover, made, fonts),
            report_replaced=lambda *_: None,
        ),
        controls=stores,  # type: ignore[arg-type]  # and of an organizer's decisions
        deliveries=stores,  # type: ignore[arg-type]
        packets=stores,
        post=stores,
        clock=lambda: NOW,
        sleep=lambda _seconds: None,
        bundle_size=99,
    )
    delivery = delivering.deliver(KEY)
    assert delivery is not None
    assert (delivery.state, delivery.letters, stores.mails) == ("sent", letters, 1)
    return {"peak_mb": peak_mb(), "packets": delivery.packets, "pdf_bytes": delivery.bytes}


class _Stores:
    """All that a delivery needs of the outside."""

    def __init__(self, letters: int) -> None:
        self._folder = campaign_folder.read(ROOT / "campaigns" / KEY.campaign)
        self._letters = letters
        self._bundles: list[Bundle] = []
        self._packets: list[PacketRecord] = []
        self._delivery: Delivery | None = None
        self.mails = 0

    def controls(self, _campaign: str) -> Controls:
        return Controls()

    def campaign(self, _campaign: str) -> Campaign:
        return self._folder.campaign

    def target(self, _campaign: str, target: str) -> Target:
        return next(found for found in self._folder.targets if found.id == target)

    def targets(self, _campaign: str) -> tuple[Target, ...]:
        return self._folder.targets

    def campaign_ids(self) -> Iterator[str]:
        yield KEY.campaign

    def letter(self, _campaign: str, _version: str) -> Letter:
        return self._folder.letter

    def has_waiting(self, *_: str) -> bool:
        return True

    def waiting(self, *_: str) -> Iterator[str]:
        return (f"{number:032x}" for number in range(self._letters))

    def signatures(self, _campaign: str, signers: Sequence[str]) -> tuple[Signature, ...]:
        return tuple(self._row(signer) for signer in signers)

    def _row(self, signer: str) -> Signature:
        name = f"Signer Number{int(signer, 16)}"
        return Signature(
            campaign=KEY.campaign,
            signer=signer,
            status="confirmed",
            version=2,
            name=name,
            email="signer@signers.example",
            address_line="1 Sample Street",
            locality="Evanston",
            region="IL",
            postal_code="60201",
            target=KEY.target,
            signature=name,
            note="",
            updates=False,
            letter=self._folder.letter.version,
            signed_at=NOW,
            signed_on=NOW.date(),
            mail_request="",
        )

    def delivery(self, _key: DeliveryKey) -> Delivery | None:
        return self._delivery

    def open(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def change(self, delivery: Delivery, **_: object) -> None:
        self._delivery = delivery

    def bundles(self, _key: DeliveryKey) -> tuple[Bundle, ...]:
        return tuple(self._bundles)

    def seal(self, _key: DeliveryKey, bundle: Bundle, _at: datetime) -> None:
        self._bundles.append(bundle)

    def packets(self, _key: DeliveryKey) -> tuple[PacketRecord, ...]:
        return tuple(self._packets)

    def add_packet(self, _key: DeliveryKey, packet: PacketRecord) -> None:
        self._packets.append(packet)

    def put(self, _name: str, _pdf: bytes) -> None:
        """Keep nothing: S3 is not in the function's memory."""

    def get(self, name: str) -> bytes:
        raise NotImplementedError(name)

    def link(self, name: str, _filename: str) -> str:
        raise NotImplementedError(name)

    def send(self, mail: Mail) -> str:
        mail.as_bytes()
        self.mails += 1
        return "message"

    def for_packets(self, _key: DeliveryKey) -> str:
        return "token"


if __name__ == "__main__":
    print(json.dumps(deliver(int(sys.argv[1]))))
