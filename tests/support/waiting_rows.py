"""Rows of confirmed letters in trays, for tests with more of them than anyone can sign there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.support.signatures import adas_signature, changed
from tests.support.world import CAMPAIGN
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.world import World
    from undersigned.base.rows import Values
    from undersigned.campaigns.rules.campaigns import Target


DUE = datetime(2026, 11, 25, tzinfo=UTC)


def waiting_row(campaign: str, target: str, signer: str) -> Values:
    """Return the row of a letter that waits in a target's tray, and is in no listing."""
    letter = adas_signature(
        campaign=campaign,
        signer=signer,
        target=target,
        letter="none",
        network="a-network",
        waits_since=DUE,
    )
    return {name: value for name, value in letter.item().items() if name not in {"listed", "listed_at"}}


def put_letters(world: World, targets: Sequence[Target], letters: int) -> None:
    """Let so many letters wait for each target: copies of one that is signed, confirmed and then deleted."""
    world.confirmed()
    [letter] = Signatures(world.stack.table).listed_signatures(CAMPAIGN)
    world.stack.table.delete(letter.own_key())
    for number in range(len(targets) * letters):
        target = targets[number % len(targets)]
        another = changed(
            letter,
            signer=f"{number * 2_654_435_761 % 2**128:032x}",
            target=target.id,
            addressee=target.addressee,
            name=f"Signer Number{number}",
            email=f"signer{number}@signers.example",
        )
        world.stack.table.put(another.item())
