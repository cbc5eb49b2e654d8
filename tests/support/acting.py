"""Do what organizers do, as their buttons and commands do it, and record it in the activity log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.support.world import CAMPAIGN
from undersigned.campaigns.activity import perform
from undersigned.campaigns.catalog import current_period
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.actions import send_now
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.organizing.actions import ACTIONS

if TYPE_CHECKING:
    from datetime import date, datetime

    from tests.support.world import World
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Answer
    from undersigned.delivering.planning import Plan
    from undersigned.delivering.rules.deliveries import Delivery, DeliveryKey


def decide(
    world: World, name: str, target: str = "", *, by: str = "cli", campaign: str = CAMPAIGN, **fields: str
) -> str:
    """Do an action of a campaign, about a target if it has one. Return the word of its notice."""
    return perform(world.stack, name, campaign, {"target": target, **fields}, by)


@dataclass(frozen=True, slots=True)
class Decisions:
    """The actions on deliveries."""

    stack: Stack

    def deliver(
        self,
        campaign: str,
        period: str,
        by: str,
        why: str,
        *,
        seen_at: datetime,
        only: str | None = None,
        again: bool = False,
    ) -> Plan:
        assert period == current_period(self.stack, Campaigns(self.stack.table).campaign(campaign))
        return send_now(self.stack, campaign, by, why, seen_at=seen_at, only=only, again=again)

    def retry(self, key: DeliveryKey, by: str, why: str, *, again: bool = False, revision: str = "") -> Delivery:
        return self._about(key, "retry again" if again else "retry", by, why=why, revision=revision)

    def settle(
        self,
        key: DeliveryKey,
        by: str,
        why: str,
        outcome: Literal["sent", "not sent"],
        *,
        again: bool = False,
        revision: str = "",
    ) -> Delivery:
        name = f"settle as {outcome}{' again' if again else ''}"
        return self._about(key, name, by, why=why, revision=revision)

    def close_unsent(self, key: DeliveryKey, by: str, why: str, *, revision: str = "") -> Delivery:
        return self._about(key, "close unsent", by, why=why, revision=revision)

    def hand_over(self, key: DeliveryKey, day: date, note: str, by: str, *, revision: str = "") -> Delivery:
        return self._about(key, "hand over", by, day=day.isoformat(), note=note, revision=revision)

    def set_address(self, campaign: str, target: str, email: str, by: str, why: str) -> str:
        perform(self.stack, "correct address", campaign, {"target": target, "email": email, "why": why}, by)
        return Campaigns(self.stack.table).target(campaign, target).email

    def save_answer(
        self, campaign: str, target: str, day: str, text: str, by: str, *, is_public: bool, revision: str
    ) -> Answer | None:
        given = {"target": target, "day": day, "text": text, "public": "yes" if is_public else "", "revision": revision}
        perform(self.stack, "record answer", campaign, given, by)
        return Campaigns(self.stack.table).target(campaign, target).answer

    def _about(self, key: DeliveryKey, name: str, by: str, **given: str) -> Delivery:
        assert name in ACTIONS
        perform(self.stack, name, key.campaign, {"target": key.target, "period": key.period, **given}, by)
        decided = Deliveries(self.stack.table).delivery(key)
        assert decided
        return decided
