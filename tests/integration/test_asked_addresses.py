"""An office asks for another address on its page. Nothing goes to it unless the organizer accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.world import CAMPAIGN
from undersigned.domain.authoring.campaigns import AskedAddress
from undersigned.domain.errors import NotNowError

if TYPE_CHECKING:
    from tests.organizers import Browser
    from tests.world import World
    from undersigned.domain.authoring.campaigns import Target

ASKED = "desk@evanston.example"


def target_of(world: World) -> Target:
    return world.wiring.campaigns.target(CAMPAIGN, "evanston")


def ask(world: World, email: str = ASKED) -> None:
    world.wiring.campaigns.ask_address(CAMPAIGN, target_of(world), AskedAddress(email, world.clock.now))


def test_the_organizer_is_asked_to_call_and_accepts(world: World, manager: Browser) -> None:
    before = target_of(world).email
    ask(world)
    for path in ("", "/targets/evanston"):
        words = manager.words(path)
        assert "the office asks for another address" in words
        assert f"Letters go to {before}. Somebody with the link in an email there asks for {ASKED}." in words
        assert "Call the office at a number that you know from elsewhere" in words
    world.confirmed()
    world.week()
    assert [sent.to for sent in world.deliveries] == [before]
    answer = {"asked": ASKED, "answer": "accept", "why": "they said so on the telephone"}
    assert "New letters go to this address." in manager.words(
        manager.press("/targets/evanston/asked-address", answer).headers["location"]
    )
    assert (target_of(world).email, target_of(world).asked) == (ASKED, None)
    assert "Accepted the address that an office asked for" in manager.words("/audit")
    assert "asks for another address" not in manager.words()


def test_a_declined_address_is_forgotten_and_its_mailbox_gets_nothing(world: World, manager: Browser) -> None:
    before = target_of(world).email
    ask(world)
    manager.press("/targets/evanston/asked-address", {"asked": ASKED, "answer": "decline"})
    assert (target_of(world).email, target_of(world).asked) == (before, None)
    assert "Declined the address that an office asked for" in manager.words("/audit")


def test_commands_decide_too(invoke: Any, world: World) -> None:
    ask(world)
    declined = invoke("asked-address", CAMPAIGN, "evanston", ASKED, "--decline")
    assert "declined; letters go where they went before" in declined.output
    with pytest.raises(NotNowError):
        invoke("asked-address", CAMPAIGN, "evanston", ASKED, "--accept")
    ask(world)
    assert f"letters go to {ASKED}" in invoke("asked-address", CAMPAIGN, "evanston", ASKED, "--accept").output


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_an_answer_is_about_the_address_that_the_person_saw(world: World, answer: str) -> None:
    controls = world.wiring.delivering.controls
    decide = controls.accept_address if answer == "accept" else controls.decline_address
    ask(world)
    ask(world, "other@evanston.example")
    before = target_of(world)
    with pytest.raises(NotNowError):
        decide(CAMPAIGN, "evanston", ASKED, "cli", "")
    assert target_of(world) == before


def test_another_saved_address_ends_the_request(world: World) -> None:
    ask(world)
    world.wiring.campaigns.note_told(CAMPAIGN, "evanston", is_told=True)
    world.wiring.delivering.controls.set_address(CAMPAIGN, "evanston", "new@evanston.example", "cli", "")
    assert target_of(world).asked is None
    ask(world)
    assert target_of(world).asked == AskedAddress(ASKED, world.clock.now), "its email is still to be sent"
