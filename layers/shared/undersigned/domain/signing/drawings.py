"""Drawn signatures: from the strokes that a form posts to the curve that a letter shows.

Only the numbers of a post are kept. Every picture is made here, from these numbers.
"""

from __future__ import annotations

import json
import re
from cmath import phase
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise
from math import asin, ceil, floor, inf
from typing import TYPE_CHECKING

from undersigned.domain.errors import AnswerError
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

type Stroke = tuple[complex, ...]
"""Points, `x + y·1j`, in the order of the pen. A single point is a dot."""

WIDTH, HEIGHT = 600, 200
"""The size of the drawing area, in units; x is to the right, y is down."""

MOST_STROKES = 60
MOST_POINTS = 2_000
# So many points take 20,000 characters as JSON with a space after each comma.
_LONGEST_TEXT = 32_000

# A signature has about 100 points, which take 0.7 KB in its row. 500 take at most 4 KB.
_MOST_POINTS_KEPT = 500
# In units; the pen is three to six of them wide.
_FINEST = 1.0
_VISIBLE_EXTENT = 12

# The unit in the SVG is a tenth of ours: fine enough for curves in whole numbers.
_TENTHS = 10
# In parts of a line's height. A line is as high as the ink, but has a minimum, so that a scribble doesn't look huge.
_PEN = 0.03
_WIDEST = 5
_SMALLEST_LINE = 60 * _TENTHS

_BOX = re.compile(r"(-?[0-9]{1,5}) (-?[0-9]{1,5}) ([1-9][0-9]{0,4}) ([1-9][0-9]{0,4})")
_PATH = re.compile(r"M[-0-9Mhc ]+")

_UNREADABLE = Message("We can’t read your drawing. Clear it and draw again, or sign without it.")
_TOO_LONG = Message("Your drawing is too detailed. Clear it and draw a simpler one, or sign without it.")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A signature drawn by hand."""

    strokes: tuple[Stroke, ...]

    @classmethod
    def posted(cls, posted: object) -> Drawing | None:
        """Read what a form posts, without points that make no visible difference. Return None if nothing is visible.

        A form posts a JSON list of strokes, each a flat list `[x0, y0, x1, y1, …]`; a JSON post may contain the list
        itself. Raises AnswerError for anything else, and for more than a signature can have.
        """
        if posted is None or posted == "":
            return None
        strokes = _thinned(_strokes_in(_parsed(posted) if isinstance(posted, str) else posted))
        return cls(strokes) if _has_ink(strokes) else None

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
        curves = [_curve([_TENTHS * point for point in stroke]) for stroke in self.strokes]
        left, top, right, bottom = _bounds([point for curve in curves for point in curve])
        margin = _PEN * _line(right - left, bottom - top)
        x, y = floor(left - margin), floor(top - margin)
        box = (x, y, ceil(right + margin) - x, ceil(bottom + margin) - y)
        return Picture("".join(map(_path_of, curves)), box)


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
        box, pen = " ".join(map(str, self.box)), round(_PEN * _line(*self.box[2:]))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {named}viewBox="{box}" width="{width:g}" height="{height:g}">'
            f'<path d="{self.path}" fill="none" stroke="{ink}" stroke-width="{pen}" '
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
    """Remove points within an invisible tolerance; within a larger one until a scrawl fits its row."""
    tolerance = _FINEST
    thinned = tuple(_without_points_on_lines(stroke, tolerance) for stroke in strokes)
    while sum(map(len, thinned)) > _MOST_POINTS_KEPT:
        tolerance *= 1.5
        thinned = tuple(_without_points_on_lines(stroke, tolerance) for stroke in thinned)
    return thinned


def _without_points_on_lines(stroke: Stroke, tolerance: float) -> Stroke:
    """Remove points, in one pass, that the lines between the others pass within the tolerance.

    Starting at the last point kept, each further point narrows the directions that the line may have. When a point is
    outside these directions or turns back, the point before it is kept.
    """
    kept = [stroke[0]]
    axis, low, high, reach = 0j, -inf, inf, 0.0
    for before, point in pairwise(stroke):
        arm = point - kept[-1]
        turn = phase(arm / axis) if axis else 0.0
        if not low <= turn <= high or abs(arm) < reach - tolerance:
            kept.append(before)
            arm = point - before
            axis, low, high, reach, turn = 0j, -inf, inf, 0.0, 0.0
        if abs(arm) > tolerance:
            axis = axis or arm
            spread = asin(tolerance / abs(arm))
            low, high, reach = max(low, turn - spread), min(high, turn + spread), max(reach, abs(arm))
    return (*kept, stroke[-1]) if len(stroke) > 1 else stroke


def _curve(stroke: Sequence[complex]) -> list[complex]:
    """Return a smooth curve through a stroke's points, as cubic Béziers: a point, then two controls and a point each.

    A turn by a right angle or more stays a corner.
    """
    points = [point for point, _ in groupby(stroke)]
    curve = points[:1]
    around = [points[0], *points, points[-1]]
    for before, start, end, after in zip(around, around[1:], around[2:], around[3:], strict=False):
        reach = abs(end - start) / 3
        curve += (
            start + reach * _heading(start - before, end - start, end - start),
            end - reach * _heading(end - start, after - end, end - start),
            end,
        )
    return curve


def _heading(arriving: complex, leaving: complex, otherwise: complex) -> complex:
    """Return the direction of the curve at a point: at a corner or an end, the direction of the line there."""
    through = arriving + leaving if (arriving * leaving.conjugate()).real > 0 else otherwise
    return through / abs(through)


def _path_of(curve: Sequence[complex]) -> str:
    start, *rest = curve
    # Typst doesn't draw a line without a length, so a dot gets one.
    return f"M{_pair(start)}" + ("c" + " ".join(_relative(start, rest)) if rest else "h1")


def _relative(start: complex, points: Sequence[complex]) -> Iterator[str]:
    for first, second, end in zip(points[::3], points[1::3], points[2::3], strict=True):
        yield _pair(first - start)
        yield _pair(second - start)
        yield _pair(end - start)
        start = end


def _pair(point: complex) -> str:
    return f"{round(point.real)} {round(point.imag)}"


def _line(width: float, height: float) -> float:
    """Return the height of a line of writing, in tenths of a unit, for ink of this size."""
    return max(height, width / _WIDEST, _SMALLEST_LINE)
