"""Test the listing of a campaign's signatures: in pages, newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tests.world import CAMPAIGN
from undersigned.aws import signatures
from undersigned.aws.dynamodb import Update
from undersigned.aws.signatures import signature_key

if TYPE_CHECKING:
    import pytest

    from tests.world import World


def sign(world: World, people: int) -> list[str]:
    for number in range(people):
        world.clock.advance(seconds=1)
        world.sign(email=f"signer{number}@signers.example")
    return [f"signer{number}@signers.example" for number in reversed(range(people))]


def test_signatures_are_listed_newest_first(world: World) -> None:
    expected = sign(world, 20)
    assert [row.email for _, row in world.wiring.signatures.newest_signatures(CAMPAIGN)] == expected


def test_a_page_continues_after_the_last_position_of_the_one_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "_READ_AHEAD", 3)
    expected = sign(world, 11)
    found: list[str] = []
    position = None
    while page := list(islice(world.wiring.signatures.newest_signatures(CAMPAIGN, position), 4)):
        found += [row.email for _, row in page]
        position = page[-1][0]
        # A new signature is newer than all remaining ones.
        world.sign(email=f"late{len(found)}@signers.example")
    assert found == expected


def test_signing_again_moves_a_signature_to_the_newest_position(world: World) -> None:
    sign(world, 3)
    world.clock.advance(seconds=1)
    world.sign(email="signer0@signers.example", note="Once more")
    listed = [row.email for _, row in world.wiring.signatures.newest_signatures(CAMPAIGN)]
    assert listed == ["signer0@signers.example", "signer2@signers.example", "signer1@signers.example"]


def test_an_erased_letter_keeps_its_position(world: World) -> None:
    sign(world, 2)
    [(position, newest), _] = world.wiring.signatures.newest_signatures(CAMPAIGN)
    world.wiring.erasing().erase(CAMPAIGN, newest.signer)
    assert next((listed, row.status) for listed, row in world.wiring.signatures.newest_signatures(CAMPAIGN)) == (
        position,
        "erased",
    )


def test_a_damaged_row_hides_no_other(world: World) -> None:
    expected = sign(world, 3)
    [_, (_, damaged), _] = world.wiring.signatures.newest_signatures(CAMPAIGN)
    world.wiring.table.update(Update(signature_key(CAMPAIGN, damaged.signer), assign={"signed_at": "yesterday"}))
    listed = [row.email for _, row in world.wiring.signatures.newest_signatures(CAMPAIGN)]
    assert listed == [email for email in expected if email != damaged.email]
