"""Letters by hand or post on every page and in every email that people read about them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.acting import Decisions, decide
from tests.support.deliveries import delivery_of
from tests.support.organizers import Browser
from tests.support.packets import erase, repack
from tests.support.pages import text_of
from tests.support.reports import section
from tests.support.world import ADA, CAMPAIGN, PERIOD
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering import delivering
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.rules.plans import Week
from undersigned.organizing.deliveries import delivery_record
from undersigned.organizing.letters import letter_signed_with

if TYPE_CHECKING:
    from tests.support.world import World

PAGE = f"/deliveries/{PERIOD}/evanston"
HOSTILE = "<script>alert(1)</script> “& left at the desk"


@pytest.fixture
def organizer(world: World) -> Browser:
    """Return an organizer of a campaign whose first recipient has no email address."""
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    address = "Police <b>Department</b>\n1454 Elmwood Avenue\nEvanston, IL 60201"
    Campaigns(world.stack.table).put_target(CAMPAIGN, replace(target, email="", postal_address=address))
    browser = Browser(world)
    browser.enter("editor")
    return browser


@pytest.fixture
def printed(world: World, organizer: Browser) -> Browser:
    """Return that organizer after a week with two letters by hand and one by email."""
    world.confirmed()
    world.confirmed(name="Bo Rossi", email="bo@signers.example")
    world.confirmed(name="Cy Moss", email="cy@signers.example", postal_code="60091", locality="Wilmette")
    world.week()
    assert [sent.tags["target"] for sent in world.deliveries] == ["wilmette"]
    return organizer


def own_page(world: World, email: str = str(ADA["email"])) -> str:
    """Return what a signer reads on the page of their letter."""
    return text_of(world.get(world.own_page(email)))


def send_by_hand(browser: Browser, page: str) -> None:
    """Remove the recipient's address, and send again what did not arrive."""
    assert browser.press(f"/targets/{page.rpartition('/')[2]}/address", {"email": ""}).status == 303
    answer = browser.press(f"{page}/retry", browser.revision(page))
    assert "These letters go by hand or post" in browser.words(answer.headers["location"])


def hand_over(browser: Browser, **more: str) -> str:
    """Press *Handed over*, and return what the page says then."""
    values = {"day": PERIOD, "note": HOSTILE, **browser.revision(PAGE), **more}
    answer = browser.press(f"{PAGE}/handed-over", values)
    assert answer.status == 303, answer.body
    return browser.words(answer.headers["location"])


def test_a_recipient_changes_to_letters_by_hand_and_back_with_what_waits(world: World, organizer: Browser) -> None:
    world.confirmed()
    page = organizer.see("/targets/evanston").body
    assert "By hand or post: you print them" in page
    assert "Police &lt;b&gt;Department&lt;/b&gt;\n1454" in page
    assert "/targets/evanston/test" not in page
    assert "Status By hand or post" in text_of(organizer.see("/targets/evanston"))

    answer = organizer.press("/targets/evanston/address", {"email": "new@evanston.example"})
    assert "Letters that wait and new letters go to this address." in organizer.words(answer.headers["location"])
    answer = organizer.press("/targets/evanston/address", {"email": ""})
    assert "Letters that wait go by hand or post" in organizer.words(answer.headers["location"])
    assert "by hand or post 1 Ready to print" in organizer.words()
    world.week()
    assert world.deliveries == []
    assert "Ready to print" in organizer.words(PAGE)


def test_one_point_of_the_overview_names_all_that_is_ready_to_print(world: World, printed: Browser) -> None:
    said = printed.words()
    assert said.count("Letters of November 24, 2026: ready to print") == 1
    assert "Evanston: 2 letters" in said
    assert "Letters to print 2 Letters sent 1" in said
    assert f'/deliveries/{PERIOD}/evanston"><bdi>' in printed.see().body
    assert "ready to print" in printed.words("/targets/evanston")


def test_letters_are_handed_over_with_a_note(world: World, printed: Browser) -> None:
    assert "being printed" in own_page(world).lower()
    assert f'href="/organizer/dashboard/{CAMPAIGN}{PAGE}/packets/1' in printed.see(PAGE).body

    # Python reads this as a day.
    wrong = printed.press(f"{PAGE}/handed-over", {"day": "20261124", "note": "", **printed.revision(PAGE)})
    assert "such as 2026-11-30" in text_of(wrong, 400)
    said = hand_over(printed)
    assert "Recorded: the letters were handed over." in said
    assert "The letters were handed over or mailed on November 24, 2026, as editor@enddemand.example" in said
    page = printed.see(PAGE).body
    assert f"<bdi>{html.escape(HOSTILE, quote=False)}</bdi>" in page.replace("&#34;", '"')
    assert "<script>alert" not in page
    assert "ready to print" not in printed.words()
    assert "Handed over Your letter was handed over or mailed on paper on November 24, 2026, as" in own_page(world)
    assert HOSTILE[-20:] not in own_page(world)


def test_the_report_names_what_is_ready_to_print(world: World, printed: Browser) -> None:
    world.clock.advance(days=1)
    world.report()
    mail = world.mails("report")[-1]
    assert mail.mail["subject"].startswith("Letters of November 24, 2026: 2 to print, 1 sent, 0 not sent")
    said = section(world, "Ready to print")
    assert "Press “Handed over” there when the offices have them. 2 letters Police Chief" in said


def test_a_letter_erased_after_the_packet_could_be_printed_names_its_sheet(world: World, printed: Browser) -> None:
    signer = letter_signed_with(world.stack, CAMPAIGN, "bo@signers.example")
    assert signer
    number = delivery_record(world.stack, DeliveryKey(CAMPAIGN, "evanston", PERIOD)).signers.index(signer.signer) + 1
    answer = printed.press(f"/signatures/{signer.signer}/erase", {"why": "asked"})
    said = printed.words(answer.headers["location"])
    assert f"This is letter {number} of those of Nov 24, 2026 to" in said
    assert f"take out the sheet with the reference number {PERIOD}-{number}," in said
    assert f"reference number {PERIOD}-{number}," in printed.words(PAGE)


def test_commands_name_what_is_ready_to_print_and_the_sheet_of_an_erased_letter(
    world: World, printed: Browser, run: Any
) -> None:
    assert printed
    said = " ".join(run("deliveries", CAMPAIGN).split())
    assert "evanston: 2 letters of 2026-11-24 to print on the dashboard." in said
    assert f"run `undersigned hand-over {CAMPAIGN} evanston 2026-11-24`" in said
    sealed = delivery_record(world.stack, DeliveryKey(CAMPAIGN, "evanston", PERIOD)).signers
    said = " ".join(run("erase", CAMPAIGN, sealed[1], "--why", "asked", "--yes").split())
    assert "It is letter 2 of the packet of 2026-11-24 to evanston." in said
    assert "take out the sheet with the reference number 2026-11-24-2" in said


def test_letters_erased_by_screening_are_counted_if_they_may_have_been_printed(world: World, printed: Browser) -> None:
    """Evanston has two on paper, and Wilmette one by email."""
    world.limit(letters_changed=1)
    erasing = {"domain": "signers.example", "action": "erase", "why": "asked"}
    said = text_of(printed.press("/screening", erasing))
    assert "Letters changed: 3. 2 of them may have been printed: the page of each delivery by hand names" in said
    assert f"reference numbers {PERIOD}-1, {PERIOD}-2," in printed.words(PAGE)
    world.confirmed(name="Di Waits", email="di@signers.example")
    said = text_of(printed.press("/screening", erasing))
    assert "Letters changed: 1." in said
    assert "printed" not in said


def test_a_command_counts_the_erased_letters_that_may_have_been_printed(
    world: World, printed: Browser, run: Any
) -> None:
    assert printed
    said = run("screen", CAMPAIGN, "--domain", "signers.example", "--action", "erase", "--why", "asked", "--yes")
    assert "3 letters erased.\n2 letters may have been printed: the page of each delivery by hand names" in said


def test_the_file_is_made_again_once_it_is_gone(world: World, printed: Browser) -> None:
    world.clock.advance(days=31)
    printed.enter("editor")
    assert "Make the file again" in printed.words(PAGE)
    answer = printed.press(f"{PAGE}/retry", printed.revision(PAGE))
    assert answer.status == 303
    world.run_queue()
    assert "Print the letters" in printed.words(PAGE)


def test_what_is_made_again_goes_on_after_a_hold_whatever_came_that_week(world: World, printed: Browser) -> None:
    controls, key = Decisions(world.stack), DeliveryKey(CAMPAIGN, "evanston", PERIOD)
    controls.retry(key, "cli", "")
    decide(world, "hold", "evanston", why="the chief retires")
    world.run_queue()
    assert "Evanston: letters on hold" in printed.words()
    decide(world, "release", "evanston")
    world.confirmed(name="Di Waits", email="di@signers.example")
    world.clock.advance(days=3)
    later = DeliveryKey(CAMPAIGN, "evanston", "2026-11-27")
    delivering.deliver(world.stack, later)
    world.clock.advance(days=4)
    world.week()
    printed.enter("editor")
    assert "Ready to print" in printed.words(PAGE)
    assert "Ready to print" in printed.words("/deliveries/2026-11-27/evanston")


def test_packets_whose_letters_are_all_erased_are_not_offered_to_print(world: World, organizer: Browser) -> None:
    world.limit(packet_size=1)
    for name in ("Ada", "Ben"):
        world.confirmed(name=name, email=f"{name}@signers.example")
        world.clock.advance(minutes=1)
    world.week()
    assert "File 1 of 2: Print the letters" in organizer.words(PAGE)
    erase(world, "Ada")
    repack(world)
    said = organizer.words(PAGE)
    assert "File 2 of 2: Print the letters" in said
    assert "File 1 of 2: Print" not in said
    assert "Letters to print 1" in organizer.words()
    Decisions(world.stack).retry(DeliveryKey(CAMPAIGN, "evanston", PERIOD), "cli", "")
    world.run_queue()
    assert "File 2 of 2: Print the letters" in organizer.words(PAGE)
    erase(world, "Ben")
    repack(world)
    said = organizer.words(PAGE)
    assert "Every letter was erased, so nothing is left to print." in said
    assert "Print the letters" not in said
    assert "ready to print" not in organizer.words()


def test_a_bounced_email_goes_by_hand(world: World, printed: Browser) -> None:
    page = f"/deliveries/{PERIOD}/wilmette"
    world.feedback("bounce", world.deliveries[0])
    send_by_hand(printed, page)
    world.run_queue()
    assert "Ready to print" in printed.words(page)
    assert len(world.deliveries) == 1


@pytest.mark.parametrize("event", ["bounce", "complaint"])
def test_each_point_about_a_mailbox_offers_the_way_by_hand(world: World, printed: Browser, event: str) -> None:
    world.feedback(event, world.deliveries[0])
    if event == "bounce":
        bounced = f"/deliveries/{PERIOD}/wilmette"
        printed.press(f"{bounced}/close-unsent", {"why": "nobody is there", **printed.revision(bounced)})
    world.confirmed(name="Di Moss", email="di@signers.example", postal_code="60091", locality="Wilmette")
    offer = '/targets/wilmette/address">.*?<button class="quiet" name="email" value="">Send letters by hand or post<'
    assert re.search(offer, printed.see("/targets/wilmette").body.partition('<dl class="figures">')[0], re.DOTALL)
    assert printed.press("/targets/wilmette/address", {"email": ""}).status == 303
    world.clock.advance(days=7)
    world.week()
    printed.enter("editor")
    assert "Ready to print" in printed.words("/deliveries/2026-12-01/wilmette")


def test_letters_that_a_mailbox_keeps_go_by_hand_once_the_address_is_removed(world: World, printed: Browser) -> None:
    made = next(Deliveries(world.stack.table).deliveries(CAMPAIGN, "wilmette"))
    kept = replace(made, state="held", reason="the office stopped these emails")
    Deliveries(world.stack.table).change(kept, made)
    printed.press("/targets/wilmette/address", {"email": ""})
    world.clock.advance(minutes=2)
    assert "Waiting Your letter goes to" in own_page(world, "cy@signers.example")
    world.week()
    assert "Letters of November 24, 2026: ready to print" in printed.words()


def test_letters_by_hand_are_answered_from_the_day_on_which_the_office_got_them(world: World, printed: Browser) -> None:
    def answered(day: str) -> int:
        known = Campaigns(world.stack.table).target(CAMPAIGN, "evanston").answer
        values = {"day": day, "text": "An older answer.", "revision": known.revision if known else ""}
        return printed.press("/targets/evanston/answer", values).status

    world.clock.advance(days=7)
    printed.enter("editor")
    assert answered("2026-11-27") == 409
    # An email answered it: the letters by hand of this week were not there yet.
    email = next(Deliveries(world.stack.table).deliveries(CAMPAIGN, "wilmette"))
    earlier = replace(email, target="evanston", period="2026-11-10")
    known = Campaigns(world.stack.table).target(CAMPAIGN, "evanston").free_from
    Deliveries(world.stack.table).open(earlier, Week(known, known))
    assert answered("2026-11-27") == 303
    hand_over(printed, day="2026-12-01")
    assert "An older answer." not in own_page(world)
    assert answered("2026-12-01") == 303
    world.restart("public_api")
    assert own_page(world).count("An older answer.") == 1


def test_letters_that_went_from_a_mailbox_to_paper_say_nothing_of_email(world: World, printed: Browser) -> None:
    page = f"/deliveries/{PERIOD}/wilmette"
    world.feedback("bounce", world.deliveries[0])
    assert "Ready to print" not in printed.words(page)
    send_by_hand(printed, page)
    assert "Ready to print" not in printed.words(page), "the email left on that day"
    printed.press("/targets/wilmette/hold", {"why": "a new chief"})
    world.run_queue()
    world.restart("public_api")
    assert "The reason: “a new chief”" in own_page(world, "cy@signers.example")
    printed.press("/targets/wilmette/release")
    world.restart("public_api")
    said = own_page(world, "cy@signers.example")
    assert "Waiting Your letter goes to" in said
    assert "bounced" not in said
    said = printed.words(page)
    assert "The file is made again, and the letters are then ready to print." in said
    assert "This sends the email" not in said
    assert "Ready to print" not in said
    assert "Make the file again" in said
    assert "Send again" not in said
    assert printed.press(f"{page}/retry", printed.revision(page)).status == 303
    world.run_queue()
    assert "Ready to print" in printed.words(page)


def test_letters_by_hand_that_were_closed_unsent_can_be_made_again(world: World, printed: Browser) -> None:
    printed.press(f"{PAGE}/close-unsent", {"why": "nobody is there", **printed.revision(PAGE)})
    said = printed.words(PAGE)
    assert "The file is made again, and the letters are then ready to print. Make the file again" in said
    assert "This sends the email" not in said
    assert "<dt>Sent</dt>" not in printed.see(PAGE).body


def test_letters_by_hand_whose_week_was_taken_name_no_command_for_a_second_email(
    world: World, printed: Browser
) -> None:
    """A hold came before the first letter was sealed, and the letters went with the delivery of the next day."""
    [made] = Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")
    key = DeliveryKey(CAMPAIGN, "evanston", "2026-11-23")
    known = Campaigns(world.stack.table).target(CAMPAIGN, "evanston").free_from
    held = delivery_of(key, "held", made.opened_at, way="by hand")
    Deliveries(world.stack.table).open(held, Week(known, known))
    said = printed.words("/deliveries/2026-11-23/evanston")
    assert "Make the file again" in said
    assert "second email" not in said


def test_a_campaign_that_is_over_still_has_letters_to_print(world: World, printed: Browser) -> None:
    world.change_and_wait(closes=date(2026, 11, 23))
    said = printed.words()
    assert "Signing closed on" in said
    assert "Some deliveries are not finished yet." in said
    hand_over(printed)
    assert "The campaign is over, and no confirmed letter is waiting." in printed.words()
