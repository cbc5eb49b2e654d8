"""Typesetting: letters a second of a processor, bytes of a letter, and the size of the layer."""

from __future__ import annotations

import math
import time
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bookmarks import signers_in
from benchmarks.goals import Benchmark, Figures, Limit, Size
from benchmarks.stores import SHIPPED, TARGET
from undersigned.domain.drawings import HEIGHT, WIDTH, Drawing
from undersigned.domain.letters import SignerDetails, read_blocks, render_html
from undersigned.rendering.fonts import FONT_PACKAGES, FontBook
from undersigned.rendering.packets import PacketCover, PacketLetter, typeset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from undersigned.rendering.packets import Packet

ADDRESSED = next(target for target in SHIPPED.targets if target.id == TARGET)

PACKET = 250
TIMED_PACKETS: dict[Size, int] = {"full": 4, "small": 1}

GOALS = (
    Limit("* signatures", ("letters_per_cpu_second",), at_least=250, timed=True),
    Limit("typed signatures", ("bytes_per_letter",), at_most=8 * 1024),
    Limit("drawn signatures", ("bytes_per_letter",), at_most=10 * 1024),
    Limit("layer_mb_in_all", at_most=200),
)
"""Lambda allows 250 MB for a function with its layers; the layer of libraries takes some 40 of them."""

GIVEN = ("Maya", "José", "Zofia", "Aoife", "Anna", "Robert", "Chinonso", "Linh", "Ingrid", "Kwame", "Elena")
FAMILY = ("Ellison", "Núñez", "Łukasiewicz", "O’Brien", "Schmidt", "Brown", "Okonkwo", "Nguyen", "Ødegård")
OTHER_SCRIPTS = ("Анна Каренина", "محمد الأحمد", "दीपा शर्मा", "王小明", "김민준")


def name_of(number: int) -> str:
    """Name a signer; every fiftieth writes in a script of their own."""
    if number % 50 == 0:
        return OTHER_SCRIPTS[number // 50 % len(OTHER_SCRIPTS)]
    return f"{GIVEN[number % len(GIVEN)]} {FAMILY[number // len(GIVEN) % len(FAMILY)]}"


def drawing_of(number: int) -> str:
    """Scribble as a pen does, in four strokes of 90 points and a dot; no two numbers are alike."""
    strokes = [[side for step in range(90) for side in _pen(number, stroke, step)] for stroke in range(4)]
    drawing = Drawing.posted([*strokes, [WIDTH - 40, 60 + number % 80]])
    assert drawing is not None
    return drawing.text


def _pen(number: int, stroke: int, step: int) -> tuple[int, int]:
    size, speed = 30 + (7 * number + 11 * stroke) % 30, 0.1 + (number % 97 + 13 * stroke) / 1_000
    x = 40 + 125 * stroke + 1.3 * step + 0.45 * size * math.sin(speed * step + number)
    y = HEIGHT / 2 + size * math.sin(1.31 * speed * step + number) * (0.6 + 0.4 * math.sin(step / 13))
    return round(max(0, min(WIDTH, x))), round(max(0, min(HEIGHT, y)))


def letter_of(number: int, *, drawn: bool = False) -> PacketLetter:
    name = name_of(number)
    note = "I live two blocks away and see it every week." if number % 10 == 0 else ""
    signer = SignerDetails(
        name=name,
        address_line=f"{100 + number} Maple Avenue",
        locality=ADDRESSED.locality,
        region=SHIPPED.campaign.region,
        postal_code=ADDRESSED.postal_codes[0],
        signature=name,
        note=note,
        signed_on=date(2026, 11, 1) + timedelta(number % 28),
        drawing=drawing_of(number) if drawn else "",
    )
    blocks = read_blocks(render_html(SHIPPED.letter.template, ADDRESSED, signer))
    return PacketLetter(blocks, SHIPPED.letter.language, name, ADDRESSED.locality)


def packets_of(letters: int, *, drawn: bool = False) -> Iterator[tuple[PacketCover, list[PacketLetter]]]:
    for first in range(1, letters + 1, PACKET):
        last = min(first + PACKET - 1, letters)
        cover = PacketCover(
            language="en",
            campaign_title=SHIPPED.campaign.title,
            organizer_name=SHIPPED.campaign.organizer.name,
            target=ADDRESSED,
            delivered_on=date(2026, 11, 30),
            number=(first - 1) // PACKET + 1,
            of=-(-letters // PACKET),
            first=first,
            last=last,
            total=letters,
        )
        yield cover, [letter_of(number, drawn=drawn) for number in range(first, last + 1)]


def check(packet: Packet, letters: Sequence[PacketLetter]) -> None:
    """Check that a packet has all of its letters, and is accessible."""
    assert packet.accessible
    assert not packet.replaced
    assert signers_in(packet.pdf) == [letter.signer_name for letter in letters]


def measure(size: Size) -> Figures:
    """Time packets of typed and of drawn signatures, after a first one of each that nobody times, and weigh them."""
    fonts = FontBook()
    figures: Figures = {}
    for kind, drawn in (("typed", False), ("drawn", True)):
        seconds, weights = [], []
        for cover, letters in packets_of(PACKET * (1 + TIMED_PACKETS[size]), drawn=drawn):
            began = time.process_time()
            packet = typeset(cover, letters, fonts)
            seconds.append(time.process_time() - began)
            weights.append(len(packet.pdf))
            check(packet, letters)
        figures[f"{kind} signatures"] = {
            "letters_per_cpu_second": round(PACKET * len(seconds[1:]) / sum(seconds[1:])),
            "bytes_per_letter": round(sum(weights) / len(weights) / PACKET),
        }
    return figures | layer_sizes()


def layer_sizes() -> Figures:
    """Sum what the typesetting layer holds, unzipped: Lambda allows 250 MB for a function with all its layers."""
    packages = ("typst", *FONT_PACKAGES)
    sizes = {package: _size_mb(package) for package in packages}
    return {"layer_mb": sizes, "layer_mb_in_all": round(sum(sizes.values()), 1)}


def _size_mb(package: str) -> float:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0])
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6, 1)


BENCHMARK = Benchmark("Typesetting", GOALS, measure)
