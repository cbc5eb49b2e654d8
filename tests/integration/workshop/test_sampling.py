"""Test samples: what a signer and a recipient would get of a draft, and that nothing of it is written or sent."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from tests.support.world import CAMPAIGN
from undersigned.base.emails import Sender
from undersigned.signing.pages.form import form_page
from undersigned.workshop import sampling
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.starting import example_files

if TYPE_CHECKING:
    from tests.support.world import World
    from undersigned.base.stack import Stack
    from undersigned.workshop.campaigns import CompiledCampaign

ANN = "ann@organizer.example"


@pytest.fixture
def stack(world: World) -> Stack:
    return world.stack


SENDER = Sender("letters@enddemand.example", "https://letters.example")


@pytest.fixture
def compiled() -> CompiledCampaign:
    return compile_campaign(example_files())


def test_the_sample_shows_what_everyone_gets_and_each_part_says_that_it_is_a_test(
    stack: Stack, compiled: CompiledCampaign
) -> None:
    sample = sampling.sample(stack, SENDER, compiled, ANN)

    assert "Alex Sample" in sample.letter_html
    assert compiled.targets[0].name in sample.letter_html
    assert sample.delivery.to == ANN
    assert sample.delivery.subject.startswith("[Test] ")
    assert sample.delivery.tags["kind"] == "test"
    [pdf] = [attached.pdf for attached in sampling.test_email(stack, SENDER, compiled, ANN).attachments]
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "[Test]" in text
    assert "Alex Sample" in text
    assert len(sampling.pages(sample)) == len(PdfReader(io.BytesIO(pdf)).pages)


def test_a_test_shows_the_packet_to_print_if_no_recipient_has_an_email_address(
    stack: Stack, compiled: CompiledCampaign
) -> None:
    first, *others = compiled.targets
    with_one = replace(compiled, targets=(replace(first, email=""), *others))
    address = "1454 Elmwood Avenue"
    without = replace(
        compiled, targets=tuple(replace(target, email="", postal_address=address) for target in compiled.targets)
    )

    assert others[0].name in sampling.test_email(stack, SENDER, with_one, ANN).text
    test = sampling.test_email(stack, SENDER, without, ANN)
    assert (test.to, len(test.attachments)) == (ANN, 1)
    assert "no email address, and gets no email: you print the file that is attached" in " ".join(test.text.split())
    assert address in PdfReader(io.BytesIO(test.attachments[0].pdf)).pages[0].extract_text()


def test_the_samples_form_is_the_page_that_people_will_see(stack: Stack, compiled: CompiledCampaign) -> None:
    page = form_page(sampling.sample_form(stack, compiled), "en")

    assert compiled.campaign.title in page.html


def test_a_sample_writes_counts_and_sends_nothing(stack: Stack, compiled: CompiledCampaign, world: World) -> None:
    assert world.memory
    before = {pk: dict(rows) for pk, rows in world.memory.partitions.items()}

    sampling.pages(sampling.sample(stack, SENDER, compiled, ANN))

    assert {pk: dict(rows) for pk, rows in world.memory.partitions.items()} == before
    assert world.run_stream() == []
    assert world.sent == []
    assert world.get(f"/campaigns/{CAMPAIGN}/count").json["signatures"] == 0


def test_every_recipient_has_a_sample_whatever_its_codes(stack: Stack, world: World) -> None:
    files = example_files()
    files["targets.csv"] = (
        "id,title,name,department,locality,email,postal_codes\n"
        "a,Mayor,A One,Hall,Aton,a@a.example,602*\n"
        "b,Mayor,B Two,Hall,Beton,b@b.example,60200\n"
        "c,Mayor,C Three,Hall,Ceton,c@c.example,603*\n"
        "d,Mayor,D Four,Hall,Deton,d@d.example,*\n"
        "e,Mayor,E Five,Hall,Eton,e@e.example,\n"
    )
    compiled = compile_campaign(files)

    codes = {
        target.id: sampling.sample(stack, SENDER, compiled, ANN, target.id).signature.words.postal_code
        for target in compiled.targets
    }

    assert codes == {"a": "60200", "b": "60200", "c": "60300", "d": "00000", "e": "00000"}
