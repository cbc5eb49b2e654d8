"""A person may do what the table of states has. All else is refused and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.support.acting import decide
from tests.support.packets import KEY
from tests.support.world import CAMPAIGN
from undersigned.base.errors import NotNowError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.states import STATES, Decision, DeliveryState

if TYPE_CHECKING:
    from tests.support.world import World
    from undersigned.delivering.rules.deliveries import Delivery

KINDS: tuple[dict[str, Any], ...] = ({}, {"reported": "bounced"})


@pytest.mark.parametrize("way", ["email", "by hand"])
@pytest.mark.parametrize("state", STATES)
def test_each_decision_leads_where_the_table_says_or_changes_nothing(
    world: World, state: DeliveryState, way: Any
) -> None:
    world.confirmed()
    world.week()
    sent = Deliveries(world.stack.table).delivery(KEY)
    assert sent
    world.clock.advance(days=4)
    for kind in KINDS:
        for decision in get_args(Decision):
            before = replace(sent, state=state, way=way, last=replace(sent.last, **kind))
            put(world, before)
            may = decision in before.may(before.question(world.clock.now))
            assert (state_after(world, decision), may) == (STATES[state].after[decision] if may else None, may)
            if not may:
                assert Deliveries(world.stack.table).delivery(KEY) == before


def put(world: World, delivery: Delivery) -> None:
    """Write a delivery as it is, in place of the one before it."""
    world.rewrite(delivery)


def state_after(world: World, decision: Decision) -> DeliveryState | None:
    """Decide, and return the delivery's state after it; None if that was refused, and the log has nothing new."""
    logged = len([*Campaigns(world.stack.table).audit(CAMPAIGN)])
    given = {"period": KEY.period, "revision": "", "day": KEY.period, "why": "they called"}
    world.clock.advance(seconds=1)
    try:
        decide(world, decision, KEY.target, **given)
    except NotNowError:
        assert len([*Campaigns(world.stack.table).audit(CAMPAIGN)]) == logged
        return None
    decided = Deliveries(world.stack.table).delivery(KEY)
    assert decided
    assert len([*Campaigns(world.stack.table).audit(CAMPAIGN)]) == logged + 1
    return decided.state
