"""The looks in which browser tests see pages: widths, color schemes and languages."""

from __future__ import annotations

import os
from itertools import product

ALL = os.environ.get("UNDERSIGNED_LOOKS") == "all"
"""Whether every look is tried, as `make nightly PART=looks` does, and not only the hardest one."""

BROKEN = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const found = [];
  const words = /(?<!\\S)[\\p{L}\\p{M}]{2,20}(?!\\S)/gu;
  while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(words)) {
    if (texts.currentNode.parentElement.style.wordBreak) continue;
    range.setStart(texts.currentNode, word.index);
    range.setEnd(texts.currentNode, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map((it) => it.top)).size > 1) found.push(word[0]);
  }
  return found;
}"""
"""The words of up to 20 letters, between spaces, that are on two lines."""


def looks[Language: str](
    narrow: int, wide: int, languages: tuple[Language, Language]
) -> list[tuple[int, bool, Language]]:
    """Return widths (CSS pixels) with dark or light and a language: narrow, dark and the second one, or all."""
    return [*product((narrow, wide), (False, True), languages)] if ALL else [(narrow, True, languages[1])]
