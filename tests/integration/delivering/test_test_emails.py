"""A test email goes to the person who is signed in, and the command line's to whom it names."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.acting import decide
from tests.support.organizers import Browser, add
from tests.support.world import CAMPAIGN
from undersigned.base.errors import NotNowError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.limits_of_tests import count_test
from undersigned.delivering.packing import preview_delivery
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.people.directory import id_of

if TYPE_CHECKING:
    from tests.support.world import Sent, World

EDITOR = "maria@enddemand.example"
TEST = "/targets/evanston/test"


def sent_as_tests(world: World) -> list[Sent]:
    world.run_queue()
    return world.mails("test")


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
    assert (sent.mail["List-Unsubscribe"], "/office/" in sent.text + sent.html) == (None, False)
    assert world.deliveries == []


def test_a_viewer_can_send_no_test(world: World) -> None:
    world.confirmed()
    add(world, "viewer@enddemand.example", "viewer")
    viewer = Browser(world)
    viewer.sign_in("viewer@enddemand.example")
    assert viewer.press("/targets/evanston/test").status == 403
    assert sent_as_tests(world) == []


def signed_in(world: World, email: str = EDITOR) -> Browser:
    add(world, email, "editor")
    browser = Browser(world)
    browser.sign_in(email)
    return browser


@pytest.mark.parametrize(
    ("language", "notice"),
    [
        ("en", "This is a test, and only you get this email. The recipient has not received what is in it"),
        ("es", "Esto es una prueba, y solo usted recibe este correo. El destinatario no ha recibido lo que contiene"),
    ],
)
def test_the_test_says_first_that_the_recipient_has_not_received_its_letters(
    world: World, language: str, notice: str
) -> None:
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    if language == "es":
        spanish = campaign.translations["es"]
        assert spanish.letter is not None
        campaign = replace(campaign, language="es", title=spanish.title, letter=spanish.letter, translations={})
        Campaigns(world.stack.table).put_campaign(campaign)
    world.confirmed()
    signed_in(world).press(TEST)
    [sent] = sent_as_tests(world)
    assert " ".join(sent.text.split()).startswith(notice)
    _, _, body = html.unescape(sent.html).partition("<body")
    assert body.split("<strong>")[1].startswith(notice)
    assert body.index(notice) < body.index("<p>") < body.index("<h1")


def test_the_delivery_itself_does_not_say_that_it_is_a_test(world: World) -> None:
    world.confirmed()
    signed_in(world).press(TEST)
    world.run_queue()
    key = DeliveryKey(CAMPAIGN, "evanston", world.period)
    preview = preview_delivery(world.stack, world.stack.settings.sender, key)
    assert preview
    assert preview.mail
    world.week()
    [sent] = world.deliveries
    for body in (preview.mail.text, preview.mail.html, sent.text, sent.html):
        assert "test" not in body.lower()


def test_tests_of_drafts_and_of_deliveries_have_one_limit_an_hour(world: World) -> None:
    world.confirmed()
    maria, otto = signed_in(world), signed_in(world, "otto@enddemand.example")
    for _ in range(17):
        count_test(world.stack, id_of(world.stack, EDITOR))
    assert [maria.press(path).status for path in (TEST, "/workshop/test-email", TEST)] == [303] * 3
    for path in (TEST, "/workshop/test-email"):
        refused = maria.press(path)
        assert refused.status == 409
        assert "You can send 20 test emails in an hour." in refused.body
    assert otto.press(TEST).status == 303
    assert len(sent_as_tests(world)) == 4
    assert [entry.action for entry in Campaigns(world.stack.table).audit(CAMPAIGN)].count("test") == 3
    world.clock.advance(hours=1)
    assert maria.press(TEST).status == 303


def test_a_recipient_gets_no_test_from_the_command_line(world: World) -> None:
    """A test is no way around one email in seven days."""
    campaigns = Campaigns(world.stack.table)
    world.confirmed()
    chief = campaigns.target(CAMPAIGN, "wilmette").email
    with pytest.raises(NotNowError, match="is a recipient of this campaign"):
        decide(world, "test", "evanston", to=chief.upper())
    assert sent_as_tests(world) == []


def test_the_operator_has_no_limit(world: World) -> None:
    world.confirmed()
    for to in [*[""] * 20, "ada@office.example"]:
        decide(world, "test", "evanston", to=to)
    assert len(sent_as_tests(world)) == 21
