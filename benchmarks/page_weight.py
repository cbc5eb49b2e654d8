"""Bytes on the wire, compressed, of a signer's one visit: the form, what it loads, and the page after signing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.goals import Goal
from tests.support.world import ADA, CAMPAIGN, World, world
from undersigned.base.assets import asset_path
from undersigned.campaigns.catalog import catalog_of

if TYPE_CHECKING:
    from benchmarks.goals import Figures

VISIT = 14 * 1024
"""The most that one TCP window carries: ten segments are sent before the first answer comes (RFC 6928)."""

GOALS = (
    Goal("one visit *", "in all", at_most=VISIT),
    Goal("on the host's page", "embed.js", at_most=3 * 1024),
    Goal("if needed", "a letter, at each pause in typing", at_most=2 * 1024),
    Goal("if needed", "caveat.woff2", at_most=12.5 * 1024),
    Goal("if needed", "caveat-rare.woff2", at_most=18.5 * 1024),
    Goal("if needed", "the pad", at_most=6 * 1024),
)

_BROWSER = {"accept": "text/html", "accept-encoding": "gzip"}


def measure(*, small: bool) -> Figures:  # noqa: ARG001  (they are the same)
    """Return the bytes of each part."""
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, fast=True) as made:
        return weights(made)


def weights(made: World, more: str = "") -> Figures:
    """Weigh the campaign's pages as its handler sends them, and what they load. `more` is the end of their queries."""
    visits = {}
    for language in catalog_of(made.stack).entry(CAMPAIGN).campaign.languages:
        for where, path, framed in (("on its own page", "", ""), ("in a frame", "/embed", "&embedded=1")):
            query = f"?lang={language}{framed}{more}"
            form = _weigh(made, f"/campaigns/{CAMPAIGN}{path}{query}")
            signed = _weigh(made, f"/campaigns/{CAMPAIGN}/signatures{query}", ADA | {"form": made.form(), "asks": "1"})
            script = _weigh(made, asset_path("frame.js")) if framed else 0
            parts = {"the form": form, "frame.js": script, "the page after signing": signed}
            visits[f"one visit {where}, {language}"] = parts | {"in all": sum(parts.values())}
    return {
        **visits,
        "on the host's page": {"embed.js": _weigh(made, asset_path("embed.js"))},
        "if needed": {
            "a letter, at each pause in typing": _weigh(made, f"/campaigns/{CAMPAIGN}/preview", ADA),
            **{name: _weigh(made, asset_path(name)) for name in ("caveat.woff2", "caveat-rare.woff2")},
            "the pad": sum(_weigh(made, asset_path(name)) for name in ("drawing.js", "signature_pad.js")),
        },
    }


def _weigh(made: World, path: str, sent: dict[str, object] | None = None) -> int:
    headers = _BROWSER | ({"accept": "application/json"} if path.endswith("/preview") else {})
    answer = made.post(path, sent, headers=headers) if sent else made.get(path, headers=headers)
    assert answer.status == 200
    assert path.endswith(".woff2") or answer.headers["content-encoding"] == "gzip"
    return len(answer.content)
