"""Controls: an organizer pauses, approves, holds and retries deliveries, and nothing is lost or sent twice by it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.world import CAMPAIGN
from undersigned.aws.deliveries import Deliveries
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import NotFoundError
from undersigned.services.delivery_controls import NotNowError

if TYPE_CHECKING:
    from tests.world import World
    from undersigned.services.delivery_controls import DeliveryControls

PERIOD = "2026-11-24"
EVANSTON = DeliveryKey(CAMPAIGN, "evanston", PERIOD)


@pytest.fixture
def wheel(world: World) -> DeliveryControls:
    return world.wiring.delivery_controls()


def needs_approval(world: World) -> None:
    campaign = world.wiring.campaigns.campaign(CAMPAIGN)
    assert campaign
    world.wiring.campaigns.put_campaign(replace(campaign, approval=True))


def sent(world: World) -> list[str]:
    return [mail.tags["target"] for mail in world.deliveries]


def test_while_a_campaign_pauses_nothing_goes_and_then_everything_does(world: World, wheel: DeliveryControls) -> None:
    world.confirmed()
    wheel.pause(CAMPAIGN, "cli", "the letter has a mistake")
    assert world.week() == []
    assert sent(world) == []
    wheel.resume(CAMPAIGN, "cli", "")
    world.week()
    assert sent(world) == ["evanston"]


def test_a_pause_holds_what_is_queued_already(world: World, wheel: DeliveryControls) -> None:
    world.confirmed()
    world.plan()
    wheel.pause(CAMPAIGN, "cli", "")
    assert world.run_queue() == [{"batchItemFailures": []}]
    assert sent(world) == []
    assert world.wiring.deliveries.delivery(EVANSTON) is None
    wheel.resume(CAMPAIGN, "cli", "")
    world.week()
    assert sent(world) == ["evanston"]


def test_a_delivery_that_has_begun_goes_on_after_the_pause(world: World, wheel: DeliveryControls) -> None:
    world.confirmed()
    world.refusal = "AccessDeniedException"
    world.week()
    world.refusal = ""
    wheel.pause(CAMPAIGN, "cli", "")
    world.week()
    assert sent(world) == []
    wheel.resume(CAMPAIGN, "cli", "")
    world.week()
    assert sent(world) == ["evanston"]


@pytest.mark.parametrize("stop", ["pause", "hold"])
def test_what_is_stopped_while_its_packet_is_typeset_does_not_go(
    world: World, wheel: DeliveryControls, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    world.confirmed()
    add_packet = Deliveries.add_packet

    def stopped_then(deliveries: Deliveries, *arguments: Any) -> None:
        add_packet(deliveries, *arguments)
        if stop == "pause":
            wheel.pause(CAMPAIGN, "cli", "")
        else:
            wheel.hold(CAMPAIGN, "evanston", "cli", "a new chief")

    monkeypatch.setattr(Deliveries, "add_packet", stopped_then)
    [answer] = world.week()
    assert (len(answer["batchItemFailures"]), sent(world)) == (1, [])
    wheel.resume(CAMPAIGN, "cli", "")
    wheel.release(CAMPAIGN, "evanston", "cli", "")
    world.week()
    assert sent(world) == ["evanston"]


def test_a_week_that_needs_an_approval_waits_for_it(world: World, wheel: DeliveryControls) -> None:
    needs_approval(world)
    world.confirmed()
    planned: Any = world.plan()
    assert (planned["deliveries"], [key["target"] for key in planned["awaiting_approval"]]) == ([], ["evanston"])
    assert world.run_queue() == []
    plan = wheel.approve(CAMPAIGN, PERIOD, "cli", "")
    assert plan.queued == (EVANSTON,)
    world.run_queue()
    assert sent(world) == ["evanston"]


def test_an_approval_is_for_one_period(world: World, wheel: DeliveryControls) -> None:
    needs_approval(world)
    world.confirmed()
    wheel.approve(CAMPAIGN, PERIOD, "cli", "")
    world.run_queue()
    world.confirmed(email="bo@signers.example")
    world.clock.turn(days=7)
    world.week()
    assert sent(world) == ["evanston"]


def test_a_message_without_an_approval_begins_nothing(world: World) -> None:
    needs_approval(world)
    world.confirmed()
    world.wiring.queue.put([EVANSTON])
    world.run_queue()
    assert sent(world) == []
    assert world.wiring.deliveries.delivery(EVANSTON) is None


def test_one_chief_is_held_and_the_others_get_theirs(world: World, wheel: DeliveryControls) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    wheel.hold(CAMPAIGN, "evanston", "cli", "the chief retires this week")
    world.week()
    assert sent(world) == ["wilmette"]
    held = world.wiring.deliveries.delivery(EVANSTON)
    assert held
    assert (held.state, held.reason) == ("held", "held by the organizer: the chief retires this week")
    wheel.release(CAMPAIGN, "evanston", "cli", "")
    world.week()
    assert sent(world) == ["wilmette", "evanston"]


@pytest.mark.parametrize(
    ("language", "headline", "reason"),
    [
        ("en", "<strong>On hold</strong>", "The reason: “the chief retires &lt;soon&gt;”"),
        ("es", "<strong>Retenida</strong>", "El motivo: “the chief retires &lt;soon&gt;”"),
    ],
)
def test_a_signer_reads_that_the_organizer_holds_the_letter_and_why(
    world: World, wheel: DeliveryControls, language: str, headline: str, reason: str
) -> None:
    page = world.confirmed().link("confirm") + f"?lang={language}"
    assert headline not in world.get(page).body
    wheel.hold(CAMPAIGN, "evanston", "cli", "the chief retires <soon>")
    world.clock.turn(minutes=2)
    assert headline in world.get(page).body
    assert reason in world.get(page).body
    wheel.release(CAMPAIGN, "evanston", "cli", "")
    world.clock.turn(minutes=2)
    assert headline not in world.get(page).body


def test_so_does_one_whose_letter_is_sealed_already(world: World, wheel: DeliveryControls) -> None:
    page = world.confirmed().link("confirm")
    world.refusal = "AccessDeniedException"
    world.week()
    world.refusal = ""
    wheel.hold(CAMPAIGN, "evanston", "cli", "wait for the new chief")
    world.clock.turn(days=7)
    world.week()
    assert "wait for the new chief" in world.get(page).body


def test_pushing_the_campaign_again_changes_nothing_of_what_was_decided(world: World, wheel: DeliveryControls) -> None:
    campaigns = world.wiring.campaigns
    wheel.pause(CAMPAIGN, "cli", "")
    wheel.hold(CAMPAIGN, "evanston", "cli", "wait")
    campaign, target = campaigns.campaign(CAMPAIGN), campaigns.target(CAMPAIGN, "evanston")
    assert campaign
    assert target
    campaigns.put_target(CAMPAIGN, replace(target, hold=None))
    campaigns.put_campaign(campaign)
    assert campaigns.controls(CAMPAIGN).paused
    assert campaigns.target(CAMPAIGN, "evanston") == target


def test_a_mail_that_came_back_goes_again_once_its_address_is_mended(world: World, wheel: DeliveryControls) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    wheel.retry(EVANSTON, "cli", "the mailbox was full and is not any more")
    world.run_queue()
    assert sent(world) == ["evanston", "evanston"]
    assert [mail.tags["attempt"] for mail in world.deliveries] == ["1", "2"]
    world.feedback("delivery", world.deliveries[1])
    delivered = world.wiring.deliveries.delivery(EVANSTON)
    assert delivered
    assert delivered.state == "delivered"


@pytest.mark.parametrize("event", ["send", "delivery"])
def test_a_mail_that_has_left_is_not_sent_again(world: World, wheel: DeliveryControls, event: str) -> None:
    world.confirmed()
    world.week()
    world.feedback(event, world.deliveries[0])
    with pytest.raises(NotNowError, match="Only one that failed, bounced or is held can be sent again"):
        wheel.retry(EVANSTON, "cli", "")
    assert world.run_queue() == []


def test_what_is_not_there_can_be_neither_held_nor_retried(world: World, wheel: DeliveryControls) -> None:
    for act in (
        lambda: wheel.hold(CAMPAIGN, "atlantis", "cli", "why"),
        lambda: wheel.retry(DeliveryKey(CAMPAIGN, "evanston", "2020-01-01"), "cli", ""),
        lambda: wheel.pause("nothing", "cli", ""),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert list(world.wiring.campaigns.audit(CAMPAIGN)) == []


def test_a_hold_needs_its_reason(wheel: DeliveryControls) -> None:
    with pytest.raises(NotNowError, match="Give a reason"):
        wheel.hold(CAMPAIGN, "evanston", "cli", " ")


def test_who_did_what_when_and_why_is_kept(world: World, wheel: DeliveryControls) -> None:
    wheel.pause(CAMPAIGN, "key 0123456789ab", "a mistake in the letter")
    world.clock.turn(minutes=1)
    wheel.resume(CAMPAIGN, "key 0123456789ab", "mended")
    resumed, paused = world.wiring.campaigns.audit(CAMPAIGN)
    assert (paused.action, paused.by, paused.why) == ("pause", "key 0123456789ab", "a mistake in the letter")
    assert (resumed.action, resumed.at) == ("resume", world.clock.now)
