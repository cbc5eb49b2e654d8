"""The count as a picture for emails and README files: text and a bar, readable on any background."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.domain.counting.tallies import Count

_WIDTH = 264
"""Width of the bar, and the greatest width of the text, so that the picture fits on a small phone."""

_WIDEST_CHARACTER = 0.66
"""Average width of a character in the widest bold system fonts, as a fraction of the font size."""


def count_picture(count: Count, language: str) -> str:
    """Render the count as an SVG; the bar is full when the goal is reached."""
    from undersigned.web.environment import environment

    filled = round(_WIDTH * min(count.signatures, count.goal) / count.goal, 1) if count.goal else 0.0
    widest = int(_WIDTH / _WIDEST_CHARACTER)
    template = environment(language).get_template("count.svg")
    return template.render(count=count, language=language, width=_WIDTH, filled=filled, widest=widest)
