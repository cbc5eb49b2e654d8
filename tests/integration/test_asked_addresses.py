"""An office asks for another address on its page. Nothing goes to it unless the organizer accepts it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.world import CAMPAIGN
from undersigned.domain.authoring.campaigns import AskedAddress
from undersigned.domain.errors import ChangedError, NotNowError

if TYPE_CHECKING:
    from tests.organizers import Browser
    from tests.world import Sent, World
    from undersigned.domain.authoring.campaigns import Target

ASKED, ORGANIZER = "desk@evanston.example", "letters@enddemand.example"


def target_of(world: World) -> Target:
    return world.wiring.campaigns.target(CAMPAIGN, "evanston")


def words_of(sent: Sent) -> str:
    return " ".join(sent.text.split())


def page_of(world: World) -> str:
    """Return the path of the office's page."""
    target = target_of(world)
    return f"/office/{world.wiring.tokens.for_office(CAMPAIGN, target.id, target.email)}"


def ask(world: World, email: str = ASKED) -> None:
    """Ask as the office, and let the emails to the organizer go."""
    page = page_of(world)
    answer = world.post(f"{page}/address", {"email": email})
    assert (answer.status, answer.headers["location"]) == (303, f"{page}#address")
    world.run_people_mails()


def test_the_organizer_is_asked_to_call_and_accepts(world: World, manager: Browser) -> None:
    before = target_of(world).email
    ask(world)
    for path in ("", "/targets/evanston"):
        words = manager.words(path)
        assert "the office asks for another address" in words
        assert (
            f"Letters go to {before}. Somebody with a link in one of our emails to the office asks for {ASKED}" in words
        )
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


def test_an_address_is_not_accepted_without_saying_how_the_office_confirmed_it(world: World, manager: Browser) -> None:
    before = target_of(world)
    ask(world)
    assert re.search(r'<textarea name="why"[^>]* required', manager.see("/targets/evanston").body)
    refused = manager.press("/targets/evanston/asked-address", {"asked": ASKED, "answer": "accept", "why": " "})
    assert (refused.status, "Say how you know that the office asked for it." in refused.words) == (409, True)
    assert target_of(world).email == before.email


def test_a_declined_address_is_forgotten_and_its_mailbox_gets_nothing(world: World, manager: Browser) -> None:
    before = target_of(world).email
    ask(world)
    manager.press("/targets/evanston/asked-address", {"asked": ASKED, "answer": "decline"})
    assert (target_of(world).email, target_of(world).asked) == (before, None)
    assert "Declined the address that an office asked for" in manager.words("/audit")


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_an_answer_is_about_the_address_that_the_person_saw(world: World, answer: str) -> None:
    controls = world.wiring.delivering.controls
    decide = controls.accept_address if answer == "accept" else controls.decline_address
    ask(world)
    ask(world, "other@evanston.example")
    before = target_of(world)
    with pytest.raises(NotNowError):
        decide(CAMPAIGN, "evanston", ASKED, "cli", "we telephoned")
    assert target_of(world) == before


def test_another_saved_address_ends_the_request(world: World) -> None:
    ask(world)
    world.wiring.office_rows.note_told(CAMPAIGN, "evanston", ASKED)
    world.wiring.delivering.controls.set_address(CAMPAIGN, "evanston", "new@evanston.example", "cli", "")
    assert target_of(world).asked is None
    ask(world)
    assert [sent.to for sent in world.mails("asked")] == [ORGANIZER] * 2


def test_the_organizer_gets_one_email_however_often_an_office_asks(world: World) -> None:
    page = page_of(world)
    for number in range(100):
        world.post(f"{page}/address", {"email": f"desk{number // 2}@evanston.example"})
    world.run_people_mails()
    ask(world)
    [told] = world.mails("asked")
    assert (told.to, told.mail["Subject"]) == (
        ORGANIZER,
        "Police Chief Avery Sample: the office asks for another address",
    )
    assert "asks for desk49@evanston.example. Emails get forwarded, so this may be anybody." in words_of(told)
    assert "/organizer/dashboard/end-demand-illinois/targets/evanston" in told.text
    assert "/office/" not in told.text
    assert target_of(world).asked == AskedAddress(ASKED, world.clock.now, told="desk49@evanston.example")


def test_the_page_says_when_a_request_replaced_the_one_in_the_email(world: World, manager: Browser) -> None:
    for minutes, email in enumerate((ASKED, "other@evanston.example", ASKED)):
        world.clock.advance(minutes=minutes)
        ask(world, email)
        for path in ("", "/targets/evanston"):
            said = f"Our email to you named {ASKED}. On Nov 24, 2026, 12:01 PM, this request replaced that one."
            assert (said in manager.words(path)) is (email != ASKED)
    assert len(world.mails("asked")) == 1


def test_an_email_that_surely_did_not_leave_goes_when_the_office_asks_again(world: World) -> None:
    world.refusal = "MessageRejected"
    ask(world)
    assert world.mails("asked") == []
    world.refusal = ""
    ask(world)
    assert len(world.mails("asked")) == 1


def test_a_decision_before_the_email_makes_it_unnecessary(world: World) -> None:
    world.post(f"{page_of(world)}/address", {"email": ASKED})
    world.wiring.delivering.controls.decline_address(CAMPAIGN, "evanston", ASKED, "cli", "")
    world.run_people_mails()
    assert world.mails("asked") == []
    ask(world)
    assert len(world.mails("asked")) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "The email address is missing"),
        ("desk", "“desk” is not a whole email address"),
        (f"{'x' * 70}@evanston.example", "is too long"),
        ("a@b.example\r\nBcc: c@d.example", "email can’t carry"),
        ('"><script>alert(1)</script>@evanston.example', "email can’t carry"),
        ("=?x?q?y?=@evanston.example", "email programs read as a code"),
        ("CHIEF@evanston-police.example", "Letters already go to this address."),
    ],
)
def test_what_is_no_other_address_is_said_at_the_field_and_kept_nowhere(world: World, typed: str, said: str) -> None:
    answer = world.post(f"{page_of(world)}/address", {"email": typed})
    assert (answer.status, said in answer.words, "<script>alert" in answer.body) == (422, True, False)
    assert "<title>Error: " in answer.body
    assert target_of(world).asked is None
    world.run_people_mails()
    assert world.mails("asked") == []


def test_only_a_link_of_the_mailbox_that_gets_the_letters_asks(world: World) -> None:
    before = page_of(world)
    world.wiring.delivering.controls.set_address(CAMPAIGN, "evanston", "new@evanston.example", "cli", "")
    for page, status in ((before, 409), (f"{before[:-1]}x", 404), (page_of(world), 303)):
        assert world.post(f"{page}/address", {"email": ASKED}).status == status
        assert (target_of(world).asked is not None) is (status == 303)
    assert "Ask for another address" not in world.get(before).words


def test_a_request_goes_when_the_campaigns_time_is_over(world: World) -> None:
    world.change(closes=world.clock.now.date(), keep_for_days=0)
    ask(world)
    world.reconcile()
    assert target_of(world).asked
    world.clock.advance(days=2)
    world.reconcile()
    assert target_of(world).asked is None


def test_a_request_that_meets_another_saved_address_is_refused(world: World) -> None:
    before = target_of(world)
    world.wiring.delivering.controls.set_address(CAMPAIGN, "evanston", "new@evanston.example", "cli", "")
    with pytest.raises(ChangedError):
        world.wiring.office_rows.ask_address(CAMPAIGN, before, AskedAddress(ASKED, world.clock.now))
    assert target_of(world).asked is None
