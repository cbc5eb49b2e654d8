"""Test that each way to look at what waits keeps to the look of an approval, and that no approval loses another one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.approvals import WILMETTE, confirm, post, sent, waiting
from tests.damage import damage
from tests.emitted import metrics_in
from tests.organizers import Browser, add, campaigns_of
from tests.world import CAMPAIGN, PERIOD
from undersigned.aws.campaign_keys import controls_key
from undersigned.aws.dynamodb import to_item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.world import World

OWNER = "owner@enddemand.example"
DAY_BEFORE = "2026-11-23"
MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)
"""The weekly hour after the world's first day."""


@pytest.fixture(autouse=True)
def _needs_approval(world: World) -> None:
    world.change(approval=True)


def approve(world: World, period: str = PERIOD, look: datetime | None = None) -> None:
    """Approve a day on the dashboard."""
    values = {"look": look.isoformat()} if look else {}
    assert post(world, f"/deliveries/{period}/approve", values).status == 303


def actions(world: World) -> list[str]:
    """Return the actions in the activity log, oldest first."""
    return [entry.action for entry in reversed(list(world.wiring.campaigns.audit(CAMPAIGN)))]


@dataclass
class Between:
    """Does something once, after a function has read a campaign's controls and before it writes them."""

    do: Callable[[], None]
    was_read: bool = False
    is_done: bool = False

    def before(self, _function: str, operation: str, params: Mapping[str, Any]) -> None:
        if params.get("Key") != to_item(controls_key(CAMPAIGN)._asdict()):
            return
        self.was_read |= operation == "dynamodb:GetItem"
        if operation == "dynamodb:UpdateItem" and not self.is_done:
            assert self.was_read
            self.is_done = True
            self.do()

    def after(self, _function: str, _operation: str) -> None:
        """Leave the call as it was."""

    def retries(self, _function: str, _operation: str) -> bool:
        return False


@pytest.mark.parametrize("earlier", [(), ("2026-11-22",)], ids=["the first looks", "after another look"])
def test_approvals_of_two_days_at_the_same_moment_both_keep_their_looks(world: World, earlier: tuple[str, ...]) -> None:
    first = world.clock.now
    world.confirmed()
    for period in earlier:
        approve(world, period)
    confirm(world, "bo")
    second = world.clock.now
    confirm(world, "cy")

    def approve_the_day_before() -> None:
        world.wiring.delivering.controls.approve(CAMPAIGN, DAY_BEFORE, "cli", "", look=second)

    world.watch = between = Between(approve_the_day_before)
    approve(world, PERIOD, first)
    world.watch = None
    assert between.is_done
    controls = world.wiring.campaigns.controls(CAMPAIGN)
    assert controls.approved == {PERIOD: first, DAY_BEFORE: second, **dict.fromkeys(earlier, first)}


def test_of_two_approvals_of_a_day_at_the_same_moment_the_earlier_look_counts(world: World) -> None:
    world.confirmed()
    early = world.clock.now
    confirm(world, "bo")
    late = world.clock.now
    confirm(world, "cy")

    def approve_later_look() -> None:
        world.wiring.delivering.controls.approve(CAMPAIGN, PERIOD, "cli", "", look=late)

    world.watch = Between(approve_later_look)
    approve(world, PERIOD, early)
    world.watch = None
    world.run_queue()
    assert (sent(world), waiting(world)) == ([(PERIOD, "evanston", 1)], 2)


def test_the_metric_of_overdue_letters_counts_those_that_the_approval_covers(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The day is approved before its hour, letters come between, and no delivery is made."""
    world.confirmed()
    world.clock.now = MONDAY - timedelta(hours=3)
    approve(world, "2026-11-30")
    confirm(world, "bo")
    confirm(world, "cy", postal_code=WILMETTE)
    world.clock.now = MONDAY + timedelta(hours=25)
    capsys.readouterr()
    world.reconcile()
    assert metrics_in(capsys.readouterr().out)["LettersOverdue"] == [1]


def test_the_front_page_tells_what_came_after_the_look(world: World) -> None:
    add(world, OWNER, "owner")
    owner = Browser(world)
    owner.sign_in(OWNER)
    world.confirmed()
    assert "Letters to 1 recipient are waiting for approval" in campaigns_of(owner)
    approve(world)
    assert "waiting for approval" not in campaigns_of(owner)
    confirm(world, "bo")
    confirm(world, "cy", postal_code=WILMETTE)
    assert "waiting for approval" not in campaigns_of(owner), "a day is approved once"
    world.clock.advance(days=1)
    owner.sign_in(OWNER)
    assert "Letters to 2 recipients are waiting for approval" in campaigns_of(owner)


def test_a_delivery_by_hand_that_sends_nothing_is_not_in_the_activity_log(world: World) -> None:
    """The only letter that the approval covers is damaged, and another one came after the look."""
    world.confirmed()
    approve(world)
    confirm(world, "bo")
    damage(world, "ada")
    assert post(world, "/deliveries/next", {"why": "the council meets"}).status == 303
    world.run_queue()
    assert (sent(world), actions(world)) == ([], ["approve"])
    world.clock.advance(days=1)
    approve(world, "2026-11-25")
    world.clock.advance(minutes=1)
    assert post(world, "/deliveries/next", {"why": "the council meets"}).status == 303
    world.run_queue()
    assert sent(world) == [("2026-11-25", "evanston", 1)]
    assert actions(world) == ["approve", "approve", "deliver"]
