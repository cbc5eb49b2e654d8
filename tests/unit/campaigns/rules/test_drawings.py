from __future__ import annotations

import json
import math
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from undersigned.base.errors import FormError
from undersigned.campaigns.rules.campaigns import Roster
from undersigned.campaigns.rules.drawings import HEIGHT, MOST_POINTS, MOST_STROKES, WIDTH, Drawing, Picture
from undersigned.campaigns.rules.letters import Run, SignerDetails, as_text, read_blocks, render_html
from undersigned.signing.rules.posted_forms import CheckedForm, checked_form
from undersigned_cli import campaign_folder

SLOPE = [10, 20, 300, 180]
LOOP = [
    round(side)
    for step in range(60)
    for side in (300 + 4 * step + 40 * math.cos(step / 5), 100 + 60 * math.sin(step / 5))
]


def drawn(*strokes: list[int]) -> Drawing:
    drawing = Drawing.posted(json.dumps(strokes))
    assert drawing is not None
    return drawing


def svg_of(drawing: Drawing) -> ET.Element:
    return ET.fromstring(drawing.picture.svg(56, label="Ada"))  # noqa: S314  (our own)


@pytest.mark.parametrize("nothing", [None, "", "[]", [], "[[5,5]]", "[[5,5],[9,9,9,11]]", "[[5,5,5,5,5,5]]"])
def test_an_invisible_drawing_is_no_drawing(nothing: object) -> None:
    assert Drawing.posted(nothing) is None


@pytest.mark.parametrize(
    "posted",
    [
        " ", "x", "null", "{}", "7", '"[]"', "[7]", "[[]]", "[[1]]", "[[1,2,3]]", "[[1,2],[3]]", "[[[1,2]]]",
        "[[1.0,2]]", "[[1e2,2]]", "[[true,2]]", "[[null,2]]", "[[NaN,2]]", "[[Infinity,2]]", "[[-1,2]]", "[[601,2]]",
        "[[1,201]]", "[[1,2]", "[[1,2],]", "[[1,2]]x", "\ud800", "[" * 30_000, "[" * 15_000 + "]" * 15_000,
        '[["1","2"]]', "[[" + "9" * 30_000 + ",1]]", 7, True, {"x": 1}, [7], [[1.5, 2]], [[True, 2]], b"[]", [[1]],
        [["1", "2"]],
    ],
)  # fmt: skip
def test_anything_but_strokes_in_the_box_is_a_mistake_with_a_fix(posted: object) -> None:
    with pytest.raises(ValueError, match=r"^We can’t read your drawing. Clear it and draw again, or sign without it.$"):
        Drawing.posted(posted)


@pytest.mark.parametrize(
    "posted",
    [
        [SLOPE] * (MOST_STROKES + 1),
        [[1, 2] * (MOST_POINTS + 1)],
        [[1, 2] * (MOST_POINTS // 2), [1, 2] * (MOST_POINTS // 2 + 1)],
    ],
)
def test_too_many_strokes_or_points_are_a_mistake_with_a_fix(posted: list[list[int]]) -> None:
    with pytest.raises(ValueError, match=r"is too detailed. Clear it and draw a simpler one, or sign without it.$"):
        Drawing.posted(json.dumps(posted))


def test_a_text_that_is_too_long_is_not_parsed() -> None:
    with pytest.raises(ValueError, match="too detailed"):
        Drawing.posted(" " * 1_000_000 + json.dumps([SLOPE]))


def test_the_maximum_of_strokes_and_points_is_accepted() -> None:
    posted = [[WIDTH, HEIGHT, 0, 0] for _ in range(MOST_STROKES - 1)]
    rest = MOST_POINTS - 2 * len(posted)

    assert len(drawn(*posted, [0, 100] * rest).strokes) == MOST_STROKES


def test_a_program_may_post_a_list() -> None:
    assert Drawing.posted([SLOPE, LOOP]) == drawn(SLOPE, LOOP)


def test_a_stored_drawing_is_read_back_unchanged() -> None:
    drawing = drawn(SLOPE, LOOP, [500, 50])

    assert Drawing.kept(drawing.text) == drawing
    assert drawing.text.startswith("[[10,20,300,180],[")
    assert drawing.text.endswith(",[500,50]]")


def test_a_scrawl_keeps_every_nth_point_and_the_ends_of_its_strokes() -> None:
    forth_and_back = [x for way in range(4) for x in (range(600), range(600, 0, -1))[way % 2][:499]]
    [stroke] = drawn([number for x in forth_and_back for number in (x, 50)]).strokes

    assert [point.real for point in stroke] == [*forth_and_back[:-1:4], forth_and_back[-1]]


@given(st.integers(1, WIDTH), st.integers(1, HEIGHT), st.integers(1, MOST_STROKES))
@example(7919 % 601, 104729 % 201, 1)
@example(348, 127, 34)
def test_a_scrawl_fits_in_a_row_and_its_picture_in_a_page(across: int, down: int, strokes: int) -> None:
    points = [(step * across % (WIDTH + 1), step * down % (HEIGHT + 1)) for step in range(MOST_POINTS // strokes)]
    text = json.dumps([[side for point in points for side in point]] * strokes)

    drawing = Drawing.posted(text)
    assert drawing is not None
    assert len(drawing.text) < 4_200
    assert len(drawing.picture.svg(56)) < 16_000


def test_the_path_leads_from_point_to_point_with_round_joins() -> None:
    drawing = drawn([0, 0, 300, 0, 0, 90], [5, 6, 7, 8])

    assert drawing.picture.path == "M0 0L300 0 0 90M5 6L7 8"
    assert svg_of(drawing)[0].attrib["stroke-linejoin"] == "round"


def test_a_dot_is_the_shortest_possible_line() -> None:
    assert drawn(SLOPE, [400, 20], [5, 5, 5, 5]).picture.path.endswith("M400 20h1M5 5h1")


def test_the_box_surrounds_the_strokes_with_their_width() -> None:
    x, y, width, height = drawn([100, 50, 200, 150]).picture.box

    assert 90 < x < 100 - 1
    assert 40 < y < 50 - 1
    assert 201 < x + width < 210
    assert 151 < y + height < 160


@pytest.mark.parametrize(
    ("strokes", "least", "most"),
    [
        ([[0, 0, 600, 200]], (160, 50), (180, 56)),
        ([[0, 100, 600, 100]], (275, 2), (280, 8)),
        ([[0, 0, 600, 20]], (275, 8), (280, 16)),
        ([[300, 0, 300, 200]], (1, 54), (6, 56)),
        ([[300, 100, 314, 110]], (13, 9), (20, 16)),
    ],
    ids=["whole box", "line", "flat", "upright", "small scribble"],
)
def test_a_picture_has_the_height_of_a_signature_and_at_most_five_times_its_width(
    strokes: list[list[int]], least: tuple[float, float], most: tuple[float, float]
) -> None:
    width, height = drawn(*strokes).picture.size(56)

    assert least[0] <= width <= most[0]
    assert least[1] <= height <= most[1]


def test_the_pen_has_the_same_width_in_large_and_small_drawings() -> None:
    def pen_on_paper(drawing: Drawing) -> float:
        svg = svg_of(drawing)
        return float(svg[0].attrib["stroke-width"]) * float(svg.attrib["height"]) / drawing.picture.box[3]

    assert pen_on_paper(drawn([0, 0, 600, 200])) == pytest.approx(1.68, abs=0.05)
    assert pen_on_paper(drawn([300, 100, 340, 130])) == pytest.approx(1.68, abs=0.05)


def test_a_picture_is_read_back_from_its_svg() -> None:
    picture = drawn(SLOPE, LOOP, [500, 50]).picture
    svg = ET.fromstring(picture.svg(56))  # noqa: S314  (our own)

    assert Picture.read(svg.attrib["viewBox"], svg[0].attrib["d"]) == picture


@pytest.mark.asvs("1.3.4")
@pytest.mark.parametrize(
    ("box", "path"),
    [
        ("0 0 10 10", "M0 0h1<script>"), ("0 0 10 10", ""), ("0 0 10 10", 'M0 0"'), ("0 0 10 10", "M0 0A1"),
        ("0 0 10 10", "M0 0\n"),
        ("0 0 0 10", "M0 0h1"), ("0 0 10", "M0 0h1"), ("0 0 10 1e3", "M0 0h1"), ("", "M0 0h1"),
        ("0 0 10 10 10", "M0 0h1"),
        ("0 0 10 999999", "M0 0h1"), ("x", "M0 0h1"), ("0 0 10 10\n", "M0 0h1"), ("٠ 0 10 10", "M0 0h1"),
    ],
)  # fmt: skip
def test_other_svg_is_not_read_as_a_picture(box: str, path: str) -> None:
    assert Picture.read(box, path) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 700) | st.integers() | st.floats() | st.text("<>&\"'0[],é", max_size=5),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=40,
)
NEARLY_STROKES = st.lists(st.lists(st.integers(0, 210) | st.integers(-1, 601) | st.just(1.5), max_size=12), max_size=8)
TEXTS = (
    (JSON | NEARLY_STROKES).map(json.dumps)
    | st.text(st.sampled_from('[],0123456789 .-e"<>&M'), max_size=40)
    | st.text(max_size=20)
)

NUMBER = r"-?[0-9]+"
LABEL = "<b>&\"'"
ATTRIBUTES: dict[str, dict[str, str]] = {
    "svg": {
        "viewBox": rf"{NUMBER}( {NUMBER}){{3}}",
        "width": r"[0-9]+(\.[0-9]+)?",
        "height": r"[0-9]+(\.[0-9]+)?",
        "role": "img",
        "aria-label": LABEL,
    },
    "path": {
        "d": r"(M[0-9]+ [0-9]+(h1|L([0-9]+ )*[0-9]+))+",
        "fill": "none",
        "stroke": "currentColor",
        "stroke-width": r"[0-9](\.[0-9])?",
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
    },
}


@given(TEXTS)
@example("[[0,0,600,200],[300,100]]")
@example("[[0,0,0,0,600,200,0,0,0,0],[5,5,5,5]]")
def test_any_text_is_a_mistake_or_a_picture_of_numbers_only(text: str) -> None:
    try:
        drawing = Drawing.posted(text)
    except ValueError as mistake:
        assert str(mistake).startswith(("We can’t read your drawing. ", "Your drawing is too detailed. "))  # noqa: PT017
        return
    if drawing is None:
        return
    assert re.fullmatch(r"[\[\],\d]+", drawing.text)
    assert Drawing.kept(drawing.text) == drawing
    picture = drawing.picture
    root = ET.fromstring(picture.svg(56, label=LABEL))  # noqa: S314  (our own)
    found: list[tuple[str, dict[str, Any]]] = [
        (element.tag.rpartition("}")[2], element.attrib) for element in root.iter()
    ]
    assert [tag for tag, _ in found] == ["svg", "path"]
    for tag, attributes in found:
        assert attributes.keys() == ATTRIBUTES[tag].keys()
        assert all(re.fullmatch(ATTRIBUTES[tag][name], value) for name, value in attributes.items())
    assert Picture.read(root.attrib["viewBox"], root[0].attrib["d"]) == picture


# In a form


FOLDER = campaign_folder.read(Path(__file__).parents[4] / "campaigns" / "end-demand-illinois")
FORM: dict[str, object] = {
    "name": "Ada Specimen",
    "email": "ada@signers.example",
    "address_line": "1 Sample Street",
    "locality": "Evanston",
    "postal_code": "60201",
    "signature": "Ada Specimen",
}


def form(**changes: object) -> CheckedForm:
    return checked_form(FORM | changes, FOLDER.campaign, Roster.of(FOLDER.targets))


def test_a_form_has_the_drawing_as_the_table_stores_it() -> None:
    assert form(drawing=json.dumps([SLOPE, [400, 20]])).drawing == "[[10,20,300,180],[400,20]]"


@pytest.mark.parametrize("nothing", [{}, {"drawing": ""}, {"drawing": "[]"}, {"drawing": "[[1,1]]"}])
def test_a_form_needs_no_drawing(nothing: dict[str, object]) -> None:
    assert form(**nothing).drawing == ""


def test_a_drawing_has_the_name_as_its_text_if_no_other_was_typed() -> None:
    signed = form(signature="", drawing=json.dumps([SLOPE]))
    assert (signed.signature, signed.drawing) == (signed.name, json.dumps([SLOPE], separators=(",", ":")))


def test_an_unreadable_drawing_is_listed_with_the_other_mistakes_in_the_forms_order() -> None:
    with pytest.raises(FormError) as caught:
        form(name="", signature="", drawing="x", note="x" * 501)
    assert [error.field for error in caught.value.errors] == ["name", "drawing", "note"]
    assert str(caught.value.errors[1].message).startswith("We can’t read your drawing. ")


# In a letter


HOSTILE = "<b>\"x'& </svg><script>{{ signature }}"


def letter(drawing: str, signature: str = "Ada Specimen") -> str:
    signer = SignerDetails(
        "Ada", "1 Sample Street", "Evanston", "IL", "60201", signature, "", date(2026, 11, 2), drawing
    )
    return render_html("<p>Sincerely,<br>\n{{ signature }}</p><p>{{ signer.name }}</p>", FOLDER.targets[0], signer)


def tags_in(html: str) -> list[tuple[str, dict[str, str | None]]]:
    tags = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((tag, dict(attrs)))

    Reader().feed(html)
    return tags


def test_a_letter_without_a_drawing_shows_the_typed_signature() -> None:
    assert '<span class="signature">Ada Specimen</span>' in letter("")


def test_a_drawing_in_a_letter_is_labeled_with_the_typed_signature() -> None:
    drawing = drawn(SLOPE, LOOP)
    html = letter(drawing.text, HOSTILE)
    _, _, span, svg, path, _ = tags_in(html)

    assert span == ("span", {"class": "signature drawn"})
    assert svg[0] == "svg"
    assert (svg[1]["role"], svg[1]["aria-label"]) == ("img", HOSTILE)
    assert path[1]["d"] == drawing.picture.path
    assert path[1]["stroke"] == "currentColor"
    assert "style" not in html
    assert "<b>" not in html


def test_a_drawn_signature_is_read_back_as_words_and_picture() -> None:
    drawing = drawn(SLOPE, LOOP)
    blocks = read_blocks(letter(drawing.text, HOSTILE))

    assert blocks[0].runs[-1] == Run(HOSTILE, signature=True, drawn=drawing.picture)
    assert as_text(blocks) == f"Sincerely,\n{HOSTILE}\n\nAda\n"


@given(TEXTS, st.text(max_size=30))
def test_a_drawing_adds_only_numbers_to_a_letter(text: str, typed: str) -> None:
    try:
        drawing = Drawing.posted(text)
    except ValueError:
        return
    typed = "".join(character for character in typed if character.isprintable())
    html = letter(drawing.text if drawing else "", typed)
    expected = ["p", "br", "span", "svg", "path", "p"] if drawing else ["p", "br", "span", "p"]
    assert [tag for tag, _ in tags_in(html)] == expected
    assert read_blocks(html)[0].text == f"Sincerely,\n{typed}"
