"""Drawn signatures: from the strokes that a form posts to the picture that a letter shows.

Only the numbers of a post are kept. Every picture is made here, from these numbers.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from math import ceil, floor
from typing import TYPE_CHECKING

from undersigned.base.errors import AnswerError
from undersigned.base.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

type Stroke = tuple[complex, ...]
"""Points, `x + y·1j`, in the order of the pen. A single point is a dot."""

WIDTH, HEIGHT = 600, 200
"""The size of the drawing area, in units; x is to the right, y is down."""

MOST_STROKES = 60
MOST_POINTS = 2_000
# So many points take 20,000 characters as JSON with a space after each comma.
_LONGEST_TEXT = 32_000

# A signature has some 150 points, which take 1 KB in its row. 500 take at most 4 KB.
_MOST_POINTS_KEPT = 500
# In units; the pen is two to six of them wide.
_VISIBLE_EXTENT = 12

# In parts of a line's height. A line is as high as the ink, but has a minimum, so that a scribble doesn't look huge.
_PEN = 0.03
_WIDEST = 5
_SMALLEST_LINE = 60

_BOX = re.compile(r"(-?[0-9]{1,5}) (-?[0-9]{1,5}) ([1-9][0-9]{0,4}) ([1-9][0-9]{0,4})")
_PATH = re.compile(r"M[0-9MLh ]+")

_UNREADABLE = Message("We can’t read your drawing. Clear it and draw again, or sign without it.")
_TOO_LONG = Message("Your drawing is too detailed. Clear it and draw a simpler one, or sign without it.")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A signature drawn by hand."""

    strokes: tuple[Stroke, ...]

    @classmethod
    def posted(cls, posted: object) -> Drawing | None:
        """Read what a form posts; a scrawl keeps some of its points. Return None if nothing is visible.

        A form posts a JSON list of strokes, each a flat list `[x0, y0, x1, y1, …]`; a JSON post may contain the list
        itself. Raises AnswerError for anything else, and for more than a signature can have.
        """
        if posted is None or posted == "":
            return None
        strokes = _strokes_in(_parsed(posted) if isinstance(posted, str) else posted)
        return cls(_thinned(strokes)) if _has_ink(strokes) else None

    @classmethod
    def kept(cls, text: str) -> Drawing:
        """Read a drawing as the table keeps it."""
        return cls(_strokes_in(_parsed(text)))

    @property
    def text(self) -> str:
        """The drawing as the table keeps it, in the format in which it was posted."""
        numbers = [[int(number) for point in stroke for number in (point.real, point.imag)] for stroke in self.strokes]
        return json.dumps(numbers, separators=(",", ":"))

    @property
    def picture(self) -> Picture:
        """The drawing as a picture with a round pen, cropped to its ink."""
        left, top, right, bottom = _bounds(point for stroke in self.strokes for point in stroke)
        margin = _PEN * _line(right - left, bottom - top)
        x, y = floor(left - margin), floor(top - margin)
        box = (x, y, ceil(right + margin) - x, ceil(bottom + margin) - y)
        return Picture("".join(map(_path_of, self.strokes)), box)


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as SVG: the path of the pen, and the box of its ink as x, y, width and height."""

    path: str
    box: tuple[int, int, int, int]

    @classmethod
    def read(cls, box: str, path: str) -> Picture | None:
        """Read a picture from the attributes of its SVG. Return None if they contain anything but its numbers."""
        sides = _BOX.fullmatch(box)
        if sides is None or not _PATH.fullmatch(path):
            return None
        x, y, width, height = map(int, sides.groups())
        return cls(path, (x, y, width, height))

    def size(self, line: float) -> tuple[float, float]:
        """Return the width and height for a signature as high as `line`, and at most five times as wide.

        A small scribble is enlarged, but not so much that its pen looks like a broom.
        """
        _, _, width, height = self.box
        scale = line / _line(width, height)
        return round(width * scale, 2), round(height * scale, 2)

    def svg(self, line: float, *, ink: str = "currentColor", label: str = "") -> str:
        """Return it as an SVG element of `size(line)`. Screen readers read the label."""
        width, height = self.size(line)
        named = f'role="img" aria-label="{escape(label)}" ' if label else ""
        box, pen = " ".join(map(str, self.box)), round(_PEN * _line(*self.box[2:]), 1)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {named}viewBox="{box}" width="{width:g}" height="{height:g}">'
            f'<path d="{self.path}" fill="none" stroke="{ink}" stroke-width="{pen:g}" '
            'stroke-linecap="round" stroke-linejoin="round"/></svg>'
        )


def _parsed(text: str) -> object:
    if len(text) > _LONGEST_TEXT:
        raise AnswerError(_TOO_LONG)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnswerError(_UNREADABLE) from error


def _strokes_in(posted: object) -> tuple[Stroke, ...]:
    if not isinstance(posted, list) or not all(isinstance(stroke, list) for stroke in posted):
        raise AnswerError(_UNREADABLE)
    if len(posted) > MOST_STROKES or sum(map(len, posted)) > 2 * MOST_POINTS:
        raise AnswerError(_TOO_LONG)
    return tuple(_stroke(numbers) for numbers in posted)


def _stroke(numbers: list[object]) -> Stroke:
    xs, ys = numbers[::2], numbers[1::2]
    if not xs or len(xs) != len(ys):
        raise AnswerError(_UNREADABLE)
    return tuple(complex(_within(x, WIDTH), _within(y, HEIGHT)) for x, y in zip(xs, ys, strict=True))


def _within(number: object, side: int) -> int:
    # Not isinstance, because a bool is an int, too.
    if type(number) is int and 0 <= number <= side:
        return number
    raise AnswerError(_UNREADABLE)


def _has_ink(strokes: Iterable[Stroke]) -> bool:
    """Say whether the drawing is larger than a slip of the pen."""
    points = [point for stroke in strokes for point in stroke]
    if not points:
        return False
    left, top, right, bottom = _bounds(points)
    return max(right - left, bottom - top) >= _VISIBLE_EXTENT


def _bounds(points: Iterable[complex]) -> tuple[float, float, float, float]:
    xs, ys = zip(*((point.real, point.imag) for point in points), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _thinned(strokes: tuple[Stroke, ...]) -> tuple[Stroke, ...]:
    """Keep every second point, or every third and so on, and the last one of each stroke, until they fit a row."""
    thinned, step = strokes, 1
    while sum(map(len, thinned)) > _MOST_POINTS_KEPT:
        step += 1
        thinned = tuple((*stroke[:-1:step], stroke[-1]) for stroke in strokes)
    return thinned


def _path_of(stroke: Stroke) -> str:
    start, *rest = (f"{point.real:.0f} {point.imag:.0f}" for point in stroke)
    # Typst doesn't draw a line without a length, so a dot gets one.
    return f"M{start}" + (f"L{' '.join(rest)}" if len({start, *rest}) > 1 else "h1")


def _line(width: float, height: float) -> float:
    """Return the height of a line of writing, in units, for ink of this size."""
    return max(height, width / _WIDEST, _SMALLEST_LINE)
