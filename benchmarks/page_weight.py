"""Bytes on the wire, compressed, of a signer's one visit: the form, what it loads, and the page after signing."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

from tests.world import ADA, CAMPAIGN, World, world
from undersigned.web.assets import asset_path

if TYPE_CHECKING:
    from collections.abc import Iterable

VISIT = 14 * 1024
"""What one TCP window carries at most: ten segments are sent before the first answer comes (RFC 6928)."""

STYLE_AND_SCRIPTS = 8 * 1024
"""The share of style sheets and scripts in it; each page brings its style along."""

EMBEDDING_SCRIPT = 2 * 1024

type Weight = dict[str, int]

_BROWSER = {"accept": "text/html", "accept-encoding": "gzip"}
_STYLE = re.compile(rb"<style>.*?</style>", re.DOTALL)


def measure() -> dict[str, Weight]:
    """Return the bytes of each part by kind."""
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch) as made:
        return weights(made)


def weights(made: World) -> dict[str, Weight]:
    """Weigh the shipped campaign's pages as its handler sends them, and what they load."""
    form, frame = _script(made, "form.js"), _script(made, "frame.js")
    weighed: dict[str, Weight] = {}
    for language in made.wiring.catalog.entry(CAMPAIGN).campaign.languages:
        for where, path, scripts in (("on its own page", "", [form]), ("in a frame", "/embed", [form, frame])):
            query = f"?lang={language}" + ("&embedded=1" if path else "")
            page = _page(made, f"/campaigns/{CAMPAIGN}{path}{query}")
            signed = _page(made, f"/campaigns/{CAMPAIGN}/signed{query}")
            weighed[f"one visit {where}, {language}"] = _sum([page, *scripts, signed])
            if not path:
                weighed |= {f"  the form, {language}": page, f"  the page after signing, {language}": signed}
    weighed |= {"  form.js": form, "  frame.js": frame, "embed.js, on the host's page": _script(made, "embed.js")}
    weighed |= {
        "with a pause in typing: a letter": {"data": len(_preview(made)), "total": len(_preview(made))},
        "when typed: the script face": _asset(made, "caveat.woff2"),
        "when drawn: the pad": _sum([_script(made, "drawing.js"), _script(made, "signature_pad.js")]),
        "when bots are about: the proof": _script(made, "pbkdf2.js"),
    }
    return weighed


def _page(made: World, path: str) -> Weight:
    answer = made.get(path, headers=_BROWSER)
    assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
    total = len(answer.content)
    html = len(gzip.compress(_STYLE.sub(b"", gzip.decompress(answer.content)), 9))
    return {"html": html, "style": total - html, "total": total}


def _script(made: World, name: str) -> Weight:
    loaded = _asset(made, name)["total"]
    return {"scripts": loaded, "total": loaded}


def _asset(made: World, name: str) -> Weight:
    return {"total": len(made.get(asset_path(name), headers=_BROWSER).content)}


def _preview(made: World) -> bytes:
    headers = {"accept": "application/json", "accept-encoding": "gzip"}
    return made.post(f"/campaigns/{CAMPAIGN}/preview", ADA, headers=headers).content


def _sum(parts: Iterable[Weight]) -> Weight:
    summed: Weight = {}
    for part in parts:
        for kind, weight in part.items():
            summed[kind] = summed.get(kind, 0) + weight
    return summed
