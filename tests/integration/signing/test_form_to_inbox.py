"""Follow a letter through the real handlers, from the form to the target's inbox."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

if TYPE_CHECKING:
    from tests.support.world import World

pytestmark = pytest.mark.moto


def pages_of(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_a_letter_is_signed_confirmed_and_delivered(world: World) -> None:
    answer = world.sign(note="My street, too.")
    assert (answer.status, "Check your email" in answer.body) == (200, True)

    world.run_stream()
    confirmation = world.sent[-1]
    assert confirmation.to == "ada@signers.example"
    assert world.press(confirmation.link("confirm")).status == 200

    world.clock.advance(days=6)
    world.week()
    [delivery] = world.deliveries
    assert delivery.to == "chief@evanston-police.example"
    assert (
        delivery.mail["Subject"]
        == "1 signed letter for Police Chief Avery Sample, November 30, 2026: End Demand Illinois"
    )
    assert delivery.mail["From"] == '"End Demand Illinois (sample)" <letters@enddemand.example>'
    assert delivery.mail["Reply-To"] == "letters@enddemand.example"
    assert "Signed since                            November 24, 2026" in delivery.text
    assert "Letters to Police Chief Avery Sample" in world.get(delivery.link("office")).words
    cover, index, letter = pages_of(delivery.pdfs[0])
    assert "1 signed letter" in cover
    assert "Ada Specimen, Evanston" in index
    for words in ("Dear Police Chief Avery Sample,", "My street, too.", "November 24, 2026", "1 Sample Street"):
        assert words in letter


def test_two_targets_get_one_email_each_with_their_own_letters(world: World) -> None:
    world.confirmed()
    world.confirmed(email="ben@signers.example", name="Ben Specimen", postal_code="60076", locality="Skokie")
    world.confirmed(email="cyd@signers.example", name="Cyd Specimen")
    world.week()
    by_address = {delivery.to: " ".join(pages_of(delivery.pdfs[0])) for delivery in world.deliveries}
    assert by_address.keys() == {"chief@evanston-police.example", "chief@skokie-police.example"}
    assert "Ada Specimen" in by_address["chief@evanston-police.example"]
    assert "Cyd Specimen" in by_address["chief@evanston-police.example"]
    assert "Ben Specimen" not in by_address["chief@evanston-police.example"]
    assert "Ben Specimen" in by_address["chief@skokie-police.example"]


def test_running_the_week_twice_sends_once(world: World) -> None:
    world.confirmed()
    world.week()
    world.week()
    assert len(world.deliveries) == 1


def test_the_next_week_sends_only_new_letters(world: World) -> None:
    world.confirmed()
    world.week()
    world.confirmed(email="ben@signers.example", name="Ben Specimen")
    world.clock.advance(days=7)
    world.week()
    first, second = world.deliveries
    assert "Ada Specimen, Evanston" in first.printed
    assert "Ada Specimen, Evanston" not in second.printed
    assert "Ben Specimen, Evanston" in second.printed


def test_a_week_without_letters_sends_nothing(world: World) -> None:
    world.sign()
    world.run_stream()
    world.week()
    assert world.deliveries == []


def test_letters_of_several_bundles_are_sent_in_one_email(world: World) -> None:
    for number in range(9):
        world.confirmed(email=f"signer{number}@signers.example", name=f"Signer No{number:02d}")
    world.calls.clear()
    world.week()
    [delivery] = world.deliveries
    names = [f"Signer No{number:02d}" for number in range(9)]
    text = " ".join(pages_of(delivery.pdfs[0]))
    assert [text.count(f"{name} 1 Sample Street") for name in names] == [1] * 9
    # One transaction opens the delivery, one seals each bundle of up to four letters, and one begins to send.
    assert world.calls.count("dynamodb:TransactWriteItems") == 1 + 3 + 1


def test_packets_too_large_for_an_email_get_a_link(world: World) -> None:
    world.limit(attached=1000)
    world.confirmed()
    world.week()
    [delivery] = world.deliveries
    assert delivery.pdfs == []
    path = delivery.link("packets")
    assert "File 1 of 1" in world.get(path).body
    answer = world.get(f"{path}/1")
    assert answer.status == 302
    assert "packets/end-demand-illinois/" in answer.headers["location"]
    assert "X-Amz-Expires=300" in answer.headers["location"]
    assert world.get(f"{path}/2").status == 404
    world.clock.advance(days=31)
    assert world.get(path).status == 410
