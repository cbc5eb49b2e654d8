"""Test the way by hand or post: what is ready to print, handed over or closed unsent, and changes of the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.refusals import Refusing
from tests.search.invariants import words_of
from tests.support.acting import Decisions, decide
from tests.support.organizers import act
from tests.support.packets import confirm, erase, repack
from tests.support.world import CAMPAIGN, PERIOD
from undersigned.base.errors import GivenError, NotFoundError, NotNowError, PacketErasedError
from undersigned.base.mailbox import Mailbox
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.packing import email_again, preview_delivery
from undersigned.delivering.queue import delivery_queue
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey, HandedOver
from undersigned.delivering.storing import packet_link
from undersigned.organizing.deleting import NotYetError, check_deletable
from undersigned.signing.rows.mail_claims import MailClaims

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.organizers import Browser
    from tests.support.world import World
    from undersigned.base.emails import Mail
    from undersigned.delivering.rules.deliveries import Delivery

KEY = DeliveryKey(CAMPAIGN, "evanston", PERIOD)
DAY = date(2026, 11, 24)
ADDRESS = "chief@evanston-police.example"


@pytest.fixture
def controls(world: World) -> Decisions:
    return Decisions(world.stack)


def delivery(world: World, key: DeliveryKey = KEY) -> Delivery:
    found = Deliveries(world.stack.table).delivery(key)
    assert found is not None
    return found


def set_address(world: World, email: str) -> None:
    campaigns = Campaigns(world.stack.table)
    campaigns.put_target(CAMPAIGN, replace(campaigns.target(CAMPAIGN, "evanston"), email=email))


def ready(world: World) -> Delivery:
    """Make a letter ready to print."""
    set_address(world, "")
    world.confirmed()
    world.week()
    return delivery(world)


def send_by_hand(world: World, controls: Decisions) -> Delivery:
    """Remove the address of the recipient, and send again what did not arrive."""
    set_address(world, "")
    return controls.retry(KEY, "cli", "")


def before(monkeypatch: pytest.MonkeyPatch, method: str, act: Callable[[], object]) -> None:
    """Do something just before the next write of a kind."""
    original: Callable[..., Any] = getattr(Deliveries, method)

    def acting(deliveries: Deliveries, *arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(Deliveries, method, original)
        act()
        return original(deliveries, *arguments, **options)

    monkeypatch.setattr(Deliveries, method, acting)


def stored(world: World, key: DeliveryKey = KEY) -> int:
    return len(list(world.stack.bucket.names(f"packets/{key.campaign}/{key.period}/{key.target}/")))


@pytest.mark.moto
def test_letters_to_a_recipient_without_an_address_are_ready_to_print_once_then_handed_over(
    world: World, controls: Decisions
) -> None:
    made = ready(world)
    world.plan()
    world.run_queue()
    assert (made.state, made.way, made.attempt, made.letters, made.email) == ("sent", "by hand", 1, 1, None)
    assert (delivery(world), stored(world), world.deliveries) == (made, 1, [])
    world.clock.advance(days=8)
    assert (delivery(world).question(world.clock.now), delivery(world).occupies_week) == (None, True)
    controls.hand_over(KEY, DAY, "at the front desk", "ada@example.org", revision=made.revision)
    handed = HandedOver(DAY, "at the front desk", "ada@example.org", world.clock.now)
    assert (delivery(world).state, delivery(world).handed) == ("delivered", handed)
    [entry] = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (entry.action, entry.about, entry.why) == ("hand over", f"evanston {PERIOD}", "at the front desk")


def test_the_same_record_again_changes_nothing_and_another_one_is_refused(world: World, controls: Decisions) -> None:
    seen = ready(world).revision
    controls.hand_over(KEY, DAY, "at the desk", "ada@example.org", revision=seen)
    world.clock.advance(hours=1)
    controls.hand_over(KEY, DAY, "at the desk", "bo@example.org", revision=seen)
    with pytest.raises(NotNowError, match=r"ada@example\.org recorded .* handed over on November 24, 2026"):
        controls.hand_over(KEY, DAY, "by post", "bo@example.org", revision=seen)
    handed = delivery(world).handed
    assert handed
    assert (handed.by, handed.note, len(list(Campaigns(world.stack.table).audit(CAMPAIGN)))) == (
        "ada@example.org",
        "at the desk",
        1,
    )


@pytest.mark.parametrize(("day", "note"), [(date(2026, 11, 23), ""), (date(2026, 11, 25), ""), (DAY, "x" * 501)])
def test_a_day_or_a_note_that_cannot_be_is_refused(world: World, controls: Decisions, day: date, note: str) -> None:
    ready(world)
    with pytest.raises(GivenError):
        controls.hand_over(KEY, day, note, "cli")
    assert delivery(world).handed is None


def test_what_is_not_ready_to_print_is_not_handed_over(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.week()
    with pytest.raises(NotNowError, match="ready to print"):
        controls.hand_over(KEY, DAY, "", "cli")
    with pytest.raises(NotNowError, match="is ready to print"):
        controls.close_unsent(KEY, "cli", "nobody is there")


def test_a_record_that_somebody_makes_meanwhile_is_not_written_over(
    world: World, controls: Decisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(world)
    before(monkeypatch, "change", partial(controls.hand_over, KEY, DAY, "first", "cli"))
    with pytest.raises(NotNowError, match="has just changed"):
        controls.hand_over(KEY, DAY, "second", "cli")
    handed = delivery(world).handed
    assert handed
    assert handed.note == "first"


def test_letters_that_nobody_brings_are_closed_unsent_for_a_reason_that_signers_read(
    world: World, controls: Decisions, manager: Browser
) -> None:
    made = ready(world)
    manager.enter("editor")
    path = f"/deliveries/{PERIOD}/evanston"
    assert manager.press(f"{path}/close-unsent", {"why": "", "revision": made.revision}).status == 409
    answer = manager.press(f"{path}/close-unsent", {"why": "the office is closed", "revision": made.revision})
    assert "these letters won’t be sent" in manager.words(answer.headers["location"])
    assert (delivery(world).state, delivery(world).is_settled) == ("closed_unsent", True)
    said = "the organizer won’t send it again. The reason: “the office is closed”."
    assert said in world.get(world.own_page()).words
    with pytest.raises(NotNowError, match="ready to print"):
        controls.hand_over(KEY, DAY, "", "cli")


# The way changes


def test_letters_that_wait_follow_the_way_and_sealed_ones_keep_theirs(world: World) -> None:
    ready(world)
    world.confirmed(email="bo@signers.example")
    set_address(world, ADDRESS)
    world.clock.advance(days=7)
    world.week()
    assert [(mail.to, mail.tags["period"]) for mail in world.deliveries] == [(ADDRESS, "2026-12-01")]
    assert (delivery(world).way, delivery(world).state) == ("by hand", "sent")


@pytest.mark.parametrize("method", ["open", "seal", "put_packet", "begin_sending"])
def test_letters_whose_address_goes_before_their_email_go_by_hand(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    world.confirmed()
    before(monkeypatch, method, partial(set_address, world, ""))
    world.week()
    world.week()
    assert (delivery(world).is_ready_to_print, delivery(world).way, world.deliveries) == (True, "by hand", [])


def test_the_preview_of_letters_by_hand_speaks_of_a_packet_and_of_no_email(world: World, manager: Browser) -> None:
    world.confirmed()
    assert "This is the email as it would be sent today" in manager.words("/targets/evanston/next")
    set_address(world, "")
    page = manager.words("/targets/evanston/next")
    assert "Next letters These are the letters as you would print them today, Nov 24, 2026." in page
    assert "Next email" not in page


def test_an_address_that_is_corrected_while_a_delivery_is_open_gets_the_email(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    before(monkeypatch, "begin_sending", partial(set_address, world, "new@evanston.example"))
    world.week()
    world.week()
    assert [mail.to for mail in world.deliveries] == ["new@evanston.example"]


def test_an_address_that_goes_while_ses_has_the_email_changes_nothing_about_it(world: World) -> None:
    world.confirmed()
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    world.week()
    world.watch = None
    assert delivery(world).state == "sending"
    set_address(world, "")
    world.feedback("delivery", world.deliveries[0])
    assert (delivery(world).state, delivery(world).way) == ("delivered", "email")


@pytest.mark.parametrize("method", ["seal", "put_packet", "begin_sending"])
def test_an_address_that_comes_while_a_delivery_by_hand_is_open_gets_no_email(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    set_address(world, "")
    world.confirmed()
    before(monkeypatch, method, partial(set_address, world, ADDRESS))
    world.week()
    assert (delivery(world).is_ready_to_print, world.deliveries) == (True, [])


def test_what_was_on_hold_before_a_letter_was_sealed_follows_the_way_on_the_same_day(
    world: World, controls: Decisions
) -> None:
    world.confirmed()
    Campaigns(world.stack.table).set_mail_state(CAMPAIGN, "evanston", ADDRESS, "bounced")
    world.week()
    assert (delivery(world).state, delivery(world).letters) == ("held", 0)
    controls.set_address(CAMPAIGN, "evanston", "", "cli", "the office closed the mailbox")
    assert [entry.action for entry in Campaigns(world.stack.table).audit(CAMPAIGN)] == ["remove address"]
    world.week()
    assert (delivery(world).is_ready_to_print, delivery(world).way) == (True, "by hand")


# The email that says so


def several_ready(world: World, *targets: str) -> None:
    """Make a letter to each of these recipients ready to print."""
    campaigns = Campaigns(world.stack.table)
    for target, code in {"evanston": "60201", "wilmette": "60091"}.items():
        if target in targets:
            campaigns.put_target(CAMPAIGN, replace(campaigns.target(CAMPAIGN, target), email=""))
            world.confirmed(email=f"{target}@{world.day()}.example", postal_code=code)
    world.week()


@pytest.mark.moto
def test_the_organizer_is_told_once_a_period_that_letters_are_ready_to_print(world: World, controls: Decisions) -> None:
    several_ready(world, "evanston", "wilmette")
    controls.retry(KEY, "cli", "the printer tore them")
    for _ in range(2):
        world.plan()
        world.run_queue()
    [told] = world.mails("ready")
    assert (told.to, told.mail["reply-to"]) == ("letters@enddemand.example", "letters@enddemand.example")
    assert told.mail["subject"] == "Letters of November 24, 2026 are ready to print: End Demand Illinois"
    said = " ".join(told.text.split())
    assert "The letters to Police Chief Avery Sample, Evanston Police Department are ready to print." in said
    assert "ready within minutes, too" in said
    assert "print the letters, and hand them over or mail them. Then press “Handed over” there." in said
    assert said.endswith(f"Print the letters: https://letters.example/organizer/dashboard/{CAMPAIGN}")
    world.clock.advance(days=7)
    several_ready(world, "wilmette")
    assert [mail.tags["period"] for mail in world.mails("ready")] == [PERIOD, "2026-12-01"]


def test_letters_that_a_person_sends_by_hand_later_are_told_of_if_none_was_before(
    world: World, controls: Decisions
) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    assert world.mails("ready") == []
    send_by_hand(world, controls)
    world.run_queue()
    assert len(world.mails("ready")) == 1


@pytest.mark.parametrize(("failing", "emails"), [("claim", 1), ("record_sent", 2)])
def test_a_crash_around_the_email_loses_none_and_makes_no_packet_again(
    world: World, monkeypatch: pytest.MonkeyPatch, failing: str, emails: int
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise OSError

    set_address(world, "")
    world.confirmed()
    with monkeypatch.context() as patch:
        patch.setattr(MailClaims, failing, crash)
        [answer] = world.week()
    made = delivery(world)
    assert (made.is_ready_to_print, made.attempt, len(answer["batchItemFailures"])) == (True, 1, 1)
    for _ in range(2):
        world.clock.advance(hours=1)
        delivery_queue(world.stack).put_again(KEY, world.clock.now)
        world.run_queue()
    assert (delivery(world), len(world.mails("ready"))) == (made, emails)


def test_while_ses_takes_no_email_the_letters_are_ready_and_the_email_waits(world: World) -> None:
    set_address(world, "")
    world.confirmed()
    world.refusal = "AccountSuspendedException"
    world.week()
    made = delivery(world)
    assert (made.is_ready_to_print, world.mails("ready")) == (True, [])
    world.refusal = ""
    world.clock.advance(hours=2)
    world.run_queue()
    assert (delivery(world), len(world.mails("ready"))) == (made, 1)


def test_of_two_deliveries_at_once_only_the_first_one_tells(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Mailbox.send

    def slow(mailbox: Mailbox, mail: Mail) -> str:
        if mail.tags["kind"] == "ready":
            monkeypatch.setattr(Mailbox, "send", send)
            several_ready(world, "wilmette")
            assert delivery(world, DeliveryKey(CAMPAIGN, "wilmette", PERIOD)).is_ready_to_print
        return send(mailbox, mail)

    monkeypatch.setattr(Mailbox, "send", slow)
    several_ready(world, "evanston")
    [told] = world.mails("ready")
    assert "Evanston" in told.text


@pytest.mark.parametrize("event", ["delivery", "bounce", "complaint"])
def test_what_becomes_of_the_email_to_the_organizer_changes_no_delivery_and_no_recipient(
    world: World, event: str
) -> None:
    made = ready(world)
    [told] = world.mails("ready")
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    assert (told.pdfs, "list-unsubscribe" in told.mail, "/office/" in told.text) == ([], False, False)
    world.feedback(event, told)
    assert delivery(world) == made
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston") == target


# Holds


def test_a_hold_and_a_pause_stop_both_ways_and_a_complaint_only_email(
    world: World, controls: Decisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_address(world, "")
    world.confirmed()
    Campaigns(world.stack.table).record_complaint(CAMPAIGN, "evanston", world.clock.now)
    before(monkeypatch, "begin_sending", partial(decide, world, "hold", "evanston", why="retires"))
    world.week()
    world.week()
    assert (delivery(world).state, delivery(world).reason) == ("held", "held by the organizer: retires")
    decide(world, "release", "evanston")
    Campaigns(world.stack.table).record_complaint(CAMPAIGN, "evanston", world.clock.now + timedelta(hours=1))
    before(monkeypatch, "begin_sending", partial(decide, world, "pause"))
    world.week()
    assert delivery(world).state == "open"
    decide(world, "resume")
    world.week()
    assert (delivery(world).is_ready_to_print, world.deliveries) == (True, [])


def test_letters_that_a_complaint_keeps_go_by_hand_once_the_address_is_removed(
    world: World, controls: Decisions
) -> None:
    world.confirmed()
    complain = partial(Campaigns(world.stack.table).record_complaint, CAMPAIGN, "evanston", world.clock.now)
    with pytest.MonkeyPatch.context() as patch:
        before(patch, "begin_sending", complain)
        world.week()
    world.week()
    assert (delivery(world).state, delivery(world).letters) == ("held", 1)
    with pytest.raises(NotNowError, match="someone there marked an email as spam"):
        controls.retry(KEY, "cli", "")
    set_address(world, "")
    world.week()
    assert (delivery(world).is_ready_to_print, world.deliveries) == (True, [])


# After a bounce


def test_a_late_event_of_the_email_changes_nothing_once_its_letters_are_ready(
    world: World, controls: Decisions
) -> None:
    world.confirmed()
    world.week()
    world.feedback("out_of_office", world.deliveries[0])
    send_by_hand(world, controls)
    world.feedback("bounce", world.deliveries[0])
    assert (delivery(world).state, delivery(world).way) == ("open", "by hand")
    world.run_queue()
    for event in ("bounce", "delivery", "complaint"):
        world.feedback(event, world.deliveries[0])
    assert (delivery(world).state, delivery(world).way, delivery(world).attempt) == ("sent", "by hand", 2)


@pytest.mark.parametrize("why", ["stop", "complaint", "no address"])
def test_an_email_in_doubt_goes_by_hand_if_it_did_not_arrive_and_its_mailbox_gets_none(
    world: World, manager: Browser, why: str
) -> None:
    page, campaigns = f"/deliveries/{PERIOD}/evanston", Campaigns(world.stack.table)
    world.confirmed()
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    world.week()
    world.watch = None
    world.clock.advance(days=3, minutes=1)
    manager.enter("editor")
    if why == "stop":
        assert world.post(f"{world.office_path(ADDRESS)}/stop", {"reason": ""}).status < 400
    elif why == "complaint":
        campaigns.record_complaint(CAMPAIGN, "evanston", world.clock.now)
    if why != "no address":
        assert 'value="not sent"' not in manager.see(page).body
        assert 'name="email" value="">Send letters by hand or post<' in manager.see(page).body
    assert manager.press("/targets/evanston/address", {"email": ""}).status == 303
    answer = manager.press(f"{page}/settle-as-not-sent", {**manager.revision(page)})
    assert "These letters go by hand or post" in manager.words(answer.headers["location"])
    assert (delivery(world).state, delivery(world).way) == ("open", "by hand")
    with pytest.MonkeyPatch.context() as patch:
        before(patch, "put_packet", partial(world.feedback, "delivery", world.deliveries[0]))
        world.run_queue()
    assert (delivery(world).state, delivery(world).way) == ("delivered", "email")


def test_letters_that_may_be_on_paper_never_go_by_email(world: World, controls: Decisions) -> None:
    """Somebody may have printed and brought them before an address came, and records it later."""
    ready(world)
    set_address(world, ADDRESS)
    controls.retry(KEY, "cli", "the printer tore them")
    world.run_queue()
    assert (delivery(world).is_ready_to_print, delivery(world).attempt, world.deliveries) == (True, 2, [])
    controls.close_unsent(KEY, "cli", "nobody can go there")
    controls.retry(KEY, "cli", "they have a mailbox now")
    world.run_queue()
    assert (delivery(world).state, [mail.to for mail in world.deliveries]) == ("sent", [ADDRESS])


def test_an_email_that_arrived_after_all_is_not_printed(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.week()
    world.feedback("out_of_office", world.deliveries[0])
    send_by_hand(world, controls)
    world.feedback("delivery", world.deliveries[0])
    world.run_queue()
    assert (delivery(world).state, delivery(world).way) == ("delivered", "email")


# What stays


def test_packets_that_are_kept_no_longer_are_made_again(world: World, controls: Decisions) -> None:
    ready(world)
    world.clock.advance(days=32)
    world.stack.bucket.delete(*world.stack.bucket.names("packets/"))
    with pytest.raises(PacketErasedError, match="The time to keep this file was over"):
        packet_link(world.stack, KEY, "1")
    controls.retry(KEY, "cli", "")
    world.run_queue()
    assert (delivery(world).state, delivery(world).attempt, stored(world)) == ("sent", 2, 1)


def words_of_files(world: World) -> list[str]:
    """Return the words of the stored PDFs, in the order of their names."""
    return [" ".join(words_of(world.stack.bucket.get(name)).split()) for name in world.stack.bucket.names("packets/")]


def test_the_file_begins_with_the_address_and_is_made_again_without_an_erased_letter(world: World) -> None:
    campaigns = Campaigns(world.stack.table)
    address = "1454 Elmwood Avenue, Evanston, IL 60201"
    campaigns.put_target(CAMPAIGN, replace(campaigns.target(CAMPAIGN, "evanston"), email="", postal_address=address))
    confirm(world, "Ada", "Ben")
    world.week()
    [words] = words_of_files(world)
    assert "Police Department 1454 Elmwood Avenue Evanston, IL 60201 Fold along the two marks" in words
    # After the address, the cover and the index, each on a sheet of its own.
    assert "1 Ada, Evanston 7" in words
    assert "2 Ben, Evanston 9" in words
    erase(world, "Ada")
    assert stored(world) == 0
    repack(world)
    [words] = words_of_files(world)
    assert "Ada" not in words
    assert "2 Ben, Evanston" in words


def test_packets_that_an_email_had_get_an_address_sheet_on_the_same_day(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    assert (stored(world), "Fold along" in words_of_files(world)[0]) == (1, False)
    send_by_hand(world, controls)
    world.run_queue()
    assert delivery(world).is_ready_to_print
    assert ["Fold along the two marks" in words for words in words_of_files(world)] == [True]


def test_a_cover_counts_the_letters_of_earlier_days_that_may_have_arrived(world: World) -> None:
    confirm(world, "Ada", "Ben")
    world.week()
    assert "SO FAR" not in words_of_files(world)[0]
    world.clock.advance(days=7)
    world.confirmed(email="cyd@signers.example")
    world.week()
    assert "SO FAR 3 letters, these included" in words_of_files(world)[-1]
    erase(world, "Ada")
    repack(world)
    assert "SO FAR" not in words_of_files(world)[0], "the letters of the same day and of later ones do not count"


def test_a_cover_counts_earlier_letters_by_hand_once_they_are_handed_over(world: World, controls: Decisions) -> None:
    ready(world)
    earlier = delivery(world)
    for is_handed in (False, True):
        if is_handed:
            controls.hand_over(earlier.key, world.clock.now.date(), "", "cli")
        world.clock.advance(days=7)
        world.confirmed(email=f"cyd{is_handed}@signers.example")
        world.week()
        assert any("SO FAR" in words for words in words_of_files(world)) is is_handed


def test_a_letter_that_is_erased_after_it_was_ready_is_in_no_file(world: World) -> None:
    ready(world)
    answer = act(world, f"/signatures/{world.signer()}/erase", {"why": "asked for it"})
    assert answer.headers["location"].endswith("?done=erased-on-paper")
    assert (delivery(world).state, stored(world)) == ("sent", 0)
    world.run_queue()
    assert (delivery(world).state, stored(world)) == ("sent", 0)
    assert not delivery(world).is_ready_to_print


def test_a_campaign_that_is_over_keeps_letters_until_they_are_handed_over_or_closed_unsent(
    world: World, controls: Decisions
) -> None:
    ready(world)
    world.change(closes=DAY, keep_for_days=0)
    world.clock.advance(days=60)
    for _ in range(3):
        world.reconcile()
    assert (delivery(world).cleared_at, bool(world.row().words.email)) == (None, True)
    with pytest.raises(NotYetError, match="hand them over"):
        check_deletable(world.stack, CAMPAIGN)
    controls.close_unsent(KEY, "cli", "the office is closed for good")
    world.clock.advance(days=31)
    for _ in range(3):
        world.reconcile()
    assert (delivery(world).cleared_at is not None, bool(world.row().words.email)) == (True, False)


def test_a_delivery_by_hand_whose_letters_are_all_erased_needs_nobody_and_its_campaign_can_be_deleted(
    world: World, manager: Browser
) -> None:
    ready(world)
    manager.enter("editor")
    assert "ready to print" in manager.words()
    erase_all(world)
    assert "ready to print" not in manager.words()
    assert "nothing is left to print" in manager.words(f"/deliveries/{PERIOD}/evanston")
    world.change(closes=DAY, keep_for_days=0)
    world.clock.advance(days=31)
    for _ in range(3):
        world.reconcile()
    assert delivery(world).cleared_at is not None
    check_deletable(world.stack, CAMPAIGN)


def erase_all(world: World) -> None:
    act(world, f"/signatures/{world.signer()}/erase", {"why": "asked for it"})
    world.run_queue()


def cleared(world: World) -> None:
    """Pass the time for which the campaign's personal data is kept."""
    world.clock.advance(days=31)
    for _ in range(2):
        world.reconcile()
    assert (delivery(world).cleared_at is not None, bool(world.row().words.email)) == (True, False)


def test_letters_that_were_deleted_with_the_data_of_their_campaign_are_not_made_again(
    world: World, controls: Decisions, monkeypatch: pytest.MonkeyPatch, manager: Browser
) -> None:
    world.change(closes=DAY, keep_for_days=0)
    ready(world)
    controls.close_unsent(KEY, "cli", "nobody is there")
    assert "/retry" in manager.see(f"/deliveries/{PERIOD}/evanston").body
    before(monkeypatch, "change", partial(cleared, world))
    with pytest.raises(NotNowError, match="has just changed"):
        controls.retry(KEY, "cli", "")
    with pytest.raises(NotNowError, match="these letters are deleted"):
        controls.retry(KEY, "cli", "")
    assert (delivery(world).state, delivery(world).cleared_at is not None) == ("closed_unsent", True)
    manager.enter("editor")
    assert "/retry" not in manager.see(f"/deliveries/{PERIOD}/evanston").body


def test_there_is_no_email_to_preview_or_test(world: World, controls: Decisions) -> None:
    set_address(world, "")
    world.confirmed()
    sender = world.stack.settings.sender
    made = preview_delivery(world.stack, sender, KEY)
    assert made
    assert (made.mail, len(made.pdfs)) == (None, 1)
    with pytest.raises(NotNowError, match="no email to send"):
        decide(world, "test", "evanston")
    world.week()
    with pytest.raises(NotFoundError, match="has no email"):
        email_again(world.stack, sender, delivery(world), (), Deliveries(world.stack.table).packets(KEY))
