"""Test the office's page, behind the link in its emails, and the public page behind the link on covers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.faults.refusals import Refusing
from tests.support.acting import Decisions
from tests.support.organizers import add, read, signed_in, someone
from tests.support.packets import KEY, PEOPLE, confirm, erase, links_of_office, organizer, repack
from tests.support.pages import text_of
from tests.support.world import CAMPAIGN, DASHBOARD, PERIOD
from undersigned.base.errors import NotNowError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import delivery_key
from undersigned.organizing.deleting import check_deletable
from undersigned.organizing.overviews import Overview
from undersigned.organizing.reporting import make_report

if TYPE_CHECKING:
    from tests.support.world import World

ADDRESS = f"/deliveries/{PERIOD}/evanston"


@pytest.fixture
def sent(world: World) -> World:
    """Make a stack that sent a delivery of five letters."""
    confirm(world, *PEOPLE)
    world.week()
    return world


def press(world: World) -> int:
    """Press *Received* at the office."""
    return world.post(f"{links_of_office(world)[0]}/received", {"period": PERIOD}).status


def test_both_pages_have_days_and_counts(sent: World) -> None:
    for path in links_of_office(sent):
        assert "November 24, 2026 5 letters. File 1: letters 1 to 5 " in sent.get(path).words
        assert "the campaign “End Demand Illinois”" in sent.get(path).words
    erase(sent, "Eve")
    repack(sent)
    for path in links_of_office(sent):
        assert "5 letters, of which 1 was erased since. File 1: letters 1 to 5 " in sent.get(path).words


def test_letters_that_go_by_hand_after_a_bounce_are_on_both_pages_once_they_are_handed_over(sent: World) -> None:
    sent.feedback("bounce", sent.deliveries[0])
    office, cover = links_of_office(sent)
    Decisions(sent.stack).set_address(CAMPAIGN, "evanston", "", "cli", "")
    Decisions(sent.stack).retry(KEY, "cli", "")
    sent.run_queue()
    for path in (office, cover):
        assert "Nothing yet." in sent.get(path).words
    Decisions(sent.stack).hand_over(KEY, sent.clock.now.date(), "", "cli")
    for path in (office, cover):
        assert "5 letters, on paper, by hand or post. File 1: letters 1 to 5 " in sent.get(path).words


def test_the_pages_name_no_signer_and_the_one_of_a_cover_nobody(sent: World) -> None:
    sent.change(language="es")
    target = Campaigns(sent.stack.table).target(CAMPAIGN, "evanston")
    office, cover = (sent.get(path) for path in links_of_office(sent))
    for page in (office, cover):
        assert '<html lang="es"' in page.body
        assert not [name for name in (*PEOPLE, "Specimen") if name in page.words]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        assert page.headers["referrer-policy"] == "no-referrer"
    assert target.name in office.words
    assert not [each for each in (target.name, target.email, "mailto:", "<form", "<script") if each in cover.body]
    assert "@" not in cover.words


def test_a_delivery_that_did_not_arrive_is_on_no_cover_but_its_office_may_have_it(sent: World) -> None:
    sent.feedback("bounce", sent.deliveries[0])
    office, cover = links_of_office(sent)
    assert "5 letters" not in sent.get(cover).words
    assert "Nothing yet." in sent.get(cover).words
    assert "5 letters" in sent.get(office).words
    assert press(sent) == 303
    found = read(sent, ADDRESS)
    assert (found["needs_attention"], found["received_at"]) == ("bounced", sent.clock.now.isoformat())
    browser = someone(sent, "editor")
    assert "But the office said that it has these letters, so press “Close unsent”." in browser.words()
    assert not [each for each in (f"{ADDRESS}/retry", 'name="email" value=""') if each in browser.see("").body]
    Decisions(sent.stack).set_address(CAMPAIGN, "evanston", "new@evanston.example", "cli", "")
    sent.clock.advance(days=1)
    sent.report()
    [told] = sent.mails("report")
    assert "(the office said that it has these letters)" in " ".join(told.text.split())
    assert "Open each delivery, and send it again." not in told.text, "its page has no button for that"
    assert organizer(sent, f"{ADDRESS}/retry", {}).status == 409
    Decisions(sent.stack).retry(KEY, "cli", "they lost it", again=True)


def test_a_refused_retry_names_the_command_that_sends_the_letters_again(sent: World) -> None:
    retry = partial(Decisions(sent.stack).retry, KEY, "cli")
    assert press(sent) == 303
    for again in (False, True):
        with pytest.raises(NotNowError, match="The delivery’s state is “sent”"):
            retry("they lost it", again=again)
    sent.feedback("bounce", sent.deliveries[0])
    with pytest.raises(NotNowError, match="give a reason: `undersigned retry` with `--again --why`"):
        retry("they lost it")
    assert retry("they lost it", again=True).state == "open"


def test_what_an_office_received_organizers_and_signers_read_and_twice_is_harmless(sent: World) -> None:
    assert press(sent) == 303
    first = sent.clock.now
    sent.clock.advance(days=1)
    sent.feedback("delivery", sent.deliveries[0])
    assert press(sent) == 303
    found = read(sent, ADDRESS)
    assert (found["state"], found["received_at"]) == ("delivered", first.isoformat())
    add(sent, "ann@example.org", "viewer")
    ann = signed_in(sent, "ann@example.org")
    page = ann.request("GET", f"{DASHBOARD}/deliveries/{PERIOD}/evanston")
    assert "The office said on Nov 24, 2026" in page.words
    for path in ("", "/deliveries", "/targets/evanston"):
        assert "Received by the office" in ann.request("GET", f"{DASHBOARD}{path}").words, path
    # It has the moment of its office's word, not of the email's arrival.
    assert "Received by the office Nov 24, 2026" in ann.request("GET", f"{DASHBOARD}/deliveries").words
    said = "Evanston Police Department said on November 24, 2026 that it has your letter."
    assert said in sent.get(sent.own_page()).words


@pytest.fixture(params=["in doubt", "no outcome"])
def asked(world: World, request: pytest.FixtureRequest) -> World:
    """Make a stack that sent a delivery of five letters, of which nobody has said for three days whether it arrived."""
    confirm(world, *PEOPLE)
    if request.param == "in doubt":
        world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    world.week()
    world.watch = None
    world.clock.advance(days=3, minutes=1)
    world.week()
    assert read(world, ADDRESS)["needs_attention"] == request.param
    return world


def test_an_email_that_its_office_has_is_no_question_any_more_and_its_row_stays(
    asked: World, caplog: pytest.LogCaptureFixture
) -> None:
    row = asked.stack.table.get(delivery_key(KEY), consistent=True)
    assert press(asked) == 303
    assert asked.stack.table.get(delivery_key(KEY), consistent=True) == row
    said = read(asked, ADDRESS)
    assert (said["state"], said["needs_attention"]) == ("sent", None)
    found = Overview(asked.stack, CAMPAIGN)
    state = found.target("evanston")
    assert (state.questions, found.plan(state), state.sent) == ((), [], 5)
    [line] = make_report(asked.stack, CAMPAIGN, asked.period, days=7).lines
    assert (line.section, line.letters) == ("sent", 5)
    asked.reconcile()
    assert not [record for record in caplog.records if record.getMessage() == "a delivery waits for a decision"]
    asked.change(closes=asked.clock.now.date(), keep_for_days=0)
    asked.clock.advance(days=31)
    for _ in range(2):
        asked.reconcile()
    check_deletable(asked.stack, CAMPAIGN)


def test_what_an_office_has_goes_again_only_if_a_person_insists(asked: World) -> None:
    revision = read(asked, ADDRESS)["revision"]
    assert press(asked) == 303
    asked.clock.advance(minutes=1)
    decision = {"revision": read(asked, ADDRESS)["revision"]}
    for values in (decision, {**decision, "revision": revision}):
        assert organizer(asked, f"{ADDRESS}/settle-as-not-sent", values).status == 409
    refused = organizer(asked, f"{ADDRESS}/settle-as-not-sent", decision)
    assert "The office said on November 27, 2026 that it has these letters" in text_of(refused, 409)
    settle = Decisions(asked.stack).settle
    with pytest.raises(NotNowError):
        settle(KEY, "cli", "", "not sent", revision=decision["revision"], again=True)
    settle(KEY, "cli", "they lost it", "not sent", revision=decision["revision"], again=True)
    assert read(asked, ADDRESS)["state"] == "open"
    asked.run_queue()
    assert len(asked.deliveries) == 2
    asked.clock.advance(days=3, minutes=1)
    said = read(asked, ADDRESS)
    assert (said["needs_attention"], said["received_at"]) == ("no outcome", None), "it spoke of the first email"
    assert press(asked) == 303
    assert read(asked, ADDRESS)["received_at"] == asked.clock.now.isoformat()


def test_what_an_office_has_does_not_go_by_hand_by_itself_while_its_stop_holds_a_second_email(asked: World) -> None:
    browser, path = someone(asked, "editor"), f"/deliveries/{PERIOD}/evanston"
    assert browser.press(f"{path}/settle-as-not-sent", browser.revision(path)).status == 303
    asked.post(f"{links_of_office(asked)[0]}/stop")
    asked.run_queue()
    assert press(asked) == 303
    found = read(asked, ADDRESS)
    assert (found["state"], found["received_at"]) == ("held", asked.clock.now.isoformat())
    assert "the person who runs the system can send them again" in browser.words(path)
    browser.press("/targets/evanston/address", {"email": ""})
    asked.week()
    found = read(asked, ADDRESS)
    assert (found["state"], found["way"], found["reason"]) == (
        "held",
        "email",
        "the recipient has no email address any more",
    )
    Decisions(asked.stack).retry(KEY, "cli", "they lost it", again=True)
    asked.run_queue()
    assert (read(asked, ADDRESS)["state"], read(asked, ADDRESS)["way"]) == ("sent", "by hand")


def test_letters_on_paper_are_on_both_pages_and_are_handed_over_not_received(world: World) -> None:
    campaigns = Campaigns(world.stack.table)
    target = campaigns.target(CAMPAIGN, "evanston")
    campaigns.put_target(CAMPAIGN, replace(target, email=""))
    confirm(world, "Ada")
    world.week()
    campaigns.put_target(CAMPAIGN, target)
    for path in links_of_office(world):
        assert "Nothing yet." in world.get(path).words
    assert "Received:" not in world.get(links_of_office(world)[0]).words
    assert press(world) == 303
    found = read(world, ADDRESS)
    assert (found["state"], found["received_at"]) == ("sent", None)
    Decisions(world.stack).hand_over(KEY, world.clock.now.date(), "", "cli")
    for path in links_of_office(world):
        assert "1 letter, on paper, by hand or post. File 1: letter 1 " in world.get(path).words
