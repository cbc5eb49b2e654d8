"""Test that a target gets at most one email in seven days, no matter who asks for it."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.acting import Decisions, decide
from tests.support.deliveries import delivery_of
from tests.support.hours import sent
from tests.support.organizers import act, read, someone
from tests.support.sending import WILMETTE, send_now
from tests.support.world import CAMPAIGN, FORM, client_of
from tests.unit.workshop.trees import FILES
from undersigned.base.errors import ChangedError, NotNowError
from undersigned.base.table import Update
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering.feedback import record
from undersigned.delivering.queue import delivery_queue
from undersigned.delivering.rows.deliveries import Deliveries, delivery_key
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.rules.mail_events import MailEvent
from undersigned.delivering.rules.plans import take_week
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.pushing import push

if TYPE_CHECKING:
    from tests.support.world import Answer, World

BO = "bo@signers.example"


def free_from(world: World) -> date | None:
    return Campaigns(world.stack.table).target(CAMPAIGN, "evanston").free_from


def sent_on_tuesday(world: World) -> None:
    """Send Ada's letter on November 24, and confirm one by Bo, which waits."""
    world.confirmed()
    world.week()
    world.confirmed(email=BO)


@pytest.mark.asvs("2.3.2")
@pytest.mark.parametrize(("days", "second"), [(1, False), (6, False), (7, True), (8, True)])
def test_two_days_of_one_week_send_one_email(world: World, days: int, second: bool) -> None:  # noqa: FBT001
    sent_on_tuesday(world)
    world.clock.advance(days=days)
    world.week()
    assert len(sent(world)) == 1 + second


def test_a_message_of_another_plan_opens_no_second_delivery(world: World) -> None:
    """A plan that ran before the first delivery may have queued a second one, for a letter that waits now."""
    sqs = client_of("sqs")
    world.confirmed()
    world.plan()
    [message] = sqs.receive_message(QueueUrl=world.queues["DeliveryQueue"])["Messages"]
    sqs.send_message(QueueUrl=world.queues["DeliveryQueue"], MessageBody=message["Body"])
    world.run_queue()
    world.confirmed(email=BO)
    world.clock.advance(days=1)
    body = message["Body"].replace(world.day(1), world.day())
    sqs.send_message(QueueUrl=world.queues["DeliveryQueue"], MessageBody=body)
    world.run_queue()
    assert len(sent(world)) == 1


def test_a_message_of_a_held_delivery_sends_nothing_once_another_email_took_its_week(world: World) -> None:
    controls = Decisions(world.stack)
    world.confirmed()
    decide(world, "hold", "evanston", why="they moved")
    world.week()
    decide(world, "release", "evanston")
    world.clock.advance(days=2)
    controls.deliver(CAMPAIGN, "2026-11-26", "cli", "", seen_at=world.clock.now)
    world.run_queue()
    world.confirmed(email=BO)
    delivery_queue(world.stack).put([DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")])
    world.run_queue()
    assert sent(world) == [("evanston", "2026-11-26")]


def test_after_a_delivery_by_hand_the_weekly_one_leaves_out_the_target(world: World) -> None:
    world.clock.advance(days=2)  # Thursday
    world.confirmed()
    Decisions(world.stack).deliver(
        CAMPAIGN, "2026-11-26", "cli", "the council meets on Friday", seen_at=world.clock.now
    )
    world.run_queue()
    world.clock.advance(minutes=1)  # The processes of signers' pages know of a delivery for a minute.
    own_letter = world.confirmed(email=BO).link("confirm")
    assert "on Monday, December 7, 2026" in world.get(own_letter).body
    world.clock.advance(days=4)
    assert world.week() == []
    assert "on Monday, December 7, 2026" in world.get(own_letter).body
    world.clock.advance(days=7)
    world.week()
    assert sent(world) == [("evanston", "2026-11-26"), ("evanston", "2026-12-07")]


def days_named(answer: Answer | str) -> set[str]:
    """Return the days of deliveries that a page or an email names."""
    return set(re.findall(r"on Monday, (\w+ \d+), 2026", answer if isinstance(answer, str) else answer.words))


def change_others(world: World, **changes: Any) -> None:
    """Change all recipients but Evanston's."""
    for target in Campaigns(world.stack.table).settings_of_targets(CAMPAIGN):
        if target.id != "evanston":
            key = Target.locate(campaign=CAMPAIGN, id=target.id)
            world.stack.table.update(Update(key, assign=Target.written(**changes)))


def test_form_email_and_own_page_name_the_same_day_after_send_now(world: World) -> None:
    change_others(world, retired=True)
    world.clock.advance(days=2)  # Thursday
    world.confirmed()
    assert days_named(world.get(FORM)) == {"November 30"}
    Decisions(world.stack).deliver(CAMPAIGN, "2026-11-26", "cli", "", seen_at=world.clock.now)
    world.run_queue()
    world.clock.advance(minutes=1)
    form, signed = world.get(FORM), world.sign(email=BO)
    world.run_stream()
    asked = world.sent[-1]
    own = world.press(asked.link("confirm"))
    world.clock.advance(hours=1)
    world.sign(email=BO)
    world.run_stream()
    for said in (form, signed, world.get(f"{FORM}/signed"), asked.text, own, world.sent[-1].text):
        assert days_named(said) == {"December 7"}, said
    assert world.get(FORM, as_json=True).json["next_delivery"].startswith("2026-12-07")


def test_a_form_to_many_recipients_names_the_day_of_the_first_and_after_it_that_of_the_chosen_one(world: World) -> None:
    world.clock.advance(days=2)
    world.confirmed()
    Decisions(world.stack).deliver(CAMPAIGN, "2026-11-26", "cli", "", seen_at=world.clock.now)
    world.run_queue()
    world.clock.advance(minutes=1)
    assert days_named(world.get(FORM)) == {"November 30"}
    assert "November 30, 2026 at the earliest" in world.get(FORM).words
    assert days_named(world.sign(email=BO)) == {"December 7"}
    assert days_named(world.sign(email="cy@signers.example", postal_code=WILMETTE)) == {"November 30"}


def test_the_dashboard_names_the_first_day_on_which_a_recipient_can_get_letters(world: World) -> None:
    editor = someone(world, "editor")
    sent_on_tuesday(world)
    assert "Next delivery Nov 30, 2026" in editor.words()
    change_others(world, free_from=date(2026, 12, 8))
    assert "Next delivery Dec 7, 2026" in editor.words()
    assert read(world, "")["next_delivery"].startswith("2026-12-07")


def test_pages_know_of_a_delivery_within_a_minute_and_read_its_recipient_once_for_many_signers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked = Campaigns.target, []

    def counting(store: Campaigns, campaign: str, target: str) -> Target:
        asked.append(target)
        return read(store, campaign, target)

    world.clock.advance(days=2)  # Thursday
    own_letter = world.confirmed().link("confirm")
    assert "on Monday, November 30, 2026" in world.get(own_letter).body
    Decisions(world.stack).deliver(
        CAMPAIGN, "2026-11-26", "cli", "the council meets on Friday", seen_at=world.clock.now
    )
    world.run_queue()
    world.clock.advance(minutes=1)
    monkeypatch.setattr(Campaigns, "target", counting)
    for number in range(3):
        own_letter = world.confirmed(email=f"bo{number}@signers.example").link("confirm")
        assert "on Monday, December 7, 2026" in world.get(own_letter).body
    assert asked == ["evanston"]


def test_a_delivery_that_surely_did_not_arrive_does_not_count(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    Campaigns(world.stack.table).set_mail_state(CAMPAIGN, "evanston", world.deliveries[0].to, "ok")
    world.confirmed(email=BO)
    world.clock.advance(days=1)
    assert free_from(world) is None
    world.week()
    assert sent(world) == [("evanston", "2026-11-24"), ("evanston", "2026-11-25")]


def test_a_retry_keeps_the_rule_and_a_person_can_override_it(world: World) -> None:
    controls = Decisions(world.stack)
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    bounced = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
    other = DeliveryKey(CAMPAIGN, "evanston", "2026-11-26")
    world.open(delivery_of(other, "open", opened_at=world.clock.now, letters=1))
    for _ in range(2):
        with pytest.raises(NotNowError, match="To send this one, too, give a reason"):
            controls.retry(bounced, "cli", "")
        world.clock.advance(days=30)
    with pytest.raises(NotNowError, match="Give a reason"):
        controls.retry(bounced, "cli", "", again=True)
    controls.retry(bounced, "cli", "the office asked for it", again=True)
    world.run_queue()
    assert sent(world) == [("evanston", "2026-11-24"), ("evanston", "2026-11-24")]
    assert next(Campaigns(world.stack.table).audit(CAMPAIGN)).action == "retry again"


@pytest.mark.moto
def test_an_email_that_did_not_arrive_keeps_the_rule_and_a_person_can_override_it(world: World) -> None:
    """It bounced, so another email took its week; to send it as well is a second email."""
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    other = DeliveryKey(CAMPAIGN, "evanston", "2026-11-26")
    world.open(delivery_of(other, "open", opened_at=world.clock.now, letters=1))

    def retry(why: str, revision: str = "1-bounced", *, again: bool = False) -> None:
        controls = Decisions(world.stack)
        day = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
        controls.retry(day, "cli", why, revision=revision, again=again)

    with pytest.raises(NotNowError):
        retry("nothing arrived", "1-in_doubt")
    with pytest.raises(NotNowError):
        retry("nothing arrived")
    with pytest.raises(NotNowError):
        retry("", again=True)
    retry("the office asked for it", again=True)
    world.run_queue()
    assert sent(world) == [("evanston", "2026-11-24"), ("evanston", "2026-11-24")]
    assert next(Campaigns(world.stack.table).audit(CAMPAIGN)).action == "retry again"


@pytest.mark.moto
def test_a_delivery_is_not_opened_if_another_one_was_opened_meanwhile(world: World) -> None:
    deliveries = Deliveries(world.stack.table)
    first, second = (
        delivery_of(DeliveryKey(CAMPAIGN, "evanston", day), "open", opened_at=world.clock.now)
        for day in ("2026-11-29", "2026-11-30")
    )
    deliveries.open(first, take_week(None, first.day))
    with pytest.raises(ChangedError):
        deliveries.open(second, take_week(None, second.day))
    assert free_from(world) == date(2026, 12, 6)
    # A person sends again.
    world.open(second)
    assert free_from(world) == date(2026, 12, 7)


@pytest.mark.moto
def test_a_delivery_is_opened_once_although_its_targets_free_day_stays(world: World) -> None:
    """A person sends again, and a later delivery has moved that day already."""
    later, again = (
        delivery_of(DeliveryKey(CAMPAIGN, "evanston", day), "open", opened_at=world.clock.now)
        for day in ("2026-12-07", "2026-11-30")
    )
    world.open(later)
    world.open(again)
    assert free_from(world) == date(2026, 12, 14)
    with pytest.raises(ChangedError):
        world.open(again)


def test_an_organizer_sends_what_waits_and_reads_what_stays(world: World) -> None:
    world.put_key("us_read", "counts")
    key = {"authorization": "Bearer us_read"}
    world.confirmed()
    path = f"/organizer/campaigns/{CAMPAIGN}/deliveries/next"
    [line] = world.get(path, headers=key).json["deliveries"]
    assert (line["target"], line["letters"], line["outcome"], line["not_before"]) == ("evanston", 1, "goes", None)
    send_now(world, why="the council meets")
    world.run_queue()
    world.confirmed(email=BO)
    [line] = world.get(path, headers=key).json["deliveries"]
    assert (line["outcome"], line["last_period"], line["not_before"]) == ("too soon", "2026-11-24", "2026-12-01")
    world.clock.advance(days=1)
    controls = Decisions(world.stack)
    with pytest.raises(NotNowError):
        controls.deliver(CAMPAIGN, "2026-11-25", "cli", "", seen_at=world.clock.now, again=True)
    assert act(world, "/deliveries/next", {"target": "Atlantis"}).status == 404
    controls.deliver(CAMPAIGN, "2026-11-25", "cli", "asked for", seen_at=world.clock.now, only="evanston", again=True)
    world.run_queue()
    assert len(sent(world)) == 2


def test_slots_are_seven_days_apart_although_they_are_167_hours_apart_in_spring(world: World) -> None:
    world.clock.now = datetime(2026, 3, 2, 15, tzinfo=UTC)  # Monday at nine in Chicago
    world.confirmed()
    world.week()
    world.confirmed(email=BO)
    world.clock.advance(hours=167)
    world.week()
    assert sent(world) == [("evanston", "2026-03-02"), ("evanston", "2026-03-09")]


def test_no_delivery_takes_a_week_without_letters(world: World) -> None:
    delivery_queue(world.stack).put([DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")])
    world.run_queue()
    assert (free_from(world), [*Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")]) == (None, [])


def test_an_empty_delivery_gives_its_week_back(world: World) -> None:
    """Its letters were withdrawn after it was opened."""
    key = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
    world.open(delivery_of(key, "open", opened_at=world.clock.now))
    delivery_queue(world.stack).put([key])
    world.run_queue()
    [delivery] = Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")
    assert (delivery.state, free_from(world)) == ("empty", None)


def test_a_held_delivery_takes_its_week_only_when_it_goes(world: World) -> None:
    world.confirmed()
    Campaigns(world.stack.table).hold(CAMPAIGN, "evanston", "a new chief")
    world.week()
    [delivery] = Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")
    assert (delivery.state, free_from(world)) == ("held", None)
    Campaigns(world.stack.table).release(CAMPAIGN, "evanston", world.clock())
    world.week()
    assert (len(sent(world)), free_from(world)) == (1, date(2026, 12, 1))


def test_a_held_delivery_goes_after_its_hold_in_a_week_before_the_last_one(world: World) -> None:
    world.confirmed()
    Campaigns(world.stack.table).hold(CAMPAIGN, "evanston", "a new chief")
    world.week()
    world.open(
        delivery_of(DeliveryKey(CAMPAIGN, "evanston", "2026-12-01"), "sent", opened_at=world.clock.now, attempt=1)
    )
    Campaigns(world.stack.table).release(CAMPAIGN, "evanston", world.clock())
    delivery_queue(world.stack).put([DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")])
    world.run_queue()
    assert (sent(world), free_from(world)) == ([("evanston", "2026-11-24")], date(2026, 12, 8))


def test_a_delivery_that_another_process_opens_first_is_made_by_both(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Deliveries.open

    def after_another(deliveries: Deliveries, *opened: Any, **address: Any) -> None:
        monkeypatch.setattr(Deliveries, "open", really)
        really(deliveries, *opened, **address)
        really(deliveries, *opened, **address)

    world.confirmed()
    monkeypatch.setattr(Deliveries, "open", after_another)
    assert world.week() == [{"batchItemFailures": []}]
    assert sent(world) == [("evanston", "2026-11-24")]


def test_a_bounced_delivery_gives_its_week_back_and_takes_it_again_before_it_is_sent(world: World) -> None:
    world.confirmed()
    world.week()
    assert free_from(world) == date(2026, 12, 1)
    world.feedback("bounce", world.deliveries[0])
    assert free_from(world) is None
    Decisions(world.stack).retry(DeliveryKey(CAMPAIGN, "evanston", "2026-11-24"), "cli", "")
    assert (len(sent(world)), free_from(world)) == (1, date(2026, 12, 1))
    # The event comes again: it is no news, and gives nothing back.
    world.feedback("bounce", world.deliveries[0])
    assert free_from(world) == date(2026, 12, 1)
    world.run_queue()
    assert len(sent(world)) == 2


def test_new_letters_go_within_seven_days_of_an_email_that_was_refused(world: World) -> None:
    sent_on_tuesday(world)
    world.feedback("bounce", world.deliveries[0])
    Decisions(world.stack).set_address(CAMPAIGN, "evanston", "chief@evanston.example", "cli", "")
    world.clock.advance(days=2)
    Decisions(world.stack).deliver(CAMPAIGN, "2026-11-26", "cli", "", seen_at=world.clock.now)
    world.run_queue()
    assert [(mail.to, mail.tags["period"]) for mail in world.deliveries[1:]] == [
        ("chief@evanston.example", "2026-11-26")
    ]
    assert free_from(world) == date(2026, 12, 3)


def test_an_email_that_ses_rejects_gives_its_week_back(world: World) -> None:
    sent_on_tuesday(world)
    key = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
    about: dict[str, Any] = {"message_id": world.deliveries[0].message_id, "at": world.clock.now, "reason": "virus"}
    event = MailEvent(**asdict(key), kind="reject", attempt=1, **about)
    assert record(world.stack, event).delivery
    assert free_from(world) is None
    world.clock.advance(days=1)
    Decisions(world.stack).deliver(CAMPAIGN, "2026-11-25", "cli", "the council meets", seen_at=world.clock.now)
    world.run_queue()
    assert (sent(world)[1:], free_from(world)) == ([("evanston", "2026-11-25")], date(2026, 12, 2))


def test_an_email_that_ses_refuses_uses_up_no_week_but_its_own(world: World) -> None:
    """It surely did not leave, so it is made again until it does."""
    world.confirmed()
    world.refusal = "MessageRejected"
    for _ in range(3):
        world.week()
        world.clock.advance(days=2)
    [delivery] = Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")
    assert (delivery.state, delivery.last.since, free_from(world)) == ("open", None, date(2026, 12, 1))
    world.refusal = ""
    world.week()
    assert (sent(world), free_from(world)) == ([("evanston", "2026-11-24")], date(2026, 12, 1))
    world.confirmed(email=BO)
    world.clock.advance(days=1)
    world.week()
    assert sent(world)[1:] == [("evanston", "2026-12-01")]


def test_a_bounced_delivery_is_not_sent_again_in_a_week_that_another_took_before_the_last_one(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    for day in ("2026-11-28", "2026-12-05"):
        key = DeliveryKey(CAMPAIGN, "evanston", day)
        world.open(delivery_of(key, "open", opened_at=world.clock.now, letters=1))
    with pytest.raises(NotNowError, match="There is a delivery of November 28, 2026"):
        Decisions(world.stack).retry(DeliveryKey(CAMPAIGN, "evanston", "2026-11-24"), "cli", "")


def test_a_bounced_delivery_does_not_give_back_the_week_of_another(world: World) -> None:
    sent_on_tuesday(world)
    world.clock.advance(days=2)
    Decisions(world.stack).deliver(
        CAMPAIGN, "2026-11-26", "cli", "the council meets", seen_at=world.clock.now, again=True
    )
    world.run_queue()
    assert free_from(world) == date(2026, 12, 3)
    world.feedback("bounce", world.deliveries[0])
    assert free_from(world) == date(2026, 12, 3)
    world.feedback("bounce", world.deliveries[1])
    assert free_from(world) is None


def test_a_bounced_delivery_gives_back_the_days_that_it_took_from_an_earlier_one_only(world: World) -> None:
    sent_on_tuesday(world)
    world.clock.advance(days=2)
    Decisions(world.stack).deliver(
        CAMPAIGN, "2026-11-26", "cli", "the council meets", seen_at=world.clock.now, again=True
    )
    world.run_queue()
    world.feedback("bounce", world.deliveries[1])
    assert free_from(world) == date(2026, 12, 1)


def test_a_bounced_delivery_gives_no_week_back_beside_a_damaged_one_that_may_have_taken_it(world: World) -> None:
    sent_on_tuesday(world)
    world.clock.advance(days=2)
    Decisions(world.stack).deliver(
        CAMPAIGN, "2026-11-26", "cli", "the council meets", seen_at=world.clock.now, again=True
    )
    world.run_queue()
    damaged = delivery_key(DeliveryKey(CAMPAIGN, "evanston", "2026-11-24"))
    world.stack.table.update(Update(damaged, assign={"opened_at": "yesterday"}))
    world.feedback("bounce", world.deliveries[1])
    later = Deliveries(world.stack.table).delivery(DeliveryKey(CAMPAIGN, "evanston", "2026-11-26"))
    assert later
    assert (later.state, free_from(world)) == ("bounced", date(2026, 12, 3))


def test_letters_of_a_bounced_email_that_go_by_hand_take_the_week(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    key = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
    Decisions(world.stack).set_address(CAMPAIGN, "evanston", "", "cli", "")
    Decisions(world.stack).retry(key, "cli", "")
    assert free_from(world) == date(2026, 12, 1)


def test_a_push_leaves_the_week_of_a_recipient(world: World) -> None:
    world.confirmed()
    world.week()
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    changed = replace(target, name="Another Chief", free_from=None)
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    push(world.stack, replace(compile_campaign(FILES), campaign=campaign, targets=(changed,)))
    now = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    assert (now.name, now.free_from) == ("Another Chief", date(2026, 12, 1))
