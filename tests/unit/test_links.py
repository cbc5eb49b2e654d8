"""Check that links between the README, the docs and the rest of the repository work."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def links_of(text: str) -> list[str]:
    return re.findall(r"\]\((?!https?:)([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def anchors_of(text: str) -> set[str]:
    """Return the anchor that GitHub gives each heading."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path, text: str) -> list[str]:
    dead = []
    for link in links_of(text):
        path, _, anchor = link.partition("#")
        linked = page.parent / path if path else page
        if not linked.exists() or (anchor and anchor not in anchors_of(linked.read_text(encoding="utf-8"))):
            dead.append(link)
    return dead


def test_every_link_has_a_target() -> None:
    dead = {str(page.relative_to(ROOT)): dead_links(page, page.read_text(encoding="utf-8")) for page in PAGES}

    assert {name: links for name, links in dead.items() if links} == {}
