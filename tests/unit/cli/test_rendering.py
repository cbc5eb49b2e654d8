from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from tests.support import signatures
from tests.support.pdfs import boxes_of
from undersigned.base.errors import FormError, NotFoundError
from undersigned.campaigns.rules.campaigns import Target
from undersigned.campaigns.rules.letters import Letter, SignerDetails
from undersigned.workshop.campaigns import CompiledCampaign
from undersigned_cli.rendering import render

LETTER = Letter.of("en", "source", "<p>Dear {{ target.name }}</p>\n<p>{{ signature }}<br>\n{{ signer.address }}</p>\n")
CAMPAIGN = replace(signatures.TREES, letter=LETTER.version)


def target(name: str, code: str) -> Target:
    return Target(name, "Mayor", f"{name} Sample", "City Hall", name, f"{name}@trees.example", (code,))


TREES = CompiledCampaign(CAMPAIGN, {"en": LETTER}, (target("oakton", "60201"), target("elmton", "60202")))
DETAILS = SignerDetails("Robin Resident", "5 Made Up Lane", "Oakton", "", "60201", "R. R.", "", date(2026, 11, 30))


def test_a_letter_is_rendered_as_text() -> None:
    assert render(TREES, "oakton", DETAILS, "text").decode() == (
        "Dear oakton Sample\n\nR. R.\n5 Made Up Lane\nOakton, IL 60201\n"
    )


def test_a_letter_is_rendered_as_a_complete_page_in_its_language() -> None:
    page = render(TREES, "oakton", DETAILS, "html").decode()

    assert page.startswith('<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n')
    assert "<title>Letter from Robin Resident to Mayor oakton Sample</title>" in page
    assert page.rstrip().endswith("</html>")


def test_a_letter_is_rendered_on_the_campaigns_paper() -> None:
    a4 = replace(TREES, campaign=replace(CAMPAIGN, paper_size="a4"))
    assert boxes_of(render(TREES, "oakton", DETAILS, "pdf")) == {(612, 792)}
    assert boxes_of(render(a4, "oakton", DETAILS, "pdf")) == {(595, 842)}


def test_a_letter_is_rendered_in_another_language_of_the_campaign() -> None:
    spanish = Letter.of("es", "source", "<p>{{ target.title }}: {{ date }}</p>\n")
    bilingual = replace(
        TREES,
        letters={"en": LETTER, "es": spanish},
        targets=(replace(TREES.targets[0], titles={"es": "Alcaldesa"}),),
    )

    assert render(bilingual, "oakton", DETAILS, "text", "es").decode() == "Alcaldesa: 30 de noviembre de 2026\n"
    assert b'<html lang="es">' in render(bilingual, "oakton", DETAILS, "html", "es")


def test_a_language_without_a_letter_is_refused_with_the_languages_that_have_one() -> None:
    with pytest.raises(NotFoundError, match="no letter in 'fr'; there are letters in en"):
        render(TREES, "oakton", DETAILS, "text", "fr")


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)


def test_a_hostile_name_adds_no_tag_to_the_page() -> None:
    hostile = replace(DETAILS, name="</title><script>x()</script>", signature="<img src=x onerror=x()>")

    page = render(TREES, "oakton", hostile, "html").decode()

    assert Tags(page).found == Tags(render(TREES, "oakton", DETAILS, "html").decode()).found
    assert "script" not in Tags(page).found


def test_a_letter_is_rendered_as_a_pdf() -> None:
    pdf = PdfReader(io.BytesIO(render(TREES, "oakton", DETAILS, "pdf")))

    assert len(pdf.pages) == 1
    assert "5 Made Up Lane" in pdf.pages[0].extract_text()


def test_an_unknown_target_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match=r"no recipient `oaktown` in targets.csv; use one of oakton, elmton"):
        render(TREES, "oaktown", DETAILS, "text")


def test_a_letter_has_the_answer_to_the_campaigns_question() -> None:
    letter = Letter.of("en", "source", "<p>I {{ signer.answer }}.</p>\n")
    asking = replace(CAMPAIGN, question=("Do you rent?", "rent", "own"), question_required=True)
    compiled = replace(TREES, campaign=asking, letters={"en": letter})

    assert render(compiled, "oakton", replace(DETAILS, answer="own"), "text") == b"I own.\n"
    for answer in ("", "sublet"):
        with pytest.raises(FormError) as caught:
            render(compiled, "oakton", replace(DETAILS, answer=answer), "text")
        assert [error.field for error in caught.value.errors] == ["answer"]


def test_details_that_the_form_refuses_are_refused_together() -> None:
    with pytest.raises(FormError) as caught:
        render(TREES, "oakton", replace(DETAILS, name=" ", locality="a" * 81, signature="a\0b"), "text")

    assert [error.field for error in caught.value.errors] == ["name", "locality", "signature"]


def test_a_postal_code_of_another_target_is_refused() -> None:
    with pytest.raises(FormError, match=r"get letters from 60202\. Choose elmton"):
        render(TREES, "oakton", replace(DETAILS, postal_code="60202"), "text")
