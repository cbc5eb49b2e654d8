"""A delivery of very many letters to one target: one email, every letter once, in flat memory.

The PDFs stand for real ones: they name their letters.
"""

from __future__ import annotations

import re
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting_rows import put_letters
from tests.support.world import CAMPAIGN, world
from undersigned.base import fonts
from undersigned.base.limits import Limits
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering import packing
from undersigned.delivering.delivering import OutOfTimeError, deliver
from undersigned.delivering.printing import packets
from undersigned.delivering.printing.packets import Packet, PacketLetter
from undersigned.delivering.rules.deliveries import DeliveryKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.world import World
    from undersigned.delivering.printing.packets import PacketCover
    from undersigned.delivering.rules.deliveries import Delivery

pytestmark = pytest.mark.nightly

LETTERS = 20_000
TARGET = "evanston"

_STEPS = 97
"""The steps of a run, as if Lambda's 15 minutes were then over."""

_MOST_BYTES = 2_000_000 + 250 * LETTERS
"""The most bytes that the product's code may hold after any step: the ids of all letters, and what it keeps anyway."""

_OURS = (tracemalloc.Filter(True, "*/undersigned/*"), tracemalloc.Filter(True, __file__))  # noqa: FBT003


def _typeset(cover: PacketCover | None, letters: Sequence[PacketLetter], *_: object) -> Packet:
    """Return what stands for a PDF. A letter has a tenth of the bytes that it has there."""
    assert cover
    pdf = b"".join(f"<{letter.signer_name}>".encode().ljust(700) for letter in letters)
    return Packet(pdf, {}, accessible=True)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a stack on which LETTERS letters wait for a chief. No letter is rendered: that would take most of the
    time."""

    def plain(_stack: Any, _target: Any, signature: Any) -> PacketLetter:
        return PacketLetter((), "en", signature.name, signature.locality)

    monkeypatch.setattr(packing, "_letter", plain)
    monkeypatch.setattr(fonts, "font_book", lambda: None)
    monkeypatch.setattr(packets, "typeset", _typeset)
    with world(monkeypatch, fast=True, bundle_size=99) as made:
        put_letters(made, [Campaigns(made.stack.table).target(CAMPAIGN, TARGET)], LETTERS)
        yield made


def test_very_many_letters_arrive_once_in_one_email(stack: World) -> None:
    assert stack.memory
    pdfs = stack.memory.objects
    delivery, runs, most = None, 0, 0
    while delivery is None or delivery.state != "sent":
        delivery, held = _run(stack, pdfs)
        runs, most = runs + 1, max(most, held)
    print(f"{LETTERS:,} letters: {runs} runs, {len(pdfs)} packets, {most / 1e6:.1f} MB held at most")  # noqa: T201
    assert len(stack.deliveries) == 1
    assert delivery.last.packets == -(-LETTERS // Limits.packet_size)
    letters = re.findall(rb"<Signer Number(\d+)>", b"".join(pdfs[name] for name in pdfs))
    assert [*map(int, letters)] == list(range(LETTERS))
    assert most < _MOST_BYTES


def _run(stack: World, pdfs: dict[str, bytes]) -> tuple[Delivery | None, int]:
    """Deliver for some steps; return the delivery, if it is over, and the most bytes that our code held."""
    key = DeliveryKey(CAMPAIGN, TARGET, stack.day())
    steps, held = 0, [0]

    def has_time() -> bool:
        nonlocal steps
        steps += 1
        if steps % 10 == 0:
            found = tracemalloc.take_snapshot().filter_traces(_OURS).statistics("filename")
            held.append(sum(each.size for each in found) - sum(map(len, pdfs.values())))
        return steps < _STEPS

    tracemalloc.start()
    try:
        return deliver(stack.stacks["deliver"], key, has_time), max(held)
    except OutOfTimeError:
        return None, max(held)
    finally:
        tracemalloc.stop()
