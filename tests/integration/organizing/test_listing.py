"""Test the listing of a campaign's signatures: in pages, newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.support.world import CAMPAIGN
from undersigned.base.table import Update
from undersigned.organizing.listing import newest_letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World
    from undersigned.signing.rules.forms import FormOrLetter


def listed(world: World, before: str | None = None) -> Iterator[tuple[str, FormOrLetter]]:
    found = newest_letters(world.stack, CAMPAIGN, before, read_ahead=3)
    return ((position, row) for position, row in found if row)


def sign(world: World, people: int) -> list[str]:
    """Let people sign. Every second one confirms."""
    for number in range(people):
        world.clock.advance(seconds=1)
        (world.confirmed if number % 2 else world.sign)(email=f"signer{number}@signers.example")
    return [f"signer{number}@signers.example" for number in reversed(range(people))]


def test_a_page_continues_after_the_last_position_of_the_one_before(world: World) -> None:
    expected = sign(world, 11)
    found: list[str] = []
    position = None
    while page := list(islice(listed(world, position), 4)):
        found += [row.words.email for _, row in page]
        position = page[-1][0]
        # A new signature is newer than all remaining ones.
        world.sign(email=f"late{len(found)}@signers.example")
    assert found == expected


def test_a_letter_is_at_the_position_of_the_form_that_was_confirmed(world: World) -> None:
    sign(world, 3)
    world.clock.advance(seconds=1)
    world.confirmed(email="signer0@signers.example", note="Once more")
    emails = [(row.words.email, row.words.note) for _, row in listed(world)]
    assert emails == [
        ("signer0@signers.example", "Once more"),
        ("signer2@signers.example", ""),
        ("signer1@signers.example", ""),
    ], "of a signer with a letter, no form is listed"


def test_a_wanted_status_reads_only_forms_or_only_letters(world: World) -> None:
    sign(world, 4)
    forms_only = newest_letters(world.stack, CAMPAIGN, status="pending")
    letters_only = newest_letters(world.stack, CAMPAIGN, status="confirmed")
    assert [{row.status for _, row in found if row} for found in (forms_only, letters_only)] == [
        {"pending"},
        {"confirmed"},
    ]


def test_an_erased_letter_keeps_its_position(world: World) -> None:
    sign(world, 2)
    [(position, newest), _] = listed(world)
    world.erase(newest.signer)
    assert next((place, row.status) for place, row in listed(world)) == (position, "erased")


@pytest.mark.parametrize("place", [0, 1], ids=["a form", "a letter"])
def test_a_damaged_row_hides_no_other(world: World, place: int) -> None:
    expected = sign(world, 3)
    damaged = [row for _, row in listed(world)][place]
    world.stack.table.update(Update(damaged.own_key(), assign={"signed_at": "yesterday"}))
    emails = [row.words.email for _, row in listed(world)]
    assert emails == [email for email in expected if email != damaged.words.email]
