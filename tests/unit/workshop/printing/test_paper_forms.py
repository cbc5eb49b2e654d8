"""Test the paper form: what is printed, what is left to fill in, and that its text is the letter again."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache
from shutil import which
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from tests.support.pdfs import languages_in, word_boxes
from tests.support.signatures import CHIEF, ROBIN
from tests.support.world import files_of_campaign
from undersigned.campaigns.rules.letters import Letter, as_text, read_blocks, render_html
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned.workshop.printing.paper_forms import paper_form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.campaigns.rules.campaigns import Campaign, PaperSize, Target
    from undersigned.workshop.campaigns import CompiledCampaign

URL = "https://letters.example"


@cache
def shipped() -> CompiledCampaign:
    return compile_campaign(files_of_campaign())


def form(
    targets: Sequence[Target] | None = None,
    *,
    campaign: Campaign | None = None,
    letters: Mapping[str, Letter] | None = None,
) -> bytes:
    known = shipped()
    return paper_form(campaign or known.campaign, letters or known.letters, targets or known.targets, URL)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def written(letter: str) -> Mapping[str, Letter]:
    return {"en": Letter.of("en", letter, compile_letter(letter))}


@pytest.mark.parametrize("paper_size", ["us-letter", "a4"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_text_of_a_form_is_the_letter_again(language: str, paper_size: PaperSize) -> None:
    letter = shipped().letters[language]
    campaign = replace(shipped().campaign, paper_size=paper_size)
    again = pasted_letter(text_of(form(campaign=campaign, letters={language: letter})), language)

    def words(template: str) -> list[str]:
        return as_text(read_blocks(render_html(template, shipped().targets[0], ROBIN, language))).split()

    assert words(compile_letter(again)) == words(letter.template)


def test_a_form_for_one_recipient_names_them_and_one_for_all_leaves_a_rule() -> None:
    one, every = (" ".join(text_of(form(targets)).split()) for targets in ([CHIEF], None))

    assert f"Dear Police Chief {CHIEF.name}," in one
    assert "recipient" not in one.split("Or sign on the web")[0]
    assert "Dear Police Chief _____________________________________ [recipient’s name]," in every


@pytest.mark.skipif(which("pdftotext") is None, reason="poppler-utils is not installed")
@pytest.mark.parametrize(("paper_size", "width"), [("us-letter", 612), ("a4", 595)])
def test_what_people_fill_in_is_inside_the_margins(paper_size: PaperSize, width: int) -> None:
    pdf = form(campaign=replace(shipped().campaign, paper_size=paper_size))
    words = [(word, box) for page in (1, 2) for word, box in word_boxes(pdf, page)]
    assert any(word.startswith("_" * 80) for word, _ in words)
    assert [word for word, (left, _, right, _) in words if left < 71 or right > width - 70] == []
    lines = {round(low) for word, (_, _, _, low) in words if word in {"town],", "state]", "code]"}}
    assert len(lines) == 1


def test_titles_that_differ_are_left_open() -> None:
    text = text_of(form([CHIEF, replace(CHIEF, title="Sheriff")]))

    assert "_ [recipient’s title]" in text
    assert f" {CHIEF.name}," in text


def test_a_campaign_without_streets_asks_for_none_on_paper() -> None:
    campaign = replace(shipped().campaign, street_address="no")

    assert "your street" in text_of(form())
    assert "with your name and address" in text_of(form())
    without = text_of(form(campaign=campaign))
    assert "your street" not in without
    assert "with your name and town" in without


def test_each_language_has_its_letter_and_its_notice() -> None:
    pdf = form()
    text = "".join(text_of(pdf).split())

    assert languages_in(pdf) == {"en", "es", "zxx"}
    assert "Orsignontheweb:https://letters.example/campaigns/end-demand-illinois?source=paper" in text
    assert "Ofirmeenlaweb:https://letters.example/campaigns/end-demand-illinois?source=paper" in text


def test_no_text_is_smaller_than_twelve_points() -> None:
    sizes: set[float] = set()
    for page in PdfReader(io.BytesIO(form())).pages:

        def note(text: str, matrix: Sequence[float], text_matrix: Sequence[float], _font: object, size: float) -> None:
            if text.strip():
                sizes.add(round(abs(size * text_matrix[3] * matrix[3]), 2))

        page.extract_text(visitor_text=note)
    assert min(sizes) >= 12


def test_a_screen_reader_gets_the_code_in_words() -> None:
    reader = PdfReader(io.BytesIO(form()))
    metadata = reader.xmp_metadata
    assert metadata is not None
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata.stream.get_data().decode()
    words = "".join(str(reader.get_object(number)) for number in range(1, int(str(reader.trailer["/Size"]))))
    assert "QR code of https://letters.example/campaigns/end-demand-illinois?source=paper" in words


def test_a_screen_reader_passes_over_each_rule() -> None:
    [page] = PdfReader(io.BytesIO(form(letters=written("Hello.\n\n{{ note }}")))).pages
    content = page.get_contents()
    assert content is not None

    rules = re.findall("_{6,}", page.extract_text())
    others = 2  # the line above the foot, and the page's empty footer
    assert len(rules) == 12
    assert content.get_data().count(b"/Artifact") == len(rules) + others


@pytest.mark.parametrize("name", ["#import <b> [your name]", "\\pagebreak() $x$", "Ωμέγα & “Co”\u202e"])
def test_hostile_names_stay_text(name: str) -> None:
    campaign = replace(shipped().campaign, organizer=replace(shipped().campaign.organizer, name=name))
    text = "".join(text_of(form(campaign=campaign, letters=written("Hi {{ signer.name }}\n\n{{ signature }}"))).split())

    assert "".join(name.replace("\u202e", "").split()) in text


def test_words_of_ones_own_get_three_lines() -> None:
    text = text_of(form(letters=written("Hello.\n\n{{ note }}\n\n{{ signature }} {{ date }}\n\n{{ signer.address }}")))

    assert text.count("_" * 86) == 3
