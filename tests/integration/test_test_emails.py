"""A test email goes to whoever is signed in: to a person's own address, and with a key to the organizer's."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from tests.integration.test_dashboard import Organizer, manager
from tests.organizers import Browser, add
from tests.world import CAMPAIGN

if TYPE_CHECKING:
    from tests.world import Sent, World

__all__ = ["manager"]

EDITOR = "maria@enddemand.example"


def sent_as_tests(world: World) -> list[Sent]:
    world.run_queue()
    return [sent for sent in world.sent if sent.tags["kind"] == "test"]


def test_a_persons_test_goes_to_their_own_address_and_nowhere_else(world: World) -> None:
    world.confirmed()
    add(world, EDITOR, "editor")
    maria = Browser(world)
    maria.sign_in(EDITOR)
    answer = maria.press("/targets/evanston/test")
    assert answer.status == 303
    said = html.unescape(maria.see(answer.headers["location"]).body)
    assert "The test email is on its way to you, and to nobody else." in said
    [sent] = sent_as_tests(world)
    assert (sent.to, sent.mail["to"]) == (EDITOR, EDITOR)
    assert world.deliveries == []


def test_a_test_with_a_key_goes_to_the_organizer(world: World, manager: Organizer) -> None:
    world.confirmed()
    answer = manager.press("/targets/evanston/test")
    assert "on its way to the organizer’s address, and to nobody else." in manager.words(answer.headers["location"])
    [sent] = sent_as_tests(world)
    assert sent.to == world.wiring.campaigns.campaign(CAMPAIGN).organizer.email


def test_a_viewer_can_send_no_test(world: World) -> None:
    world.confirmed()
    add(world, "viewer@enddemand.example", "viewer")
    viewer = Browser(world)
    viewer.sign_in("viewer@enddemand.example")
    assert viewer.press("/targets/evanston/test").status == 403
    assert sent_as_tests(world) == []
