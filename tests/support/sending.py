"""Letters that wait, and how somebody sends them now, for tests of what organizers decide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.support.deliveries import delivery_of
from tests.support.organizers import act, someone
from tests.support.world import CAMPAIGN
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.world import Answer, World

WILMETTE = "60091"


def confirm(world: World, name: str, **changes: Any) -> None:
    """Let somebody sign and confirm, a minute after what was before."""
    world.clock.advance(minutes=1)
    world.confirmed(email=f"{name}@signers.example", **changes)


def sent(world: World) -> list[tuple[str, str, int]]:
    """Return the day and the recipient of each email, with the number of letters that it has."""
    found = []
    for mail in world.deliveries:
        key = DeliveryKey(CAMPAIGN, mail.tags["target"], mail.tags["period"])
        delivery = Deliveries(world.stack.table).delivery(key)
        assert delivery
        found.append((key.period, key.target, delivery.letters))
    return found


def hidden(page: Answer) -> dict[str, str]:
    """Return what a page's form to send now has, but for the token of its session."""
    form = re.search(r'action="[^"]*/deliveries/next">(.*?)</form>', page.body, re.DOTALL)
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[1])) if form else {}
    return {name: value for name, value in sent.items() if name != "token"}


def waiting(world: World, target: str = "evanston") -> int:
    return Signatures(world.stack.table).how_many_wait_each(CAMPAIGN, target, target)[target]


def post(world: World, path: str, values: Mapping[str, object] | None = None) -> Answer:
    """Press a button of the dashboard as an editor."""
    return act(world, path, values)


def send_now(world: World, page: Answer | None = None, **values: object) -> Answer:
    """Press *Send now* on the overview as an editor, perhaps on a page that was opened before."""
    editor = someone(world, "editor")
    answer = editor.press("/deliveries/next", hidden(page or editor.see()) | values)
    assert answer.status == 303, answer.body
    return answer


def sent_yesterday(world: World) -> None:
    """Send a letter of a campaign that only *Send now* delivers, and confirm another one; a day passes."""
    world.change(send_now_only=True)
    world.confirmed()
    send_now(world)
    world.run_queue()
    world.confirmed(email="bo@signers.example")
    world.clock.advance(days=1)


def open_another_delivery(world: World) -> None:
    """Open a delivery to the same recipient two days later."""
    key = DeliveryKey(CAMPAIGN, "evanston", "2026-11-26")
    world.open(delivery_of(key, "open", opened_at=world.clock.now, letters=1))
