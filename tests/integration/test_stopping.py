"""Test that an office stops the emails to its mailbox and resumes them, and that nobody else undoes a stop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.organizers import with_key
from tests.world import CAMPAIGN, PERIOD, world
from undersigned.aws.deliveries import Deliveries
from undersigned.domain.delivering.deliveries import DeliveryKey
from undersigned.domain.errors import NotNowError
from undersigned.domain.tokens import mailbox_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.world import World
    from undersigned.domain.delivering.stops import Stop

EVANSTON = DeliveryKey(CAMPAIGN, "evanston", PERIOD)
CHIEF = "chief@evanston-police.example"
NEW = "records@evanston-police.example"


@pytest.fixture(name="world")
def fast_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world(monkeypatch, fast=True) as made:
        yield made


def stop(world: World, reason: str = "", email: str = CHIEF) -> Stop:
    found = world.wiring.delivering.stopping.stop(CAMPAIGN, "evanston", mailbox_digest(email), reason)
    assert found
    return found


def resume(world: World, stopped: Stop) -> bool:
    stopping = world.wiring.delivering.stopping
    return stopping.resume(CAMPAIGN, "evanston", stopped.mailbox, stopped.at) is not None


def stopped(world: World) -> Stop | None:
    return world.wiring.campaigns.target(CAMPAIGN, "evanston").stopped


def state(world: World) -> tuple[str, str | None]:
    found = world.wiring.deliveries.delivery(EVANSTON)
    assert found
    return found.state, found.reason


def a_week(world: World) -> None:
    """Send Evanston an email, and let seven days pass while another letter comes."""
    world.confirmed()
    world.week()
    world.clock.advance(days=7)
    world.confirmed(email="bo@signers.example")


def to_evanston(world: World) -> list[str]:
    return [mail.to for mail in world.deliveries if mail.tags["target"] == "evanston"]


def test_nothing_goes_to_a_mailbox_after_its_stop_until_it_resumes(world: World) -> None:
    a_week(world)
    found = stop(world, "Use our web form.")
    world.week()
    assert (to_evanston(world), found.reason) == ([CHIEF], "Use our web form.")
    assert resume(world, found)
    world.clock.advance(days=7)
    world.week()
    assert to_evanston(world) == [CHIEF, CHIEF]


def test_no_email_leaves_after_a_stop_while_its_packet_is_typeset(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_packet = Deliveries.put_packet

    def stop_meanwhile(deliveries: Deliveries, *arguments: Any) -> None:
        put_packet(deliveries, *arguments)
        stop(world)

    world.confirmed()
    with monkeypatch.context() as patch:
        patch.setattr(Deliveries, "put_packet", stop_meanwhile)
        world.week()
    assert to_evanston(world) == []
    world.clock.advance(days=1)
    world.week()
    assert (to_evanston(world), state(world)) == ([], ("held", "the office stopped these emails"))


def test_a_stop_says_when_ses_had_taken_the_email_even_before_that_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    with monkeypatch.context() as patch:
        patch.setattr(Deliveries, "change", lambda *_: pytest.fail("SES's answer is lost"))
        with pytest.raises(pytest.fail.Exception):
            world.week()
    begun = world.clock.now
    world.clock.advance(seconds=1)
    assert (stop(world).accepted_at, state(world)[0]) == (begun, "sending")


def test_an_older_link_does_not_end_a_later_stop(world: World) -> None:
    a_week(world)
    first = stop(world)
    assert (resume(world, first), resume(world, first)) == (True, False)
    world.clock.advance(seconds=1)
    second = stop(world)
    assert (resume(world, first), stopped(world)) == (False, second)


def test_a_second_stop_keeps_the_moment_and_the_last_reason(world: World) -> None:
    a_week(world)
    first = stop(world)
    world.clock.advance(hours=1)
    for reason in ("Use our web form.", "Write to us.", ""):
        stop(world, reason)
    assert stopped(world) == replace(first, reason="Write to us.")


@pytest.mark.parametrize("way", ["release", "retry", "the address works", "in capitals", "settle"])
def test_an_organizer_can_not_undo_a_stop(world: World, way: str) -> None:
    controls = world.wiring.delivering.controls
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[-1])
    stop(world)
    attempts: dict[str, Callable[[], object]] = {
        "release": lambda: controls.release(CAMPAIGN, "evanston", "cli", ""),
        "retry": lambda: controls.retry(EVANSTON, "cli", ""),
        "the address works": lambda: controls.set_address(CAMPAIGN, "evanston", CHIEF, "cli", ""),
        "settle": lambda: controls.settle(EVANSTON, "cli", "", "not sent"),
    }
    if way == "in capitals":
        controls.set_address(CAMPAIGN, "evanston", CHIEF.upper(), "cli", "")
    else:
        with pytest.raises(NotNowError, match=r"by hand.*link that resumes once more.*another address"):
            attempts[way]()
    world.clock.advance(days=7)
    world.confirmed(email="bo@signers.example")
    world.week()
    assert len(to_evanston(world)) == 1


def test_another_mailbox_gets_the_letters_and_the_stopped_one_none_when_it_comes_back(world: World) -> None:
    controls = world.wiring.delivering.controls
    a_week(world)
    stop(world)
    for email in (NEW, CHIEF):
        controls.set_address(CAMPAIGN, "evanston", email, "cli", "")
        world.week()
        world.clock.advance(days=7)
        world.confirmed(email=f"{email[:2]}@signers.example")
        if email == NEW:
            stop(world, email=NEW)
    assert to_evanston(world) == [CHIEF, NEW]


def test_the_link_of_a_mailbox_that_the_recipient_no_longer_has_stops_that_mailbox_only(world: World) -> None:
    a_week(world)
    world.wiring.delivering.controls.set_address(CAMPAIGN, "evanston", NEW, "cli", "")
    stop(world)
    world.week()
    assert (to_evanston(world), stopped(world)) == ([CHIEF, NEW], None)


def test_a_release_after_a_complaint_keeps_the_stop(world: World) -> None:
    a_week(world)
    world.feedback("complaint", world.deliveries[-1])
    stop(world)
    world.wiring.delivering.controls.release(CAMPAIGN, "evanston", "cli", "")
    world.week()
    assert (to_evanston(world), bool(stopped(world))) == ([CHIEF], True)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (
            {"seconds": 1},
            "It was stopped 1 second after the last email left. That was probably no person",
        ),
        ({"seconds": 299}, "It was stopped 299 seconds after the last email left."),
        ({"minutes": 5}, "It was stopped within a day after the last email left."),
        ({"days": 1}, "It was stopped within 2 days after the last email left."),
    ],
)
def test_the_overview_says_how_long_after_the_last_email_a_mailbox_was_stopped(
    world: World, after: dict[str, float], said: str
) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(**after)
    stop(world, "<b>Use our web form.</b>")
    world.put_key("us_manage", "manage")
    page = with_key(world, "us_manage").see().body
    assert "Evanston: the office stopped these emails" in page
    assert "&lt;b&gt;Use our web form.&lt;/b&gt;" in page
    assert said in page
