"""Bytes on the wire, compressed, of a signer's one visit: the form, what it loads, and the page after signing."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

from benchmarks.goals import Benchmark, Limit
from tests.world import ADA, CAMPAIGN, World, world
from undersigned.web.assets import asset_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmarks.goals import Size

VISIT = 14 * 1024
"""What one TCP window carries at most: ten segments are sent before the first answer comes (RFC 6928)."""

STYLE_AND_SCRIPTS = 8 * 1024
"""The share of style sheets and scripts in it; each page brings its style along."""

EMBEDDING_SCRIPT = 3 * 1024

GOALS = (
    Limit("one visit *", ("total",), at_most=VISIT),
    Limit("one visit *", ("style", "scripts"), at_most=STYLE_AND_SCRIPTS),
    Limit("embed.js*", ("total",), at_most=EMBEDDING_SCRIPT),
    Limit("*: a letter", ("total",), at_most=2 * 1024),
    Limit("*: the script face", ("total",), at_most=12.5 * 1024),
    Limit("*: the rest of the script face", ("total",), at_most=18.5 * 1024),
    Limit("*: the pad", ("total",), at_most=6 * 1024),
)
"""The last four are loaded by a part of the visitors, when they need them."""

type Weight = dict[str, int]

_BROWSER = {"accept": "text/html", "accept-encoding": "gzip"}
_STYLE = re.compile(rb"<style>.*?</style>", re.DOTALL)
_SCRIPT = re.compile(rb"<script type=\"module\">.*?</script>", re.DOTALL)


def measure(_size: Size) -> dict[str, Weight]:
    """Return the bytes of each part by kind; they are the same for each size."""
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch) as made:
        return weights(made)


def weights(made: World, more: str = "") -> dict[str, Weight]:
    """Weigh the campaign's pages as its handler sends them, and what they load. `more` is the end of their queries."""
    frame = _script(made, "frame.js")
    weighed: dict[str, Weight] = {}
    for language in made.wiring.catalog.entry(CAMPAIGN).campaign.languages:
        for where, path, scripts in (
            ("on its own page", "", {}),
            ("in a frame", "/embed", {"frame.js": frame}),
        ):
            query = f"?lang={language}" + ("&embedded=1" if path else "") + more
            page = _page(made, f"/campaigns/{CAMPAIGN}{path}{query}", loads=scripts)
            signed = _page(made, f"/campaigns/{CAMPAIGN}/signatures{query}", ADA | {"form": made.form(), "asks": "1"})
            weighed[f"one visit {where}, {language}"] = _sum([page, *scripts.values(), signed])
            if not path:
                weighed |= {f"  the form, {language}": page, f"  the page after signing, {language}": signed}
    weighed |= {
        "  frame.js": frame,
        "embed.js, on the host's page": _script(made, "embed.js"),
    }
    weighed |= {
        "with a pause in typing: a letter": {"data": len(_preview(made)), "total": len(_preview(made))},
        "when typed: the script face": _asset(made, "caveat.woff2"),
        "when rare characters are typed: the rest of the script face": _asset(made, "caveat-rare.woff2"),
        "when drawn: the pad": _sum([_script(made, "drawing.js"), _script(made, "signature_pad.js")]),
    }
    return weighed


def _page(made: World, path: str, sent: Mapping[str, object] | None = None, loads: Iterable[str] = ()) -> Weight:
    answer = made.post(path, sent, headers=_BROWSER) if sent else made.get(path, headers=_BROWSER)
    assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
    page = gzip.decompress(answer.content)
    assert all(asset_path(name).encode() in page for name in loads)
    total = len(answer.content)
    html, without_style = (
        len(gzip.compress(part, 9)) for part in (_SCRIPT.sub(b"", _STYLE.sub(b"", page)), _STYLE.sub(b"", page))
    )
    return {"html": html, "style": total - without_style, "scripts": without_style - html, "total": total}


def _script(made: World, name: str) -> Weight:
    loaded = _asset(made, name)["total"]
    return {"scripts": loaded, "total": loaded}


def _asset(made: World, name: str) -> Weight:
    answer = made.get(asset_path(name), headers=_BROWSER)
    assert answer.status == 200
    return {"total": len(answer.content)}


def _preview(made: World) -> bytes:
    headers = {"accept": "application/json", "accept-encoding": "gzip"}
    answer = made.post(f"/campaigns/{CAMPAIGN}/preview", ADA, headers=headers)
    assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
    return answer.content


def _sum(parts: Iterable[Weight]) -> Weight:
    summed: Weight = {}
    for part in parts:
        for kind, weight in part.items():
            summed[kind] = summed.get(kind, 0) + weight
    return summed


BENCHMARK = Benchmark("Bytes of one visit, compressed", GOALS, measure)
