"""A person who reads the outbox, and decides about every delivery that waits for a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tests.support.acting import Decisions
from tests.support.world import CAMPAIGN
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.support.world import World
    from undersigned.delivering.rules.deliveries import Delivery


def decide(world: World, *, bounced: Collection[str] = (), retry: bool = False) -> int:
    """Settle the deliveries in doubt or without an outcome, and return how many decisions it took.

    An email has arrived if it is in the outbox, and its message id is not in `bounced`. With `retry`, deliveries that
    bounced are sent again.
    """
    controls, decisions = Decisions(world.stack), 0
    for target in Campaigns(world.stack.table).targets(CAMPAIGN):
        for delivery in list(Deliveries(world.stack.table).deliveries(CAMPAIGN, target.id)):
            question = delivery.with_word_of(target).question(world.clock.now)
            if question in {"in doubt", "no outcome"}:
                outcome: Literal["sent", "not sent"] = "sent" if _has_arrived(world, delivery, bounced) else "not sent"
                controls.settle(delivery.key, "a person", "", outcome)
            elif question == "bounced" and retry:
                controls.retry(delivery.key, "a person", "")
            else:
                continue
            decisions += 1
    return decisions


def _has_arrived(world: World, delivery: Delivery, bounced: Collection[str]) -> bool:
    wanted = {"target": delivery.key.target, "period": delivery.key.period, "attempt": str(delivery.attempt)}
    return any(wanted.items() <= mail.tags.items() and mail.message_id not in bounced for mail in world.deliveries)
