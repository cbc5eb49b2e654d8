"""A delivery of very many letters to one target: one email, every letter once, in flat memory.

`UNDERSIGNED_LETTERS` says how many letters, 20,000 by default. The PDFs stand for real ones: they name their letters.
"""

from __future__ import annotations

import os
import re
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.delivery_memory import delivering_of
from benchmarks.stores import CAMPAIGN, NOW, TARGET, Inbox, PacketFolder, name_of
from undersigned.domain.deliveries import PACKET_SIZE, DeliveryKey
from undersigned.rendering.packets import Packet, PacketLetter
from undersigned.services.delivering import OutOfTimeError
from undersigned.services.packing import Packing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from undersigned.domain.deliveries import Delivery
    from undersigned.rendering.packets import PacketCover
    from undersigned.services.delivering import Delivering

LETTERS = int(os.environ.get("UNDERSIGNED_LETTERS", "20000"))

_STEPS = 997
"""The steps of a run, as if Lambda's 15 minutes were then over."""

_MOST_MB = 110
"""What a delivery of a million letters may hold after any step, beside what its table holds: their ids are 16 MB while
packets are made, and a set of strings while they are sealed."""


def _typeset(cover: PacketCover | None, letters: Sequence[PacketLetter]) -> Packet:
    """Return what stands for a PDF. A letter has a tenth of the bytes that it has there."""
    assert cover
    pdf = b"".join(f"<{letter.signer_name}>".encode().ljust(700) for letter in letters)
    return Packet(pdf, f"{cover.number:064x}", {}, accessible=True)


@pytest.fixture
def _plain_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render no letter, which would take most of the time."""

    def plain(_packing: Packing, _target: Any, signature: Any) -> PacketLetter:
        return PacketLetter((), "en", signature.name, signature.locality)

    monkeypatch.setattr(Packing, "_packet_letter", plain)


@pytest.mark.usefixtures("_plain_letters")
def test_very_many_letters_arrive_once_in_one_email(tmp_path: Path) -> None:
    files, inbox = PacketFolder(tmp_path), Inbox()
    delivering = delivering_of(LETTERS, files, inbox, _typeset)
    delivery, runs, most = None, 0, 0.0
    while delivery is None or delivery.state != "sent":
        delivery, held = _run(delivering)
        runs, most = runs + 1, max(most, held)
    print(f"{LETTERS:,} letters: {runs} runs, {len(files.names)} packets, {most:.0f} MB held at most")  # noqa: T201
    assert inbox.emails == 1
    assert delivery.packets == -(-LETTERS // PACKET_SIZE)
    assert [letter for name in files.names for letter in _letters_in(files.get(name))] == [
        name_of(number) for number in range(LETTERS)
    ]
    assert most < _MOST_MB


def _run(delivering: Delivering) -> tuple[Delivery | None, float]:
    """Deliver for some steps; return the delivery, if it is over, and the most megabytes held after a packet."""
    steps, most = 0, 0.0
    tracemalloc.start()

    def has_time() -> bool:
        nonlocal steps, most
        steps += 1
        most = max(most, tracemalloc.get_traced_memory()[0] / 1_000_000)
        return steps < _STEPS

    try:
        return delivering.deliver(KEY, has_time), most
    except OutOfTimeError:
        return None, most
    finally:
        tracemalloc.stop()


KEY = DeliveryKey(CAMPAIGN, TARGET, NOW.date().isoformat())


def _letters_in(pdf: bytes) -> list[str]:
    """Return the names of the letters in what stands for a PDF."""
    return [name.decode() for name in re.findall(rb"<([^>]+)>", pdf)]
