"""Rows of confirmed letters in trays, for tests with more of them than anyone can sign there."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.signatures import adas_signature
from tests.world import ADA, CAMPAIGN, client_of
from undersigned.base.table import from_item, to_item
from undersigned.signing.rows.signatures import (
    listing_position,
    listing_shard,
    read_signature,
    signature_key,
    signature_values,
    tray_position,
    tray_shard,
)
from undersigned.signing.rules.signatures import signer_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.world import World
    from undersigned.base.rows import Values
    from undersigned.campaigns.rules.campaigns import Target


DUE = datetime(2026, 11, 25, tzinfo=UTC)


def waiting_row(campaign: str, target: str, signer: str) -> Values:
    """Return the row of a letter that waits in a target's tray, and is in no listing."""
    signature = adas_signature(
        campaign=campaign,
        signer=signer,
        target=target,
        letter="none",
        network="a-network",
    )
    due = {"due": tray_shard(campaign, signer), "due_at": tray_position(target, DUE, signer)}
    kept = {"status": signature.status, "version": signature.version}
    return {**signature_key(campaign, signer)._asdict(), **signature_values(signature), **kept, **due}


def put_letters(world: World, targets: Sequence[Target], letters: int) -> None:
    """Let so many letters wait for each target: copies of one that is signed, confirmed and then deleted."""
    world.confirmed()
    table, client = world.stack.settings.table_name, client_of("dynamodb")
    key = to_item(signature_key(CAMPAIGN, signer_id(world.stack.secret(), str(ADA["email"])))._asdict())
    values = from_item(client.get_item(TableName=table, Key=key)["Item"])
    client.delete_item(TableName=table, Key=key)
    for number in range(len(targets) * letters):
        signer, target = f"{number * 2_654_435_761 % 2**128:032x}", targets[number % len(targets)]
        row = values | signature_key(CAMPAIGN, signer)._asdict()
        row |= {"target": target.id, "name": f"Signer Number{number}", "email": f"signer{number}@signers.example"}
        row |= {"addressed": asdict(target.addressee), "listed": listing_shard(CAMPAIGN, signer)}
        row["due"] = tray_shard(CAMPAIGN, signer)
        row["due_at"] = tray_position(target.id, datetime.fromisoformat(values["confirmed_at"]), signer)
        row["listed_at"] = listing_position(read_signature(row))
        client.put_item(TableName=table, Item=to_item(row))
