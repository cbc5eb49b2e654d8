"""The emails in a browser that is light or dark, as email programs show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.world import world as make_world
from undersigned.domain.colors import ENOUGH, contrast

if TYPE_CHECKING:
    from tests.chromium import Visitor

CONTRASTS = """() => [...document.querySelectorAll("a")].map((link) => {
  const behind = (it) => {
    const color = getComputedStyle(it).backgroundColor;
    return color.endsWith(", 0)") && it.parentElement ? behind(it.parentElement) : color;
  };
  return [getComputedStyle(link).color, behind(link), link.textContent];
})"""
"""The color of each link, what is behind it, and its text. Email programs put anything behind what has no color."""


def as_hex(color: str) -> str:
    assert color.startswith("rgb("), "nothing opaque is behind a link"
    return "#" + "".join(f"{int(part):02x}" for part in color.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_links_have_contrast(monkeypatch: pytest.MonkeyPatch, visitor: Visitor, *, dark: bool) -> None:
    with make_world(monkeypatch, fast=True) as world:
        world.confirmed()
        world.week()
        mails = [mail.html for mail in world.sent]
    for html in mails:
        page = visitor.open(dark=dark)
        page.set_content(html)
        found = page.evaluate(CONTRASTS)
        assert found
        for color, behind, text in found:
            assert contrast(as_hex(color), as_hex(behind)) >= ENOUGH, (text, color, behind)
        text, behind = page.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        )
        assert contrast(as_hex(text), as_hex(behind)) >= ENOUGH
