"""Test a drawn signature through the real handlers, from the strokes in the form to the page of the packet."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader

from tests.support.world import ADA, CAMPAIGN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

STROKES = json.dumps([[40, 120, 80, 30, 110, 150, 180, 60, 260, 140, 420, 90, 560, 110], [300, 40]])


def figures_in(node: Any) -> Iterator[Any]:
    """Find the figures in a PDF's structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from figures_in(child)
    elif isinstance(node, dict):
        if node.get("/S") == "/Figure":
            yield node
        if "/K" in node:
            yield from figures_in(node["/K"])


def test_a_drawn_signature_is_on_the_letters_page_and_in_the_packet(world: World) -> None:
    confirmation = world.confirmed(drawing=STROKES)
    page = world.get(confirmation.link("confirm")).body
    assert '<span class="signature drawn"><svg ' in page
    assert 'aria-label="Ada Specimen"' in page

    world.clock.advance(days=6)
    world.week()
    [delivery] = world.deliveries
    pdf = PdfReader(io.BytesIO(delivery.pdfs[0]))
    structure: Any = pdf.root_object["/StructTreeRoot"]
    code, figure = figures_in(structure["/K"])
    assert code["/Alt"].startswith("QR code of ")
    content = pdf.pages[2].get_contents()
    assert content is not None
    assert figure["/Alt"] == "Ada Specimen"
    # A stroke of seven points has six lines, a dot one, and the clip around the picture three.
    assert [operator for _, operator in content.operations].count(b"l") == 7 + 3
    assert not pdf.pages[2].images
    assert "svg" not in delivery.html


def test_signing_again_emails_the_letter_with_the_drawing_as_a_picture(world: World) -> None:
    world.confirmed(drawing=STROKES)
    assert world.sign(drawing="").status == 200
    world.run_stream()
    mail = world.sent[-1]
    [picture] = [part for part in mail.mail.walk() if part.get_content_type() == "image/png"]
    assert f'src="cid:{picture["Content-ID"].strip("<>")}" alt="Ada Specimen"' in mail.html
    assert "Sincerely," in mail.text


def test_signing_again_without_a_drawing_removes_it(world: World) -> None:
    world.sign(drawing=STROKES)
    world.sign()
    world.run_stream()
    page = world.get(world.sent[-1].link("confirm")).body
    assert '<span class="signature">Ada Specimen</span>' in page
    assert "<svg" not in page.partition("</head>")[2]


def test_a_preview_shows_the_drawing(world: World) -> None:
    answer = world.post(f"/campaigns/{CAMPAIGN}/preview", {**ADA, "drawing": STROKES}, as_json=True)
    assert '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Ada Specimen"' in answer.json["html"]
    assert "Ada Specimen" in answer.json["text"]


def test_an_unreadable_drawing_is_an_error_of_its_field(world: World) -> None:
    answer = world.post(f"/campaigns/{CAMPAIGN}/signatures", {**ADA, "drawing": "<svg onload=x>"}, as_json=True)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == ["drawing"]
