"""The count as a picture for emails and README files: words and a bar, readable on any background."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.domain.tallies import Count

_WIDTH = 264
"""Width of the bar, and of the words at most, so that the picture fits on a small phone."""

_WIDEST_LETTER = 0.66
"""Average width of a letter, in font sizes, in the widest bold system fonts."""


def count_picture(count: Count, language: str) -> str:
    """Render the count as SVG; the bar is full when the goal is reached."""
    from undersigned.web.environment import environment

    filled = _WIDTH * min(count.signatures, count.goal) / count.goal if count.goal else 0
    return (
        environment(language)
        .get_template("count.svg")
        .render(
            count=count, language=language, width=_WIDTH, filled=round(filled, 1), widest=int(_WIDTH / _WIDEST_LETTER)
        )
    )
