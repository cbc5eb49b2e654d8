"""Typesetting: letters a second of a processor, bytes of a letter, memory, and the size of the layer."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

from benchmarks.goals import Figures, Goal
from undersigned.base.fonts import FONT_PACKAGES, FontBook
from undersigned.campaigns.rules.drawings import HEIGHT, WIDTH, Drawing
from undersigned.campaigns.rules.letters import SignerDetails, read_blocks, render_html
from undersigned.delivering.printing.packets import PacketCover, PacketLetter, typeset
from undersigned_cli import campaign_folder

ROOT = Path(__file__).parents[1]
PACKET = 250
GOALS = (
    Goal("* signatures", "letters a CPU second", at_least=250, timed=True),
    Goal("typed signatures", "bytes a letter", at_most=8 * 1024),
    Goal("drawn signatures", "bytes a letter", at_most=10 * 1024),
    Goal("* signatures", "MB at most", at_most=400),
    Goal("* signatures", "MB more after the second packet", at_most=40),
    Goal("layer, in MB", "in all", at_most=200),
)
"""Lambda gives the function 1,769 MB, and allows 250 MB for a function with its layers; the layer of libraries takes
some 40 of them."""

NAMES = ("Maya Ellison", "José Núñez", "Zofia Łukasiewicz", "Aoife O’Brien", "Robert Schmidt", "Ingrid Ødegård")
OTHER_SCRIPTS = ("Анна Каренина", "محمد الأحمد", "दीपा शर्मा", "王小明", "김민준")


def measure(*, small: bool) -> Figures:
    """Typeset in processes that do nothing else, so that memory is theirs; weigh the unzipped layer."""
    figures: Figures = {}
    for kind in ("typed", "drawn"):
        command = [sys.executable, "-m", __name__, kind, "2" if small else "10"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
        figures[f"{kind} signatures"] = json.loads(done.stdout)
    sizes = {package: _size_mb(package) for package in ("typst", *FONT_PACKAGES)}
    return figures | {"layer, in MB": sizes | {"in all": round(sum(sizes.values()), 1)}}


def typeset_packets(packets: int, *, drawn: bool) -> dict[str, float]:
    """Typeset packets, after a first one that is not timed."""
    fonts, seconds, weights, peaks = FontBook(), [], [], []
    for number in range(packets + 1):
        letters = [_letter(PACKET * number + each, drawn=drawn) for each in range(PACKET)]
        cover = _cover(number, packets + 1)
        began = time.process_time()
        packet = typeset(cover, letters, fonts)
        seconds.append(time.process_time() - began)
        weights.append(len(packet.pdf))
        peaks.append(_peak_mb())
        assert packet.accessible
        assert not packet.replaced
    return {
        "letters a CPU second": round(PACKET * packets / sum(seconds[1:])),
        "bytes a letter": round(sum(weights) / len(weights) / PACKET),
        "MB at most": peaks[-1],
        "MB more after the second packet": peaks[-1] - peaks[1],
    }


def _letter(number: int, *, drawn: bool) -> PacketLetter:
    """Make a letter; each fiftieth signer writes in a script of their own, and each tenth adds words."""
    name = OTHER_SCRIPTS[number // 50 % 5] if number % 50 == 0 else NAMES[number % len(NAMES)]
    signer = SignerDetails(
        name=name,
        address_line=f"{100 + number} Maple Avenue",
        locality=TARGET.locality,
        region=SHIPPED.campaign.region,
        postal_code=TARGET.postal_codes[0],
        signature=name,
        note="I live two blocks away and see it every week." if number % 10 == 0 else "",
        signed_on=date(2026, 11, 1) + timedelta(number % 28),
        drawing=_drawing(number) if drawn else "",
    )
    blocks = read_blocks(render_html(SHIPPED.letter.template, TARGET, signer))
    return PacketLetter(blocks, SHIPPED.letter.language, name, TARGET.locality)


SHIPPED = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
TARGET = next(target for target in SHIPPED.targets if target.id == "evanston")


def _drawing(number: int) -> str:
    """Scribble as a pen does, in four strokes of 90 points; no two numbers are alike."""
    strokes = []
    for stroke in range(4):
        size, speed = 30 + (7 * number + 11 * stroke) % 30, 0.1 + (number % 97 + 13 * stroke) / 1_000
        xs = [40 + 125 * stroke + 1.3 * step + 0.45 * size * math.sin(speed * step + number) for step in range(90)]
        sizes = [size * (0.6 + 0.4 * math.sin(step / 13)) for step in range(90)]
        ys = [HEIGHT / 2 + each * math.sin(1.31 * speed * step + number) for step, each in enumerate(sizes)]
        points = zip(xs, ys, strict=True)
        strokes.append([round(side) for x, y in points for side in (max(0, min(WIDTH, x)), max(0, min(HEIGHT, y)))])
    drawing = Drawing.posted(strokes)
    assert drawing is not None
    return drawing.text


def _cover(number: int, of: int) -> PacketCover:
    return PacketCover(
        language="en",
        campaign_title=SHIPPED.campaign.title,
        organizer=SHIPPED.campaign.organizer,
        target=TARGET,
        delivered_on=date(2026, 11, 30),
        number=number + 1,
        of=of,
        first=PACKET * number + 1,
        last=PACKET * (number + 1),
        total=PACKET * of,
    )


def _peak_mb() -> int:
    """Return the most memory that this process has had; getrusage would count its parent's before the fork, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024


def _size_mb(package: str) -> float:
    spec = find_spec(package)
    assert spec
    assert spec.submodule_search_locations
    files = Path(spec.submodule_search_locations[0]).rglob("*")
    return round(sum(file.stat().st_size for file in files if file.is_file()) / 1e6, 1)


if __name__ == "__main__":
    print(json.dumps(typeset_packets(int(sys.argv[2]), drawn=sys.argv[1] == "drawn")))
