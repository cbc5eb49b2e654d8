"""The widths, color schemes and languages in which browser tests see pages, and the checks of each page."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.scale import scale

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.support.chromium import Visitor

PICTURES = Path(__file__).parents[2] / ".undersigned" / "pictures"

BROKEN = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const found = [];
  const words = /(?<!\\S)[\\p{L}\\p{M}]{2,20}(?!\\S)/gu;
  while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(words)) {
    const shown = texts.currentNode.parentElement;
    if (shown.style.wordBreak || !shown.checkVisibility()) continue;
    range.setStart(texts.currentNode, word.index);
    range.setEnd(texts.currentNode, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map((it) => it.top)).size > 1) found.push(word[0]);
  }
  return found;
}"""
"""The words of up to 20 letters, between spaces, that are on two lines, where a person sees them."""


def looks[Language: str](
    narrow: int, wide: int, languages: tuple[Language, Language]
) -> list[tuple[int, bool, Language]]:
    """Return widths (CSS pixels) with dark or light and a language: narrow, dark and the second one, or all."""
    return [*product((narrow, wide), (False, True), languages)] if scale.looks else [(narrow, True, languages[1])]


def see(visitor: Visitor, page: Page, name: str, *, keep: bool = scale.looks) -> None:
    """Check that a page fits the screen, splits no word and is accessible, once it has loaded; keep its picture."""
    # After a click, the next document may still be without its root.
    page.wait_for_load_state()
    root = page.locator("html")
    assert root.evaluate("it => it.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
    assert root.evaluate(BROKEN) == [], f"{name} splits words"
    visitor.assert_accessible(page)
    if keep:
        take_picture(page, name)


def take_picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus, which a person must see."""
    element = wanted.element_handle()
    for _ in range(120):
        page.keyboard.press("Tab")
        if outline := page.evaluate(
            "it => document.activeElement === it && getComputedStyle(it).outlineStyle", element
        ):
            assert outline != "none"
            return
    message = f"no Tab leads to {wanted}"
    raise AssertionError(message)
