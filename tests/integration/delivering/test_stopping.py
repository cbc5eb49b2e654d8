"""Test that an office stops the emails to its mailbox, and how an organizer lifts a stop."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.faults.refusals import KilledError, Meanwhile, killed
from tests.support.acting import Decisions, decide
from tests.support.organizers import someone
from tests.support.world import CAMPAIGN, PERIOD, world
from undersigned.base.errors import NotNowError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.offices import OfficeRows, office_partition
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering.office import tell_of_stop
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import Answer, Sent, World
    from undersigned.campaigns.rules.stops import Stop

EVANSTON = DeliveryKey(CAMPAIGN, "evanston", PERIOD)
CHIEF = "chief@evanston-police.example"
NEW = "records@evanston-police.example"


@pytest.fixture(name="world")
def fast_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world(monkeypatch, fast=True) as made:
        yield made


def stop(world: World, reason: str = "", email: str = CHIEF) -> Answer:
    answer = world.post(f"{world.office_path(email)}/stop", {"reason": reason})
    assert answer.status == 200
    return answer


def stopped(world: World) -> Stop | None:
    return Campaigns(world.stack.table).target(CAMPAIGN, "evanston").stopped


def about_stops(world: World) -> list[Sent]:
    """Send what the queue asks for, and return all emails about stops."""
    world.run_people_mails()
    return world.mails("stopped")


def lift(world: World) -> None:
    decide(world, "lift stop", "evanston", why="They called.")


def state(world: World) -> tuple[str, str | None]:
    found = Deliveries(world.stack.table).delivery(EVANSTON)
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


def test_nothing_goes_to_a_mailbox_after_its_stop_until_it_is_lifted(world: World) -> None:
    a_week(world)
    stop(world, "Use our web form.")
    world.week()
    assert to_evanston(world) == [CHIEF]
    lift(world)
    world.clock.advance(days=7)
    world.week()
    assert to_evanston(world) == [CHIEF, CHIEF]


def test_no_email_leaves_after_a_stop_while_its_packet_is_typeset(world: World) -> None:
    world.confirmed()
    world.watch = Meanwhile(world, "s3:PutObject", lambda: stop(world))
    world.week()
    assert to_evanston(world) == []
    world.clock.advance(days=1)
    world.week()
    assert (to_evanston(world), state(world)) == ([], ("held", "the office stopped these emails"))


def test_what_a_stopped_mailbox_holds_goes_by_hand(world: World) -> None:
    world.confirmed()
    world.watch = Meanwhile(world, "s3:PutObject", lambda: stop(world))
    world.week()
    world.clock.advance(days=1)
    world.week()
    manager, path = someone(world, "editor"), f"/deliveries/{PERIOD}/evanston"
    assert f"{path}/retry" not in manager.see(path).body
    assert "Send letters by hand or post" in manager.words()
    assert manager.press("/targets/evanston/address", {"email": ""}).status == 303
    world.week()
    found = Deliveries(world.stack.table).delivery(EVANSTON)
    assert found
    assert (found.way, found.state, to_evanston(world)) == ("by hand", "sent", [])


def test_a_stop_says_when_ses_had_taken_the_email_even_before_that_is_written(world: World) -> None:
    world.confirmed()
    world.watch = Meanwhile(world, "sesv2:SendEmail", lambda: None, killed)
    with pytest.raises(KilledError):
        world.week()
    begun = world.clock.now
    world.clock.advance(seconds=1)
    stop(world)
    found = stopped(world)
    assert found
    assert (found.accepted_at, state(world)[0]) == (begun, "sending")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nO'),
        ("", b""),
    ],
)
def test_one_click_in_an_email_program_stops_the_emails(world: World, kind: str, body: bytes) -> None:
    """RFC 8058: a POST without cookies, whose body may be of both kinds of forms, and which is not redirected."""
    path, headers = f"{world.office_path(CHIEF)}/stop", {"content-type": kind}
    answers = [world.request("POST", path, raw=body, headers=headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert stopped(world)
    assert len(about_stops(world)) == 1


def test_a_get_changes_nothing_and_no_answer_is_kept(world: World) -> None:
    page = world.office_path(CHIEF)
    assert (world.get(f"{page}/stop").status, stopped(world)) == (303, None)
    answers = [world.get(page), stop(world), world.get(page)]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert not any(word in answer.body for answer in answers for word in ("Ada", CHIEF))


def test_a_second_stop_keeps_the_moment_and_the_last_reason(world: World) -> None:
    stop(world)
    first = stopped(world)
    assert first
    world.clock.advance(hours=1)
    for reason in ("Use our web form.", "Write to us.", ""):
        stop(world, reason)
    assert stopped(world) == replace(first, reason="Write to us.")


def test_a_reason_is_one_short_line_of_plain_text_wherever_it_is_shown(world: World) -> None:
    stop(world, f"<b>No\u202e\x07\r\n\r\nmore</b> {'x' * 600}")
    found = stopped(world)
    assert found
    assert (found.reason[:16], len(found.reason)) == ("<b>No more</b> x", 500)
    told = about_stops(world)[0]
    assert (told.to, "<b>" in told.html, "&lt;b&gt;No more" in told.html) == ("letters@enddemand.example", False, True)
    for path in ("", "/targets/evanston"):
        assert "&lt;b&gt;No more&lt;/b&gt; xx" in someone(world, "editor").see(path).body


def test_a_reason_with_a_web_address_is_on_the_page_only(world: World) -> None:
    world.confirmed()
    world.week()
    stop(world, "See http://evil.example/login")
    told = about_stops(world)[0]
    assert ["evil" in body for body in (told.text, told.html)] == [False, False]
    assert "leaves it out. The recipient’s page shows it." in " ".join(line for line in told.text.split() if line)
    assert "See http://evil.example/login" in someone(world, "editor").see("/targets/evanston").words


def test_a_stop_is_about_the_letters_to_one_recipient(world: World) -> None:
    campaigns = Campaigns(world.stack.table)
    campaigns.put_target(CAMPAIGN, replace(campaigns.target(CAMPAIGN, "skokie"), email=CHIEF))
    whom = campaigns.target(CAMPAIGN, "evanston").addressed("en")
    page = world.get(world.office_path(CHIEF))
    assert f"If you stop them, no more letters to {whom} come to this mailbox" in page.words
    assert f"We send no more letters to {whom} to this mailbox." in stop(world).words
    is_stopped = f"The emails to this mailbox with letters to {whom} are stopped. If you want them again, reply to one"
    assert is_stopped in world.get(world.office_path(CHIEF)).words
    assert f"Letters to {whom} no longer go to {CHIEF}" in " ".join(about_stops(world)[0].text.split())
    assert campaigns.target(CAMPAIGN, "skokie").stopped is None


@pytest.mark.parametrize("who", ["", "p1"])
def test_a_stopped_mailbox_gets_no_test_of_real_letters(world: World, who: str) -> None:
    stopping, controls = CHIEF.replace("@", "+me@"), Decisions(world.stack)
    world.confirmed()
    stop(world)
    controls.set_address(CAMPAIGN, "evanston", NEW, "cli", "")
    with pytest.raises(NotNowError, match="An office stopped the emails"):
        decide(world, "test", "evanston", who=who, to=stopping)


@pytest.mark.parametrize("way", ["release", "retry", "the address works", "in capitals", "with a tag"])
def test_an_organizer_undoes_no_stop_in_another_way(world: World, way: str) -> None:
    controls = Decisions(world.stack)
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[-1])
    stop(world)
    attempts: dict[str, Callable[[], object]] = {
        "release": lambda: decide(world, "release", "evanston"),
        "retry": lambda: controls.retry(EVANSTON, "cli", ""),
        "the address works": lambda: controls.set_address(CAMPAIGN, "evanston", CHIEF, "cli", ""),
    }
    if way == "in capitals":
        controls.set_address(CAMPAIGN, "evanston", CHIEF.upper(), "cli", "")
    elif way == "with a tag":
        controls.set_address(CAMPAIGN, "evanston", CHIEF.replace("@", "+news@"), "cli", "")
    else:
        with pytest.raises(NotNowError, match=r"Send emails to this office again.*by hand.*another address"):
            attempts[way]()
    world.clock.advance(days=7)
    world.confirmed(email="bo@signers.example")
    world.week()
    assert len(to_evanston(world)) == 1


def test_a_stopped_recipients_page_offers_the_way_by_hand_once(world: World) -> None:
    manager = someone(world, "editor")
    before = manager.see("/targets/evanston").body
    stop(world)
    after = manager.see("/targets/evanston").body
    assert [page.count(">Send letters by hand or post</button>") for page in (before, after)] == [1, 1]
    assert ["A delivery that has begun still goes by email" in page for page in (before, after)] == [True, False]


def test_another_mailbox_gets_the_letters_and_the_stopped_one_none_when_it_comes_back(world: World) -> None:
    controls = Decisions(world.stack)
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


@pytest.mark.parametrize("now", [NEW, ""])
@pytest.mark.parametrize("values", [{"reason": "No."}, {"List-Unsubscribe": "One-Click"}])
def test_a_link_of_a_former_mailbox_shows_and_stops_nothing(world: World, now: str, values: dict[str, str]) -> None:
    a_week(world)
    before = world.office_path(CHIEF)
    Decisions(world.stack).set_address(CAMPAIGN, "evanston", now, "cli", "")
    answer = world.post(f"{before}/stop", values)
    assert (answer.status, "no longer go to the address that got this link" in answer.words) == (200, True)
    assert f'action="{before}' not in answer.body
    assert list(world.stack.table.query(office_partition(CAMPAIGN), consistent=True)) == []
    assert about_stops(world) == []
    world.week()
    assert to_evanston(world) == [CHIEF, *([NEW] if now else [])]


def test_a_stop_whose_mailbox_changes_before_the_email_leaves_needs_none(world: World) -> None:
    stop(world)
    Decisions(world.stack).set_address(CAMPAIGN, "evanston", NEW, "cli", "")
    assert about_stops(world) == []


def test_a_reason_goes_when_the_campaign_s_time_is_over_and_the_stop_stays(world: World) -> None:
    world.change(closes=world.clock.now.date(), keep_for_days=0)
    stop(world, "Ask Ms. Doe at 555-0100.")
    world.clock.advance(days=2)
    world.reconcile()
    found = stopped(world)
    assert found
    assert found.reason == ""


def test_a_release_after_a_complaint_keeps_the_stop(world: World) -> None:
    a_week(world)
    world.feedback("complaint", world.deliveries[-1])
    stop(world)
    decide(world, "release", "evanston")
    world.week()
    assert (to_evanston(world), bool(stopped(world))) == ([CHIEF], True)


def test_a_stop_whose_emails_could_not_be_queued_has_them_after_the_next_try(world: World) -> None:
    world.watch = Meanwhile(world, "sqs:SendMessage", killed)
    with pytest.raises(KilledError):
        stop(world)
    assert (bool(stopped(world)), about_stops(world)) == (True, [])
    stop(world)
    assert len(about_stops(world)) == 1


def test_repeated_and_failed_messages_send_one_email_about_a_stop(world: World) -> None:
    for _ in range(2):
        stop(world)
    world.throttles = 1
    assert len(about_stops(world)) == 1
    stop(world)
    assert [mail.to for mail in about_stops(world)] == ["letters@enddemand.example"]


def test_each_stop_is_told_once_and_one_that_was_lifted_is_not(world: World) -> None:
    for _ in range(2):
        stop(world)
        about_stops(world)
        lift(world)
    stop(world)
    lift(world)
    assert len(about_stops(world)) == 2


def test_two_copies_of_a_message_at_once_send_one_email(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = OfficeRows._stop

    def meet_the_other(rows: OfficeRows, *of: str) -> Stop | None:
        found = read(rows, *of)
        monkeypatch.setattr(OfficeRows, "_stop", read)
        tell_of_stop(world.stack, CAMPAIGN, "evanston")
        return found

    stop(world)
    monkeypatch.setattr(OfficeRows, "_stop", meet_the_other)
    assert len(about_stops(world)) == 1


def test_a_stop_that_meets_the_deletion_of_its_campaign_leaves_no_row(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, read = world.stack.table, OfficeRows._stop

    def delete_meanwhile(rows: OfficeRows, *of: str) -> Stop | None:
        table.delete(Target.locate(campaign=CAMPAIGN, id="evanston"))
        return read(rows, *of)

    monkeypatch.setattr(OfficeRows, "_stop", delete_meanwhile)
    world.post(f"{world.office_path(CHIEF)}/stop")
    assert list(table.query(office_partition(CAMPAIGN), consistent=True)) == []


def test_an_email_about_a_stop_that_may_have_left_is_not_sent_again(world: World) -> None:

    def lose_answer() -> None:
        raise ReadTimeoutError(endpoint_url="https://ses")

    for _ in range(3):
        stop(world)
        world.watch = Meanwhile(world, "sesv2:SendEmail", lambda: None, lose_answer)
        about_stops(world)
        world.watch = None
        world.clock.advance(minutes=5)
    assert len(about_stops(world)) == 1


def test_an_organizer_lifts_a_stop_with_a_reason_on_the_recipients_page_only(world: World) -> None:
    a_week(world)
    manager, path = someone(world, "editor"), "/targets/evanston/lift-stop"
    why = {"why": "The clerk asked for them."}
    assert (manager.press(path, why).status, path in manager.see("/targets/evanston").body) == (409, False)
    stop(world, "Use our web form.")
    assert [path in manager.see(page).body for page in ("", "/targets", "/targets/evanston")] == [False, False, True]
    refused = manager.press(path)
    assert (refused.status, "Give a reason." in refused.words, bool(stopped(world))) == (409, True, True)
    assert manager.press(path, why).status == 303
    assert stopped(world) is None
    entry = next(Campaigns(world.stack.table).audit(CAMPAIGN))
    assert (entry.action, entry.about, entry.why) == ("lift stop", "evanston", "The clerk asked for them.")
    assert manager.press(path, why).status == 409
    world.week()
    assert to_evanston(world) == [CHIEF, CHIEF]
    # The office can stop them again.
    stop(world)
    assert stopped(world)


def test_a_stop_that_comes_while_an_earlier_one_is_lifted_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = OfficeRows._stop
    stop(world)

    def stop_meanwhile(rows: OfficeRows, *of: str) -> Stop | None:
        monkeypatch.setattr(OfficeRows, "_stop", read)
        lift(world)
        world.clock.advance(seconds=1)
        stop(world, "No, really.")
        return read(rows, *of)

    monkeypatch.setattr(OfficeRows, "_stop", stop_meanwhile)
    lift(world)
    found = stopped(world)
    assert found
    assert found.reason == "No, really."


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"seconds": 1}, "The emails were stopped 1 second after the last one left. That was probably not a person"),
        ({"seconds": 299}, "The emails were stopped 299 seconds after the last one left."),
        ({"minutes": 5}, "The emails were stopped within a day after the last one left."),
        ({"days": 1}, "The emails were stopped within 2 days after the last one left."),
    ],
)
def test_the_organizer_learns_how_long_after_the_last_email_a_mailbox_was_stopped(
    world: World, after: dict[str, float], said: str
) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(**after)
    stop(world)
    manager = someone(world, "editor")
    page = manager.see().words
    assert "Evanston: the office stopped these emails" in page
    assert said in page
    assert said in re.sub(r"\s+", " ", about_stops(world)[0].text)
    stop(world, "Use our form.")
    assert "That was probably not a person" not in manager.see().words
