"""A warm process reads a campaign's targets again only when they changed, and sees a change within a minute."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, override

import pytest
from botocore.exceptions import ClientError

from tests.support.world import CAMPAIGN, FORM, ROOT, Watch, client_of
from undersigned.base.failures import TRANSACTION_CONFLICT
from undersigned.base.rows import Key
from undersigned.base.table import to_item
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Campaign, Target
from undersigned.campaigns.rules.controls import Controls
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.world import World
    from undersigned.campaigns.catalog import Entry

TARGET = "evanston"


@dataclass
class Rosters(Watch):
    """Keeps whether each read of all targets is a consistent one."""

    reads: list[bool] = field(default_factory=list)

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        values = params.get("ExpressionAttributeValues", {}).values()
        if operation == "dynamodb:Query" and {"S": Target.beginning()} in values:
            self.reads.append(params["ConsistentRead"])


@pytest.fixture
def rosters(world: World) -> Rosters:
    """Count from now on, with a process that has the roster, which is a long one."""
    world.limit(short_roster=0)
    world.get(FORM)
    world.watch = rosters = Rosters()
    return rosters


def see(world: World) -> Target:
    """Return the target as the process of public pages has it, a minute later."""
    world.clock.advance(seconds=61)
    world.get(FORM)
    return kept_by_public_pages(world).roster.by_id[TARGET]


def kept_by_public_pages(world: World) -> Entry:
    """Return the campaign as the process of public pages has it."""
    entry: Entry = catalog_of(world.stacks["public_api"]).entry(CAMPAIGN)
    return entry


def test_a_short_roster_is_read_each_minute_for_what_deliveries_write(world: World, rosters: Rosters) -> None:
    world.confirmed()
    world.week()
    assert see(world).free_from is None
    world.limit(short_roster=10)
    rosters.reads.clear()
    assert see(world).free_from == date(2026, 12, 1)
    world.get(FORM)
    assert rosters.reads == [True]


def test_an_unchanged_roster_is_read_once(world: World, rosters: Rosters) -> None:
    for _ in range(5):
        see(world)
    assert rosters.reads == []


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (
            lambda campaigns, target: campaigns.put_target(CAMPAIGN, replace(target, name="New Name")),
            lambda target: target.name == "New Name",
        ),
        (lambda campaigns, _: campaigns.hold(CAMPAIGN, TARGET, "a reason"), lambda target: target.hold == "a reason"),
        (
            lambda campaigns, target: campaigns.set_mail_state(CAMPAIGN, TARGET, target.email, "bounced"),
            lambda target: target.mail_state == "bounced",
        ),
        (
            lambda campaigns, _: campaigns.record_complaint(CAMPAIGN, TARGET, datetime(2026, 11, 24, tzinfo=UTC)),
            lambda target: target.complained_at is not None,
        ),
    ],
)
def test_each_change_is_seen_within_a_minute(
    world: World,
    rosters: Rosters,
    change: Callable[[Campaigns, Target], None],
    shown: Callable[[Target], bool],
) -> None:
    campaigns = Campaigns(world.stack.table)
    change(campaigns, campaigns.target(CAMPAIGN, TARGET))
    assert shown(see(world))
    see(world)
    # An inconsistent read could lag behind the number that says it changed, and would be kept.
    assert rosters.reads == [True]


def test_a_release_is_seen_within_a_minute(world: World, rosters: Rosters) -> None:
    campaigns = Campaigns(world.stack.table)
    campaigns.hold(CAMPAIGN, TARGET, "a reason")
    see(world)
    campaigns.release(CAMPAIGN, TARGET, world.clock.now)
    assert see(world).hold is None
    assert len(rosters.reads) == 2


def test_new_targets_are_seen_within_a_minute(world: World, rosters: Rosters) -> None:
    target = Campaigns(world.stack.table).target(CAMPAIGN, TARGET)
    Campaigns(world.stack.table).put_new_targets(CAMPAIGN, [replace(target, id="newtown", postal_codes=("99999",))])
    see(world)
    assert world.get(f"{FORM}/targets?postal_code=99999", as_json=True).json["targets"][0]["id"] == "newtown"
    assert len(rosters.reads) == 1


def test_what_changes_no_target_lets_none_be_read(world: World, rosters: Rosters) -> None:
    campaigns = Campaigns(world.stack.table)
    campaigns.pause(CAMPAIGN, paused=True)
    campaigns.set_mail_state(CAMPAIGN, TARGET, "another@evanston.example", "bounced")
    campaigns.put_campaign(replace(campaigns.campaign(CAMPAIGN), summary="Another summary."))
    see(world)
    assert "Another summary." in world.get(FORM).body
    assert rosters.reads == []


def name_as_before_this_version(world: World, name: str) -> None:
    """Change a target as code does that names no change."""
    row = Target.locate(campaign=CAMPAIGN, id=TARGET)._asdict()
    client_of("dynamodb").update_item(
        TableName=world.stack.settings.table_name,
        Key=to_item(row),
        UpdateExpression="SET #name = :name",
        ExpressionAttributeNames={"#name": "name"},
        ExpressionAttributeValues=to_item({":name": name}),
    )


def test_a_campaign_whose_changes_have_no_name_is_read_each_minute(world: World) -> None:
    client_of("dynamodb").delete_item(
        TableName=world.stack.settings.table_name, Key=to_item(Controls.locate(campaign=CAMPAIGN)._asdict())
    )
    world.get(FORM)
    name_as_before_this_version(world, "Named By Old Code")
    assert see(world).name == "Named By Old Code"


def test_a_change_by_an_older_version_is_seen_within_a_quarter_of_an_hour(world: World, rosters: Rosters) -> None:
    name_as_before_this_version(world, "Named By Old Code")
    assert see(world).name != "Named By Old Code"
    world.clock.advance(minutes=14)
    assert see(world).name == "Named By Old Code"
    assert len(rosters.reads) == 1


def test_a_campaign_that_was_deleted_and_made_again_has_its_own_targets(world: World) -> None:
    world.get(FORM)
    folder = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
    [target] = (target for target in folder.targets if target.id == TARGET)
    for row in list(world.stack.table.query(Campaign.partition(id=CAMPAIGN))):
        world.stack.table.delete(Key(row["pk"], row["sk"]))
    push(world.stack, replace(folder, targets=(replace(target, id="newtown"),)))
    world.clock.advance(seconds=61)
    world.get(FORM)
    assert set(kept_by_public_pages(world).roster.by_id) == {"newtown"}


class Busy(Rosters):
    """Refuses each change of the controls' row, as DynamoDB does while transactions check it."""

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        if operation == "dynamodb:UpdateItem" and params["Key"]["sk"] == {"S": Controls.locate(campaign=CAMPAIGN).sk}:
            raise ClientError({"Error": {"Code": TRANSACTION_CONFLICT, "Message": ""}}, "UpdateItem")


def test_a_change_happens_although_deliveries_keep_it_from_its_name(world: World) -> None:
    world.confirmed()
    world.week()
    world.watch = Busy()
    world.feedback("bounce", world.deliveries[0])
    [delivery] = Deliveries(world.stack.table).deliveries(CAMPAIGN, TARGET)
    assert delivery.state == "bounced"
    assert Campaigns(world.stack.table).target(CAMPAIGN, TARGET).mail_state == "bounced"


def test_a_late_change_leaves_no_row_of_a_deleted_campaign(world: World) -> None:
    world.stack.table.delete(Controls.locate(campaign=CAMPAIGN))
    campaigns = Campaigns(world.stack.table)
    campaigns.set_mail_state(CAMPAIGN, TARGET, campaigns.target(CAMPAIGN, TARGET).email, "bounced")
    campaigns.record_complaint(CAMPAIGN, TARGET, world.clock.now)
    assert world.stack.table.get(Controls.locate(campaign=CAMPAIGN)) is None


def test_a_roster_that_nobody_keeps_is_read_at_half_the_price(world: World, rosters: Rosters) -> None:
    world.stack.table.delete(Controls.locate(campaign=CAMPAIGN))
    see(world)
    assert rosters.reads == [False]
