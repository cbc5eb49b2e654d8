"""Test the dashboard: sessions, what each role can see and do, and that people's text stays text."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.refusals import Refusing
from tests.support.acting import Decisions
from tests.support.logos import png
from tests.support.organizers import Browser, someone
from tests.support.pages import text_of
from tests.support.sending import open_another_delivery, send_now, sent_yesterday
from tests.support.world import CAMPAIGN, DASHBOARD, PERIOD
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import SHARDS
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.letters import list_letters
from undersigned.organizing.rows.exports import Exports
from undersigned.organizing.rules.exports import Export, ExportFilter
from undersigned.organizing.rules.screening import SignatureFilter
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.unconfirmed import unconfirmed
from undersigned.workshop.logos import read_logo

if TYPE_CHECKING:
    from tests.support.world import World
    from undersigned.people.rules.people import Role

SAME_ORIGIN = {"sec-fetch-site": "same-origin"}
HOSTILE = """<img src=x onerror=alert(1)><b>"'&{{ 7*7 }}</b>"""
EXPORT = "0123456789abcdef"
COOKIE = "__Host-session"
WHY = {"why": "asked for"}


# Signing in


def test_without_a_session_there_is_only_the_sign_in_form(world: World) -> None:
    assert "Your email address" in text_of(world.get("/organizer"))
    answer = world.get(f"{DASHBOARD}/signatures")
    assert (answer.status, answer.headers["location"]) == (303, "/organizer")


@pytest.mark.asvs("7.3.2")
def test_a_session_ends_after_twelve_hours(world: World, manager: Browser) -> None:
    world.clock.advance(hours=12)
    assert manager.see("/deliveries").status == 200
    world.clock.advance(seconds=1)
    assert manager.see("/deliveries").status == 303


@pytest.mark.asvs("7.2.1")
@pytest.mark.parametrize("forge", [lambda value: value[:-3] + "AAA", lambda _: "", lambda value: value + "x"])
def test_a_forged_session_is_refused(world: World, manager: Browser, forge: Any) -> None:
    manager.jar[COOKIE] = forge(manager.jar[COOKIE])
    assert manager.see("/deliveries").status == 303


def test_a_token_of_another_kind_is_not_a_session(world: World, manager: Browser) -> None:
    manager.jar[COOKIE] = world.stack.links.sign("typed", "0" * 32, DASHBOARD, "eA==")
    assert manager.see("/deliveries").status == 303


@pytest.mark.asvs("7.4.1")
def test_signing_out_removes_the_cookie(manager: Browser) -> None:
    answer = manager.press("/organizer/sign-out")
    assert answer.status == 303
    assert answer.cookies[0].startswith(f"{COOKIE}=; Path=/; Max-Age=0")


@pytest.mark.parametrize("path", ["/organizer", DASHBOARD, f"{DASHBOARD}/deliveries/{PERIOD}/evanston"])
def test_a_link_from_another_site_reloads_the_page_so_that_the_cookie_is_sent(world: World, path: str) -> None:
    answer = world.get(path, headers={"sec-fetch-site": "cross-site"})
    assert f'<meta http-equiv="refresh" content="0;url={path}">' in answer.body
    assert "Sign in" not in answer.body
    assert answer.cookies == ()


def test_a_hostile_link_is_reloaded_as_it_is(world: World) -> None:
    path = f"{DASHBOARD}/targets/';url=evil<b>"
    answer = world.get(path, headers={"sec-fetch-site": "cross-site"})
    assert f'content="0;url={DASHBOARD}/targets/%27%3Burl%3Devil%3Cb%3E"' in answer.body


def test_a_browser_that_sends_only_the_origin_is_accepted(world: World, manager: Browser) -> None:
    assert manager.press("/pause", headers={"origin": "https://letters.example"}).status == 303


@pytest.fixture
def sent(world: World) -> World:
    """Return a campaign with a sent letter (Ada's), one that waits for Wilmette, and a finished export."""
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    export = Export(CAMPAIGN, EXPORT, "done", ExportFilter(), "key", world.clock.now)
    Exports(world.stack.table).put_export(export)
    world.stack.bucket.write(export.file, iter([b""]))
    return world


@pytest.mark.parametrize(
    "path", ["/targets/~", "/deliveries/2026-13-01/evanston", "/signatures/x", "/exports/x", "/targets/none"]
)
def test_an_unknown_id_is_not_found(manager: Browser, path: str) -> None:
    page = manager.see(path)
    assert page.status == 404
    assert "Check the web address." in page.body


@pytest.mark.parametrize("path", ["?sort=none", "?cursor=none", "/signatures?status=none", "/deliveries?cursor=none"])
def test_a_wrong_query_is_refused(manager: Browser, path: str) -> None:
    assert manager.see(path).status == 400


# What pages show


def test_the_overview_says_that_there_are_no_problems(manager: Browser) -> None:
    assert "No problems" in manager.words()


def test_the_overview_of_a_new_campaign_says_what_comes_next(world: World) -> None:
    owner, viewer = someone(world, "owner"), someone(world, "viewer")
    page = owner.see()
    words = owner.words()
    assert "What comes next Sign the letter yourself to see what people see. Pass the link on : in emails" in words
    assert "Once people have signed, their letters go out on Nov 30, 2026, 9:00 AM at the earliest." in words.replace(
        "\u202f", " "
    )
    for path in (f"/campaigns/{CAMPAIGN}", f"{DASHBOARD}/workshop/publish", f"{DASHBOARD}/people"):
        assert f'{path}">' in page.body.partition('id="next"')[2].partition("</section>")[0]
    assert "What comes next" not in viewer.words()
    world.confirmed()
    world.run_stream()
    world.clock.advance(seconds=2)
    assert "What comes next" not in owner.words()


def test_a_recipients_address_is_changed_on_the_recipients_page(world: World, manager: Browser) -> None:
    page = manager.see("/targets/evanston")
    assert "Change the email address" in page.words
    assert "leave it as it is if it works again" not in page.words
    after = manager.press("/targets/evanston/address", {"email": "new@evanston.example"})
    assert "new@evanston.example" in manager.words(after.headers["location"])
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email == "new@evanston.example"


def test_the_overview_counts_waiting_and_sent_letters(sent: World, manager: Browser) -> None:
    words = manager.words()
    assert "Confirmed letters 2 of a goal of 500" in words
    assert "Letters waiting 1 Letters sent 1" in words
    assert "2 signatures from Nov 11, 2026 to Nov 24, 2026. Most in one day: 2, on Nov 24, 2026." in words
    assert "Wilmette Police Department Police Chief Casey Sample 1 0 none yet OK" in words
    assert "Evanston Police Department Police Chief Avery Sample 0 1 Nov 24, 2026 Sent OK" in words


def rows(page: str) -> list[str]:
    return re.findall(rf'data-value="[^"]*"><a href="{DASHBOARD}/targets/([a-z0-9-]+)"', page)


def test_links_sort_the_targets(sent: World, manager: Browser) -> None:
    assert rows(manager.see().body)[:2] == ["deerfield", "evanston"]
    assert rows(manager.see("?sort=waiting&order=descending").body)[0] == "wilmette"
    assert rows(manager.see("?sort=sent&order=descending").body)[0] == "evanston"
    assert 'aria-sort="descending"' in manager.see("?sort=last&order=descending").body


def test_a_bounced_email_is_shown_first_and_can_be_sent_again(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[-1])
    overview = manager.words()
    assert "Needs attention Police Chief Avery Sample, Evanston: the email of November 24, 2026 bounced" in overview
    assert "with 1 letter bounced. Nothing is lost. Correct the address, then send the email again." in overview
    words = manager.words(f"/deliveries/{PERIOD}/evanston")
    assert "It bounced" in words
    assert "Send again" in words
    seen = manager.revision(f"/deliveries/{PERIOD}/evanston")
    assert manager.press(f"/deliveries/{PERIOD}/evanston/retry", seen).status == 303
    world.run_queue()
    assert len(world.deliveries) == 2


def test_an_email_marked_as_spam_holds_the_letters_until_they_are_released(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[-1])
    held = "Needs attention Police Chief Avery Sample, Evanston: someone there marked the email as spam No letters are"
    assert held in manager.words()
    assert "Nothing is sent to this recipient for now. Call the office" in manager.words("/targets/evanston")
    assert "Save the address" not in manager.words("/targets/evanston")
    assert manager.press("/targets/evanston/release").status == 303
    assert "Needs attention No problems" in manager.words()


_ROLES: tuple[Role, ...] = ("editor", "viewer")


def without_an_outcome(world: World, *organizers: Browser) -> None:
    """Send a week's letters without an outcome, and sign the organizers in three days later."""
    world.confirmed()
    world.week()
    world.clock.advance(days=3)
    for organizer, role in zip(organizers, _ROLES, strict=False):
        organizer.enter(role)


def test_an_email_without_an_outcome_needs_a_decision(world: World, manager: Browser, reader: Browser) -> None:
    without_an_outcome(world, manager, reader)
    question = "Evanston: nobody has said whether the email of November 24, 2026 arrived The mail server has"
    assert question in manager.words()
    page = manager.words(f"/deliveries/{PERIOD}/evanston")
    assert "Ask the office whether it has the email, then decide." in page
    assert "The office has the email" in page
    assert "The office has the email" not in reader.words(f"/deliveries/{PERIOD}/evanston")
    seen = manager.revision(f"/deliveries/{PERIOD}/evanston")
    settled = manager.press(f"/deliveries/{PERIOD}/evanston/settle-as-sent", {**seen, "why": "they called"})
    assert settled.status == 303
    assert "Needs attention No problems" in manager.words()
    assert "Decided that an email was sent" in manager.words("/audit")


def test_a_page_does_not_say_that_an_email_without_an_answer_is_being_sent(world: World, manager: Browser) -> None:
    """Until its message comes again, the delivery is `sending`."""
    world.confirmed()
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    world.week()
    world.watch = None
    pages = (f"/deliveries/{PERIOD}/evanston", "/deliveries", "/targets/evanston", "")
    assert ["Being sent" in manager.words(page) for page in pages] == [True] * 4
    world.clock.advance(minutes=61)
    assert [("Being sent" in manager.words(page), "In doubt" in manager.words(page)) for page in pages] == [
        (False, True)
    ] * 4


def test_an_email_that_did_not_arrive_is_sent_again(world: World, manager: Browser) -> None:
    without_an_outcome(world, manager)
    seen = manager.revision(f"/deliveries/{PERIOD}/evanston")
    assert manager.press(f"/deliveries/{PERIOD}/evanston/settle-as-not-sent", seen).status == 303
    world.run_queue()
    assert len(world.deliveries) == 2


def test_the_page_of_a_bounced_email_whose_week_was_taken_names_the_command(world: World, manager: Browser) -> None:
    path = f"/deliveries/{PERIOD}/evanston"
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    seen = manager.revision(path)
    assert ">Send again</button>" in manager.see(path).body
    open_another_delivery(world)
    refused = manager.press(f"{path}/retry", {**seen, "again": "yes", "why": "the office asked for it"})
    assert (refused.status, "a recipient gets at most one email in seven days.<" in refused.body) == (409, True)
    assert ">Send again</button>" not in manager.see(path).body
    said = f"for a reason, with this command: undersigned retry {CAMPAIGN} evanston {PERIOD} --again --why"
    assert f"the person who runs the system can send another email, {said}" in manager.words(path)


def test_an_email_that_did_not_arrive_is_sent_again_although_another_one_went(world: World, manager: Browser) -> None:
    """It kept its week, so the button is never refused for that."""
    path = f"/deliveries/{PERIOD}/evanston"
    without_an_outcome(world, manager)
    open_another_delivery(world)
    page = manager.words(path)
    assert ("It did not arrive: send it again" in page, "--again" in page) == (True, False)
    assert manager.press(f"{path}/settle-as-not-sent", manager.revision(path)).status == 303
    world.run_queue()
    assert [mail.tags["period"] for mail in world.deliveries].count(PERIOD) == 2


@pytest.mark.parametrize("action", ["retry", "settle-as-not-sent", "close-unsent"])
def test_a_page_that_is_out_of_date_decides_nothing(world: World, manager: Browser, action: str) -> None:
    """Two people looked at it after its first email bounced; one of them sent it again, and that one bounced, too."""
    path = f"/deliveries/{PERIOD}/evanston"
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    seen = manager.revision(path)
    manager.press(f"{path}/retry", seen)
    world.run_queue()
    world.feedback("bounce", world.deliveries[1])
    refused = manager.press(f"{path}/{action}", {**seen, "why": "they called"})
    assert (refused.status, "The delivery has just changed. Look at it again." in refused.body) == (409, True)
    assert "It bounced" in manager.words(path)
    world.run_queue()
    assert len(world.deliveries) == 2


def test_a_page_that_was_loaded_before_the_bounce_sends_nothing_to_that_address(world: World, manager: Browser) -> None:
    path = f"/deliveries/{PERIOD}/evanston"
    without_an_outcome(world, manager)
    seen = manager.revision(path)
    world.feedback("bounce", world.deliveries[0])
    assert manager.press(f"{path}/settle-as-not-sent", seen).status == 409
    world.run_queue()
    assert len(world.deliveries) == 1


def test_the_page_of_a_bounced_delivery_has_the_address_to_correct(
    world: World, manager: Browser, reader: Browser
) -> None:
    path = f"/deliveries/{PERIOD}/evanston"
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    [typed] = re.findall(r'<input name="email"[^>]* value="([^"]*)"', manager.see(path).body)
    assert typed == Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email
    reader.enter("viewer")
    assert "Save the address" not in reader.words(path)
    values = {"email": "new.chief@evanston.example", "back": path}
    saved = manager.press("/targets/evanston/address", values)
    assert saved.headers["location"] == f"{DASHBOARD}{path}?done=address-saved"
    page = manager.words(path)
    assert "The address is now new.chief@evanston.example. Send the email again." in page
    assert "Corrected a recipient’s address" in manager.words("/audit")
    assert manager.press(f"{path}/retry", manager.revision(path)).status == 303
    world.run_queue()
    assert world.deliveries[-1].to == "new.chief@evanston.example"


def test_a_bounced_delivery_goes_by_hand_without_an_address(world: World, manager: Browser) -> None:
    path = f"/deliveries/{PERIOD}/evanston"
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    page = manager.words(path)
    assert ("The office has the email" in page, "Send letters by hand or post" in page) == (False, True)
    manager.press("/targets/evanston/address", {"email": ""})
    assert "Press “Send again”. Then print the letters" in manager.words(path)
    answer = manager.press(f"{path}/retry", manager.revision(path))
    assert "These letters go by hand or post." in manager.words(answer.headers["location"])


def test_a_bounced_delivery_is_closed_unsent(world: World, manager: Browser) -> None:
    path = f"/deliveries/{PERIOD}/evanston"
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    answer = manager.press(f"{path}/close-unsent", {**manager.revision(path), "why": "nobody is there"})
    said = manager.words(answer.headers["location"])
    assert ("Recorded: these letters won’t be sent." in said, "nobody is there" in said) == (True, True)
    assert "Closed a delivery unsent" in manager.words("/audit")
    assert ("Evanston: email bounces" in manager.words(), "the email of" in manager.words()) == (True, False)
    assert "Save the address" in manager.words("/targets/evanston")


def test_a_bounced_delivery_says_that_it_waits_after_its_address_was_corrected(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[-1])
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    Campaigns(world.stack.table).put_target(CAMPAIGN, replace(target, email="new@evanston.example"))
    assert "The address is now new@evanston.example. Send the email again." in manager.words()
    page = manager.words(f"/deliveries/{PERIOD}/evanston")
    assert "The address is now new@evanston.example. Send the email again." in page


def test_waiting_letters_are_listed_and_sent_now(world: World, manager: Browser) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    manager.press("/targets/wilmette/hold", {"why": "a new chief"})
    page = manager.words()
    assert "What goes if you press the button Recipient Letters Status Police Chief Avery Sample, Evanston" in page
    assert "chief@evanston-police.example 1 Ready to send" in page
    assert "1 On hold: a new chief" in page
    assert send_now(world, why="the council meets").headers["location"] == f"{DASHBOARD}?done=delivered"
    world.run_queue()
    assert [mail.tags["target"] for mail in world.deliveries] == ["evanston"]
    assert "Send waiting letters now" not in manager.words()
    assert send_now(world, seen_at=world.clock.now.isoformat()).headers["location"] == f"{DASHBOARD}?done=not-delivered"
    assert "Sent waiting letters Nov 24, 2026 editor@enddemand.example" in manager.words("/audit")


def test_a_recipients_page_names_the_command_for_a_second_email(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example")
    world.clock.advance(days=1)
    manager.enter("editor")
    page = manager.words("/targets/evanston")
    assert "Not before December 1, 2026, because of the delivery of November 24, 2026" in page
    assert f"undersigned deliver {CAMPAIGN} --target evanston --again --why" in page
    seen_at = world.clock.now.isoformat()
    answer = send_now(world, seen_at=seen_at, target="evanston", again="yes", why="the office asked for it")
    assert answer.headers["location"].endswith("?done=not-delivered")
    assert world.run_queue() == []


def test_what_the_command_sent_within_seven_days_is_in_the_activity_log(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example")
    world.clock.advance(days=1)
    Decisions(world.stack).deliver(
        CAMPAIGN, "2026-11-25", "cli", "the office asked for it", seen_at=world.clock.now, again=True
    )
    world.run_queue()
    assert [mail.tags["period"] for mail in world.deliveries] == ["2026-11-24", "2026-11-25"]
    manager.enter("editor")
    assert "Sent letters within seven days of the last email" in manager.words("/audit")


def test_no_button_sends_a_second_email(world: World, manager: Browser) -> None:
    sent_yesterday(world)
    manager.enter("editor")
    assert "Send waiting letters now" not in manager.words()
    assert "letter waits for “Send now”" not in manager.words()
    assert f"undersigned deliver {CAMPAIGN} --target evanston --again" in manager.words("/targets/evanston")


def test_a_bounced_delivery_is_not_listed_with_zero_letters(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    assert "bounced. Nothing is lost. Correct the address, then send the email again" in manager.words()
    world.confirmed(email="bo@signers.example")
    assert (
        "bounced. Nothing is lost. 1 letter is waiting. Correct the address, then send the email again"
        in manager.words()
    )


def test_a_pause_is_shown_until_the_campaign_resumes(world: World, manager: Browser) -> None:
    manager.press("/pause", {"why": HOSTILE})
    assert "Campaign paused" in manager.words()
    manager.press("/resume")
    assert "Campaign paused" not in manager.words()
    assert html.escape(HOSTILE, quote=False).replace('"', "&#34;").replace("'", "&#39;") in manager.see("/audit").body


def test_a_hold_needs_a_reason_and_shows_it(world: World, manager: Browser) -> None:
    assert manager.press("/targets/evanston/hold", {"why": " "}).status == 409
    manager.press("/targets/evanston/hold", {"why": "a new chief"})
    assert "On hold: a new chief" in manager.words("/targets/evanston")
    manager.press("/targets/evanston/release")
    assert "Status OK" in manager.words("/targets/evanston")


def test_a_reason_that_is_too_long_is_refused(manager: Browser) -> None:
    assert manager.press("/pause", {"why": "x" * 501}).status == 400


def test_the_next_delivery_is_shown_and_nothing_is_sent(sent: World, manager: Browser) -> None:
    words = manager.words("/targets/wilmette/next")
    assert "To chief@wilmette-police.example" in words
    assert "File 1 of 1 (PDF)" in words
    pdf = manager.see("/targets/wilmette/next/packets/1")
    assert pdf.content.startswith(b"%PDF")
    assert b"chief@wilmette-police.example" in manager.see("/targets/wilmette/next/mail").content
    assert len(sent.deliveries) == 1


def test_a_test_email_is_sent_only_to_the_person(sent: World, manager: Browser) -> None:
    manager.press("/targets/wilmette/test")
    sent.run_queue()
    assert sent.sent[-1].to == "editor@enddemand.example"
    assert Deliveries(sent.stack.table).delivery(DeliveryKey(CAMPAIGN, "wilmette", PERIOD)) is None


@pytest.mark.moto
def test_a_link_to_a_packet_works_for_five_minutes(sent: World, manager: Browser) -> None:
    link = manager.see(f"/deliveries/{PERIOD}/evanston/packets/1").headers["location"]
    assert "X-Amz-Expires=300" in link


def test_letters_are_found_by_email_address_which_is_never_in_a_url(sent: World, manager: Browser) -> None:
    found = manager.press("/signatures", {"find": "ADA@signers.example"})
    assert found.headers["location"] == f"{DASHBOARD}/signatures/{sent.signer(f'{"ada"}@signers.example')}"
    assert "ada@signers.example" in manager.words(f"/signatures/{sent.signer(f'{"ada"}@signers.example')}")
    missed = manager.press("/signatures", {"find": "nobody@signers.example"})
    assert missed.headers["location"] == f"{DASHBOARD}/signatures?done=none-found"
    assert "Nobody has signed with this email address." in manager.words("/signatures?done=none-found")


def test_letters_are_listed_in_pages_newest_first(world: World, manager: Browser) -> None:
    for number in range(27):
        world.clock.advance(seconds=1)
        world.sign(name=f"Signer {number:02}", email=f"s{number}@signers.example")
    first = manager.see("/signatures?status=pending").body
    assert re.findall(r"Signer \d\d", first) == [f"Signer {number:02}" for number in range(26, 1, -1)]
    following = re.search(r'href="(\?[^"]*cursor=[^"]+)"', first)
    assert following
    rest = manager.see(f"/signatures{html.unescape(following[1])}").body
    assert re.findall(r"Signer \d\d", rest) == ["Signer 01", "Signer 00"]
    assert "No letters found." in manager.words("/signatures?status=confirmed&target=evanston")


def test_erasing_a_letter_needs_a_reason_and_leaves_nothing_of_it(sent: World, manager: Browser) -> None:
    path = f"/signatures/{sent.signer(f'{"bo"}@signers.example')}"
    assert manager.press(f"{path}/erase").status == 409
    assert manager.press(f"{path}/erase", WHY).headers["location"] == f"{DASHBOARD}{path}?done=erased"
    page = manager.see(f"{path}?done=erased")
    assert "is erased" in page.body
    assert "bo@signers.example" not in page.body
    sent.run_stream()
    # The front page has just read the count.
    sent.clock.advance(minutes=2)
    assert "Confirmed letters 1 of" in manager.words()
    assert "Erased a letter" in manager.words("/audit")


def test_a_letter_is_released_from_quarantine(world: World, manager: Browser) -> None:
    world.sign(topic="cheap pills")
    path = f"/signatures/{world.signer(f'{"ada"}@signers.example')}"
    assert "A field that people don’t see was filled in." in manager.words(path)
    assert manager.press(f"{path}/release").status == 303
    assert "In quarantine" not in manager.words(path)
    world.run_stream()
    assert world.sent[-1].to == "ada@signers.example"


def test_a_confirmed_letter_still_shows_its_suspicion(world: World, manager: Browser) -> None:
    world.confirmed()
    world.confirmed(email="eve@signers.example", name="Eve Specimen", topic="cheap pills")
    words = manager.words(f"/signatures/{world.signer(f'{"eve"}@signers.example')}")
    assert "Confirmed A field that people don’t see was filled in. That is why the form looked like a bot’s." in words
    assert "A person wrote this" not in words
    listed = manager.words("/signatures?suspicion=any")
    assert "Eve Specimen" in listed
    assert "Ada Specimen" not in listed
    assert "No letters found." in manager.words("/signatures?suspicion=no+mailbox")
    assert manager.see("/signatures?suspicion=bad").status == 400


def test_letters_are_put_on_hold_released_and_erased(world: World, manager: Browser) -> None:
    world.confirmed()
    world.confirmed(email="eve@signers.example", name="Eve Specimen", topic="cheap pills")
    assert "1 letter: A field that people don’t see was filled in." in manager.words("/screening")
    chosen = {"suspicion": "trap", "domain": "Signers.example", "signed_from": "2026-11-24T11:59"}
    looked = text_of(manager.press("/screening", chosen))
    assert "Waiting for the next delivery: 1" in looked
    assert "Include letters that are on hold" not in looked
    assert manager.press("/screening", {**chosen, "action": "hold"}).status == 409, "a reason is needed"
    assert "Put 1 letter on hold" in looked
    held = text_of(manager.press("/screening", {**chosen, "action": "hold", "why": "a program"}))
    assert "Letters changed: 1." in held
    assert "Include 1 letter" in held
    assert "Yes, erase 1 letter" in held
    assert "On hold: 1" in held
    path = f"/signatures/{world.signer(f'{"eve"}@signers.example')}"
    assert "Confirmed, on hold The letter counts, and is in no delivery until you include it." in manager.words(path)
    assert manager.press(f"{path}/release").headers["location"] == f"{DASHBOARD}{path}?done=ended-hold"
    assert Signatures(world.stack.table).how_many_wait_each(CAMPAIGN, "evanston", "evanston")["evanston"] == 2
    assert "Letters changed: 1." in text_of(
        manager.press("/screening", {**chosen, "action": "erase", "why": "a program"})
    )
    log = manager.words("/audit")
    assert "Erased a letter 1: suspicion trap, one email domain" in log
    assert "Included a letter again Open the letter" in log
    assert f'<a href="{DASHBOARD}{path}">Open the letter</a>' in manager.see("/audit").body
    assert world.signer("eve@signers.example") not in log
    assert "Put a letter on hold 1: suspicion trap, one email domain" in log
    assert "several" not in log
    assert "No letters found." in text_of(manager.press("/screening", chosen))


@pytest.mark.parametrize(
    "values",
    [
        {"domain": "<b>"},
        {"domain": "a@b@c"},
        {"network": "0123456789AB"},
        {"suspicion": "bad"},
        {"signed_from": "yesterday"},
        {"signed_before": "9999-12-31T23:59"},
        {"suspicion": "any", "action": "delete"},
        {"suspicion": "any", "cursor": "x"},
        {"suspicion": "any", "on_hold": "true"},
        {"suspicion": "any", "on_hold": "no"},
    ],
)
def test_a_bad_choice_of_letters_is_refused(manager: Browser, values: dict[str, str]) -> None:
    assert manager.press("/screening", values).status == 400


MISTYPED = {
    "domain": ("p1@mass.example", "The domain must be the part of an email address after the @, such as example.org."),
    "network": ("zzz", "The network must be one of those that we show: 12 digits and letters."),
    "signed_from": ("yesterday", "Signed from: write a day and a time, such as 2026-11-30T09:00."),
    "signed_before": ("tomorrow", "Signed before: write a day and a time, such as 2026-11-30T09:00."),
}


@pytest.mark.parametrize("field", MISTYPED)
def test_what_was_typed_to_choose_letters_stays_beside_a_mistake(manager: Browser, field: str) -> None:
    text, said = MISTYPED[field]
    typed = {
        "suspicion": "any",
        "domain": "mass.example",
        "network": "0123456789ab",
        "signed_from": "2026-11-24T11:59",
        "signed_before": "2026-11-25T11:59",
        "on_hold": "yes",
        field: text,
    }
    page = manager.press("/screening", typed)
    assert said in text_of(page, 400)
    assert "`" not in text_of(page, 400)
    for name in ("domain", "network", "signed_from", "signed_before"):
        [tag] = re.findall(rf'<input id="{name}"[^>]*>', page.body)
        assert f'value="{typed[name]}"' in tag
        assert ('aria-invalid="true"' in tag) is (name == field)
    assert '<option value="any" selected>' in page.body
    assert re.search(r'name="on_hold" value="yes" checked', page.body)
    fixed = manager.press("/screening", {**typed, field: ""})
    assert fixed.status == 200


def test_a_mistyped_choice_is_no_markup(manager: Browser) -> None:
    page = manager.press("/screening", {"domain": '"><b>', "network": "<i>"})
    assert "<b>" not in page.body
    assert "<i>" not in page.body
    assert "&lt;b&gt;" in page.body


def test_choosing_nothing_shows_the_newest_letters_without_buttons_for_all(world: World, manager: Browser) -> None:
    world.confirmed()
    empty = dict.fromkeys(("suspicion", "domain", "network", "signed_from", "signed_before"), "")
    for page in (manager.press("/screening", empty), manager.see("/screening")):
        assert "Waiting for the next delivery: 1" in text_of(page)
        assert 'name="action"' not in page.body


def test_only_letters_on_hold_are_chosen_by_the_box(world: World, manager: Browser) -> None:
    world.confirmed()
    chosen = {"domain": "signers.example", "on_hold": "yes", "network": "", "signed_from": "", "suspicion": ""}
    assert "No letters found." in text_of(manager.press("/screening", chosen))
    manager.press("/screening", {"domain": "signers.example", "action": "hold", "why": "a program"})
    looked = manager.press("/screening", chosen)
    assert "On hold: 1" in text_of(looked)
    form = next(form for form in re.findall(r"<form.*?</form>", looked.body, re.DOTALL) if 'value="erase"' in form)
    posted = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
    assert posted["on_hold"] == "yes"
    assert "Letters changed: 1." in text_of(manager.press("/screening", {**posted, "why": "a program"}))


def test_all_letters_at_once_are_not_a_choice(world: World, manager: Browser) -> None:
    world.confirmed()
    refused = manager.press("/screening", {"target": "evanston", "action": "erase", "why": "no reason"})
    assert refused.status == 409
    assert "Say which letters" in refused.body
    assert Signatures(world.stack.table).how_many_wait_each(CAMPAIGN, "evanston", "evanston")["evanston"] == 1


def test_an_export_of_a_status_that_does_not_exist_is_of_nobody(world: World, manager: Browser) -> None:
    for wrong in ({"status": "bogus"}, {"news": "bogus"}, {"news": "agreed", "new": "bogus"}):
        assert manager.press("/exports", wrong).status == 400
    assert manager.press("/exports", {"target": "atlantis"}).status == 404
    assert not list(Exports(world.stack.table).exports(CAMPAIGN))


@pytest.mark.moto
def test_an_export_is_requested_written_and_downloaded(sent: World, manager: Browser) -> None:
    assert manager.press("/exports", {"target": "evanston", "status": "confirmed"}).status == 303
    assert "Waiting to be created" in manager.words("/exports")
    assert "data-live" in manager.see("/exports").body
    [waiting] = [export for export in Exports(sent.stack.table).exports(CAMPAIGN) if export.state == "queued"]
    assert manager.see(f"/exports/{waiting.id}").status == 409
    sent.run_exports()
    page = manager.see("/exports").body
    assert "data-live" not in page
    [written, _] = re.findall(rf"{DASHBOARD}/exports/([0-9a-f]{{16}})", page)
    assert "X-Amz-Expires=900" in manager.see(f"/exports/{written}").headers["location"]


def test_the_page_of_files_says_which_supporters_a_file_has(world: World, manager: Browser) -> None:
    world.confirmed(updates="yes")
    manager.press("/exports", {"news": "agreed"})
    world.run_exports()
    world.clock.advance(hours=1)
    manager.press("/exports", {"news": "agreed", "new": "yes"})
    manager.press("/exports", {"news": "ended", "new": "yes"})
    shown = manager.words("/exports")
    assert shown.count("People who agreed to news new since") == 1
    assert "People who ended the news Waiting to be created" in shown
    assert "Personas que aceptaron recibir noticias" in manager.words("/exports?lang=es")


def test_a_letters_page_shows_the_letter_and_what_became_of_it(world: World, manager: Browser) -> None:
    world.confirmed(note="My own street.")
    path = f"/signatures/{world.signer(f'{"ada"}@signers.example')}"
    assert "My own street." in manager.see(path).body.partition('<div class="letter')[2]
    assert "Delivery of" not in manager.words(path)
    assert "What happened to it Signed Nov 24, 2026" in manager.words(path)
    world.week()
    world.feedback("delivery", world.deliveries[-1])
    assert "Delivery of Nov 24, 2026 : Delivered" in manager.words(path)
    manager.press(f"{path}/erase", WHY)
    assert "My own street." not in manager.see(path).body
    assert '<div class="letter' not in manager.see(path).body
    assert "Qué pasó con ella Firmada el 24 nov 2026" in manager.words(f"{path}?lang=es")


def test_a_deliverys_page_shows_the_email_that_left(world: World, manager: Browser) -> None:
    world.confirmed()
    world.confirmed(name="Bo Specimen", email="bo@signers.example")
    world.week()
    path = f"/deliveries/{PERIOD}/evanston"
    assert f'<iframe class="mail" src="{DASHBOARD}{path}/email" title="The email" sandbox' in manager.see(path).body
    _, left = world.deliveries[-1].copy
    assert manager.see(f"{path}/email").body == left
    manager.press(f"/signatures/{world.signer(f'{"bo"}@signers.example')}/erase", WHY)
    assert manager.see(f"{path}/email").body == left


def test_emails_in_the_dashboard_show_the_logo(world: World, manager: Browser) -> None:
    logo, campaigns = read_logo(png(32, 32)), Campaigns(world.stack.table)
    campaigns.put_campaign(replace(campaigns.campaign(CAMPAIGN), logo=logo))
    world.confirmed()
    for path in ("/targets/evanston/next/email", f"/deliveries/{PERIOD}/evanston/email"):
        page = manager.see(path).body
        assert f'<img src="data:image/png;base64,{logo.text}"' in page
        assert "cid:" not in page
        world.week()


def test_why_an_email_was_refused_is_said_once_and_figures_are_numbers(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[-1])
    assert manager.words(f"/deliveries/{PERIOD}/evanston").count("it was reported as unwanted") == 1
    target = manager.see("/targets/evanston").body
    [figures] = re.findall(r'<dl class="figures">(.*?)</dl>', target, re.DOTALL)
    assert re.findall(r"<dd>(.*?)</dd>", figures) == ["<strong>0</strong>", "<strong>1</strong>"]
    assert world.deliveries[-1].to in target


def test_a_delivery_without_a_packet_has_no_email(world: World, manager: Browser) -> None:
    world.confirmed()
    manager.press("/targets/evanston/hold", {"why": "a new chief"})
    world.week()
    path = f"/deliveries/{PERIOD}/evanston"
    assert world.deliveries == []
    assert "On hold" in manager.words(path)
    assert "<iframe" not in manager.see(path).body
    assert manager.see(f"{path}/email").status == 404


def test_pages_are_in_the_campaigns_language(world: World, manager: Browser) -> None:
    world.change_and_wait(language="es")
    page = manager.see().body
    assert '<html lang="es">' in page
    assert "Cartas confirmadas" in page


def test_the_sign_in_form_is_in_the_browsers_language(world: World) -> None:
    assert '<html lang="es">' in world.get("/organizer", headers={"accept-language": "es-MX"}).body


# How many reads pages take


def reads(world: World, organizer: Browser, path: str) -> int:
    organizer.see(path)
    before = len(world.calls)
    assert organizer.see(path).status == 200
    return len([call for call in world.calls[before:] if call.startswith("dynamodb:")])


def test_the_reads_of_a_page_do_not_depend_on_the_number_of_letters(world: World, manager: Browser) -> None:
    world.confirmed()
    world.week()
    paths = ["", "/targets/evanston", "/deliveries", f"/deliveries/{PERIOD}/evanston", "/exports", "/audit"]
    few = {path: reads(world, manager, path) for path in paths}
    for number in range(5):
        world.confirmed(email=f"s{number}@signers.example")
    assert {path: reads(world, manager, path) for path in paths} == few
    # The session's key, the page, eight shards of the trays of all targets, and the deliveries of each. The letters on
    # hold take eight shards, and the forms that wait as many. Postponed emails have two lanes, and the stop and the
    # brake of confirmation emails take one read. The targets take one, and what their offices say takes another. The
    # last two reads are of the draft, and of how many forms people said they didn't sign. Each of two kinds of counters
    # takes a query of each shard.
    targets = len(Campaigns(world.stack.table).targets(CAMPAIGN))
    assert few[""] == 34 + 2 * SHARDS + targets
    assert few["/targets/evanston"] <= 13
    assert few["/deliveries"] == 3 + targets
    assert max(few[path] for path in paths[3:]) <= 18


def test_the_overview_counts_a_bounded_number_of_forms_and_says_that_there_may_be_more(
    world: World, manager: Browser
) -> None:
    world.limit(rows_read=3)
    for number in range(5):
        world.sign(email=f"signer{number}@signers.example")
    assert "Signed, not confirmed yet 3 or more" in manager.words()
    found = unconfirmed(world.stack, CAMPAIGN)
    assert (found.forms, found.is_part) == (3, True)


def test_confirmed_forms_make_neither_the_overview_nor_a_listing_read_without_a_bound(world: World) -> None:
    world.limit(rows_read=3)
    world.sign(email="old@signers.example")
    for number in range(4):
        world.clock.advance(seconds=1)
        world.confirmed(email=f"signer{number}@signers.example")
    found = unconfirmed(world.stack, CAMPAIGN)
    assert (found.forms, found.is_part) == (0, True)
    pending = SignatureFilter(status="pending")
    first = list_letters(world.stack, CAMPAIGN, pending, None, 10)
    assert (first.items, first.ended_early) == ((), True)
    second = list_letters(world.stack, CAMPAIGN, pending, first.next_position, 10)
    assert [form.words.email for form in second.items] == ["old@signers.example"]


def test_an_error_about_a_campaign_is_in_the_campaigns_frame(manager: Browser) -> None:
    page = manager.see("/targets/nowhere")
    assert page.status == 404
    assert f'href="{DASHBOARD}/deliveries"' in page.body


def test_two_offices_of_a_town_are_told_apart_on_the_overview(world: World, manager: Browser) -> None:
    for number, school in enumerate(("Oak School", "Elm School")):
        target = Target(f"school-{number}", "Principal", "Jo Doe", school, "Cambridge", f"s{number}@b.example", ())
        Campaigns(world.stack.table).put_target(CAMPAIGN, target)
    page = manager.see().body
    assert re.findall(r">(Cambridge[^<]*)</a>", page) == ["Cambridge: Elm School", "Cambridge: Oak School"]
    assert ">Evanston Police Department</a>" in page


def test_the_overview_shows_fifty_targets_on_a_page(world: World, manager: Browser) -> None:
    for number in range(60):
        target = Target(f"zz-{number:02}", "Chief", f"Nr {number:02}", "Police", f"Town {number:02}", "a@b.example", ())
        Campaigns(world.stack.table).put_target(CAMPAIGN, target)
    page = manager.see().body
    assert len(rows(page)) == 50
    assert "Letters waiting</dt>" not in page
    following = re.search(r'href="(\?cursor=[^"#]+)', page)
    assert following
    assert len(rows(manager.see(html.unescape(following[1])).body)) == 20
    assert reads(world, manager, "") == 33 + 2 * SHARDS + 50


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"accept": "text/html", "accept-language": "es"}, "Revise la dirección web."),
        ({"accept": "text/html"}, "Check the web address."),
        ({"accept": "*/*"}, "/openapi.json lists every address."),
    ],
)
def test_an_address_that_is_no_page_is_answered_in_the_readers_language(
    world: World, headers: dict[str, str], shown: str
) -> None:
    answer = world.get(f"{DASHBOARD}/no-such-page", headers=headers)
    assert answer.status == 404
    assert shown in answer.body
    assert answer.body.startswith("<!doctype html>") is (headers["accept"] == "text/html")


# Buttons


def test_buttons_that_erase_delete_or_close_do_not_look_like_those_that_save(sent: World, manager: Browser) -> None:
    pages = ("", "/targets/evanston", f"/signatures/{sent.signer()}", "/workshop/publish", "/workshop/settings")
    looks = {
        words: style
        for path in pages
        for style, words in re.findall(r'<button(?: class="(\w+)")?[^>]*>([^<]*)</button>', manager.see(path).body)
    }
    finals = {words for words in looks if words.startswith("Yes, ")} - {"Yes, open the campaign again"}
    assert finals >= {"Yes, erase this letter", "Yes, close the campaign"}
    assert {words for words, style in looks.items() if style == "final"} == finals
