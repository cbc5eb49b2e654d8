"""Drawn signatures: any strokes are an error, nothing, or a valid SVG picture of bounded size."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

from tests.fuzz.inputs import DEEP, example, given, json_texts, mutated_values, st, tried, values
from undersigned.base.errors import AnswerError
from undersigned.campaigns.pictures import with_pictures
from undersigned.campaigns.rules.drawings import HEIGHT, WIDTH, Drawing, Picture
from undersigned.campaigns.rules.letters import SignerDetails, signature_html

GOOD = [
    [[10, 20, 60, 80, 90, 20], [100, 100]],
    [[x for point in range(0, 600, 7) for x in (point, point * point % 200)]],
    [[0, 0, 600, 200], [600, 0, 0, 200], [5, 5, 5, 5, 5, 5]],
]
STROKES = st.lists(
    st.lists(st.tuples(st.integers(-1, WIDTH + 1), st.integers(-1, HEIGHT + 1)), max_size=60).map(
        lambda points: [number for point in points for number in point]
    ),
    max_size=8,
)
POSTED = st.one_of(
    STROKES, STROKES.map(json.dumps), json_texts(GOOD), mutated_values(GOOD), values(), st.sampled_from(GOOD)
)

# It is part of the signature row, which is read with every letter.
_LONGEST_KEPT = 6_000


def details(drawing: str) -> SignerDetails:
    return SignerDetails("A", "1 B", "C", "D", "1", "\"<&'", "", None, drawing)


@tried(150)
@given(POSTED)
@example(DEEP)
@example([[0.5, 1, 90, 90]])
@example([[True, False, 90, 90]])
def test_any_strokes_are_an_error_or_a_picture(posted: object) -> None:
    try:
        drawing = Drawing.posted(posted)
    except AnswerError as error:
        assert str(error.detail)
        return
    if drawing is None:
        return
    assert len(drawing.text) <= _LONGEST_KEPT
    assert Drawing.kept(drawing.text) == drawing
    picture = drawing.picture
    assert Picture.read(" ".join(map(str, picture.box)), picture.path) == picture
    assert re.fullmatch(r"(?:M\d+ \d+(?:h1|L\d+ \d+(?: \d+ \d+)*))+", picture.path)
    signed = details(drawing.text)
    html = signature_html(signed)
    svg = ET.fromstring(html)[0]  # noqa: S314  (we wrote it)
    assert svg.attrib["aria-label"] == signed.signature
    assert 0 < float(svg.attrib["width"]) <= 5 * 56 + 60
    mailed, [png] = with_pictures(f"<p>{html}</p>", signed, "trees.example")
    assert png.png.startswith(b"\x89PNG")
    assert len(png.png) < 60_000
    assert ET.fromstring(mailed.replace('">', '"/>').replace('drawn"/>', 'drawn">')) is not None  # noqa: S314
