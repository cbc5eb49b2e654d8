"""Measure typesetting: letters per second on one core, and memory over one and over many packets.

Run with `.uv/bin/uv run --no-sync python benchmarks/typesetting.py`; the figures go to
benchmarks/results/typesetting.json.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import time
from datetime import date, timedelta
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from undersigned.domain.drawings import HEIGHT, WIDTH, Drawing
from undersigned.domain.letters import SignerDetails, read_blocks, render_html
from undersigned.rendering.fonts import FONT_PACKAGES, FontBook
from undersigned.rendering.packets import PacketCover, PacketLetter, typeset
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "typesetting.json"
CAMPAIGN = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
TARGET = CAMPAIGN.targets[0]

PACKET = 250
TIMED_PACKETS = 8
MILESTONES = (1_000, 5_000, 20_000)

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
        locality=TARGET.locality,
        region=CAMPAIGN.campaign.region,
        postal_code=TARGET.postal_codes[0],
        signature=name,
        note=note,
        signed_on=date(2026, 11, 1) + timedelta(number % 28),
        drawing=drawing_of(number) if drawn else "",
    )
    blocks = read_blocks(render_html(CAMPAIGN.letter.template, TARGET, signer))
    return PacketLetter(blocks, CAMPAIGN.letter.language, name, TARGET.locality)


def packets_of(letters: int, *, drawn: bool = False) -> Iterator[tuple[PacketCover, list[PacketLetter]]]:
    for first in range(1, letters + 1, PACKET):
        last = min(first + PACKET - 1, letters)
        cover = PacketCover(
            language="en",
            campaign_title=CAMPAIGN.campaign.title,
            organizer_name=CAMPAIGN.campaign.organizer.name,
            target=TARGET,
            delivered_on=date(2026, 11, 30),
            number=(first - 1) // PACKET + 1,
            of=-(-letters // PACKET),
            first=first,
            last=last,
            total=letters,
        )
        yield cover, [letter_of(number, drawn=drawn) for number in range(first, last + 1)]


def resident_mb() -> int:
    """Return the memory of this process now (Linux)."""
    return _status_mb("VmRSS")


def peak_mb() -> int:
    """Return the most memory that this process has had; getrusage would count its parent's before the fork, too."""
    return _status_mb("VmHWM")


def _status_mb(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(f"{name}:")) // 1024


def speed() -> dict[str, Any]:
    """Time packets, their letters rendered beforehand, on one core; the first packet apart."""
    cpu, wall = time.process_time(), time.perf_counter()
    fonts = FontBook()
    opening = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    seconds = []
    for cover, letters in packets_of(PACKET * (1 + TIMED_PACKETS)):
        cpu, wall = time.process_time(), time.perf_counter()
        packet = typeset(cover, letters, fonts)
        seconds.append((time.process_time() - cpu, time.perf_counter() - wall, len(packet.pdf)))
        assert packet.accessible
        assert not packet.replaced
    later = seconds[1:]
    rendering = time.process_time()
    for _ in packets_of(PACKET):
        pass
    return {
        "letters_per_cpu_second": round(PACKET * len(later) / sum(cpu for cpu, _, _ in later)),
        "letters_per_second": round(PACKET * len(later) / sum(wall for _, wall, _ in later)),
        "opening_fonts_cpu_seconds": round(opening["cpu"], 3),
        "first_packet_cpu_seconds": round(seconds[0][0], 3),
        "first_packet_seconds": round(seconds[0][1], 3),
        "later_packet_cpu_seconds": round(sum(cpu for cpu, _, _ in later) / len(later), 3),
        "rendering_250_letters_cpu_seconds": round(time.process_time() - rendering, 3),
        "bytes_per_letter": round(sum(size for _, _, size in later) / len(later) / PACKET),
    }


def one_packet() -> dict[str, Any]:
    for cover, letters in packets_of(PACKET):
        typeset(cover, letters, FontBook())
    return {"peak_mb_of_one_packet": peak_mb()}


def drawn_signatures() -> dict[str, Any]:
    """Time packets whose signatures are all drawn, each in its own way."""
    fonts = FontBook()
    seconds = []
    sizes = []
    peak = 0
    for cover, letters in packets_of(PACKET * (1 + TIMED_PACKETS // 2), drawn=True):
        cpu = time.process_time()
        packet = typeset(cover, letters, fonts)
        seconds.append(time.process_time() - cpu)
        sizes.append(len(packet.pdf))
        peak = peak or peak_mb()
        assert packet.accessible
        assert not packet.replaced
    return {
        "drawn_letters_per_cpu_second": round(PACKET * len(seconds[1:]) / sum(seconds[1:])),
        "drawn_bytes_per_letter": round(sum(sizes) / len(sizes) / PACKET),
        "drawn_peak_mb_of_one_packet": peak,
    }


def many_packets() -> dict[str, Any]:
    fonts = FontBook()
    resident = {}
    for cover, letters in packets_of(MILESTONES[-1]):
        typeset(cover, letters, fonts)
        if cover.last in MILESTONES:
            resident[f"{cover.last}"] = resident_mb()
    return {"resident_mb_after_letters": resident, "peak_mb_of_many_packets": peak_mb()}


def layer_sizes() -> dict[str, Any]:
    """Sum what the typesetting layer holds, unzipped: Lambda allows 250 MB for a function with all its layers."""
    packages = ("typst", *FONT_PACKAGES)
    sizes = {package: _size_mb(package) for package in packages}
    return {"layer_mb": sizes, "layer_mb_in_all": round(sum(sizes.values()), 1)}


def _size_mb(package: str) -> float:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    place = Path(spec.submodule_search_locations[0])
    return round(sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) / 1e6, 1)


PARTS = {part.__name__: part for part in (speed, one_packet, drawn_signatures, many_packets)}


def measure() -> dict[str, Any]:
    """Run each part in a fresh process that keeps to one core, and return all figures."""
    figures: dict[str, Any] = {
        "typst": version("typst"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "letters_per_packet": PACKET,
    }
    for part in PARTS:
        child = subprocess.run([sys.executable, __file__, part], stdout=subprocess.PIPE, check=True)
        figures |= json.loads(child.stdout)
    return figures | layer_sizes()


def run_part(part: str) -> None:
    # Before Typst starts its threads, one per core that it may use.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(PARTS[part]()))


def main() -> None:
    figures = measure()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    table = Table("figure", "value", title="Typesetting on one core")
    for figure, value in figures.items():
        table.add_row(figure.replace("_", " "), json.dumps(value) if isinstance(value, dict) else str(value))
    Console().print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run_part(sys.argv[1])
    else:
        main()
