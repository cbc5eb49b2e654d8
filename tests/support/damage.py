"""Damaged rows: of letters, deliveries and campaigns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.support.world import CAMPAIGN, client_of
from undersigned.base.table import Update, to_item
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import delivery_key
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing.rules.signatures import Signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.world import World

OTHER = "before-the-damaged-one"
DAMAGED = DeliveryKey(CAMPAIGN, "evanston", "2026-11-01")


def change(world: World, name: str, changes: Mapping[str, Any]) -> None:
    """Change attributes of the row of somebody's letter. None removes one."""
    key = Signature.locate(campaign=CAMPAIGN, signer=world.signer(f"{name}@signers.example"))
    world.stack.table.update(Update(key, assign=changes))


def damage(world: World, name: str) -> None:
    change(world, name, {"signed_at": "yesterday"})


def put(world: World, values: Any) -> None:
    client_of("dynamodb").put_item(TableName=world.stack.settings.table_name, Item=to_item(values))


def damage_delivery(world: World) -> None:
    put(world, {**delivery_key(DAMAGED)._asdict(), "state": "sent"})


def damage_campaign(world: World) -> None:
    """Add a campaign whose id is listed first and whose row lacks its settings."""
    values = replace(Campaigns(world.stack.table).campaign(CAMPAIGN), id=OTHER).item()
    put(world, {name: values[name] for name in ("pk", "sk", "listed", "listed_at")})
