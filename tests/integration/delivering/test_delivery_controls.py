"""Test the delivery controls: pause, hold and retry lose no letter and send none twice."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.faults.refusals import Meanwhile, Refusing
from tests.search.invariants import words_of
from tests.support.acting import Decisions, decide
from tests.support.world import CAMPAIGN, PERIOD
from undersigned.base.errors import GivenError, NotFoundError, NotNowError
from undersigned.campaigns.rows.campaigns import Campaigns, target_settings
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.overviews import Overview
from undersigned.workshop.pushing import OF_THE_STACK

if TYPE_CHECKING:
    from tests.support.world import World

EVANSTON = DeliveryKey(CAMPAIGN, "evanston", PERIOD)


@pytest.fixture
def controls(world: World) -> Decisions:
    return Decisions(world.stack)


def sent(world: World) -> list[str]:
    return [mail.tags["target"] for mail in world.deliveries]


def test_a_paused_campaign_sends_nothing_until_it_resumes(world: World, controls: Decisions) -> None:
    world.confirmed()
    decide(world, "pause", why="the letter has a mistake")
    assert world.week() == []
    assert sent(world) == []
    decide(world, "resume")
    world.week()
    assert sent(world) == ["evanston"]


def test_a_pause_also_stops_queued_deliveries(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.plan()
    decide(world, "pause")
    assert world.run_queue() == [{"batchItemFailures": []}]
    assert sent(world) == []
    assert Deliveries(world.stack.table).delivery(EVANSTON) is None
    decide(world, "resume")
    world.week()
    assert sent(world) == ["evanston"]


def test_a_started_delivery_continues_after_a_pause(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.refusal = "AccessDeniedException"
    world.week()
    world.refusal = ""
    decide(world, "pause")
    world.week()
    assert sent(world) == []
    decide(world, "resume")
    world.week()
    assert sent(world) == ["evanston"]


@pytest.mark.parametrize("stop", ["pause", "hold"])
def test_a_delivery_stopped_while_its_packet_is_typeset_is_not_sent(
    world: World, controls: Decisions, stop: str
) -> None:
    world.confirmed()

    def stop_meanwhile() -> None:
        if stop == "pause":
            decide(world, "pause")
        else:
            decide(world, "hold", "evanston", why="a new chief")

    world.watch = Meanwhile(world, "s3:PutObject", stop_meanwhile)
    [answer] = world.week()
    assert (len(answer["batchItemFailures"]), sent(world)) == (1, [])
    decide(world, "resume")
    decide(world, "release", "evanston")
    world.week()
    assert sent(world) == ["evanston"]


def state(world: World) -> str:
    found = Deliveries(world.stack.table).delivery(EVANSTON)
    assert found
    return found.state


def test_a_held_target_gets_no_letters_and_the_others_do(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    decide(world, "hold", "evanston", why="the chief retires this week")
    world.week()
    assert sent(world) == ["wilmette"]
    held = Deliveries(world.stack.table).delivery(EVANSTON)
    assert held
    assert (held.state, held.reason) == ("held", "held by the organizer: the chief retires this week")
    decide(world, "release", "evanston")
    world.week()
    assert sent(world) == ["wilmette", "evanston"]


@pytest.mark.parametrize(
    ("language", "headline", "reason"),
    [
        ("en", "<strong>On hold</strong>", "The reason: “the chief retires &lt;soon&gt;”"),
        ("es", "<strong>Retenida</strong>", "El motivo: “the chief retires &lt;soon&gt;”"),
    ],
)
def test_a_signer_sees_that_and_why_the_letter_is_held(
    world: World, controls: Decisions, language: str, headline: str, reason: str
) -> None:
    page = world.confirmed().link("confirm") + f"?lang={language}"
    assert headline not in world.get(page).body
    decide(world, "hold", "evanston", why="the chief retires <soon>")
    world.clock.advance(minutes=2)
    assert headline in world.get(page).body
    assert reason in world.get(page).body
    decide(world, "release", "evanston")
    world.clock.advance(minutes=2)
    assert headline not in world.get(page).body


def test_the_signer_of_a_sealed_letter_sees_why_it_is_held(world: World, controls: Decisions) -> None:
    page = world.confirmed().link("confirm")
    world.refusal = "AccessDeniedException"
    world.week()
    world.refusal = ""
    decide(world, "hold", "evanston", why="wait for the new chief")
    world.clock.advance(days=7)
    world.week()
    assert "wait for the new chief" in world.get(page).body


def test_a_push_writes_each_attribute_of_a_target_or_leaves_it_to_the_stack(world: World) -> None:
    written = {"id", *target_settings(Campaigns(world.stack.table).target(CAMPAIGN, "evanston"))}
    assert sorted([*written, *OF_THE_STACK]) == sorted(field.name for field in fields(Target))


def test_pushing_the_campaign_again_keeps_a_pause_and_a_hold(world: World, controls: Decisions) -> None:
    campaigns = Campaigns(world.stack.table)
    decide(world, "pause")
    decide(world, "hold", "evanston", why="wait")
    campaign, target = campaigns.campaign(CAMPAIGN), campaigns.target(CAMPAIGN, "evanston")
    assert campaign
    assert target
    campaigns.put_target(CAMPAIGN, replace(target, hold=None))
    campaigns.put_campaign(campaign)
    assert campaigns.controls(CAMPAIGN).paused
    assert campaigns.target(CAMPAIGN, "evanston") == target


def test_a_bounced_email_is_sent_again_on_request(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    controls.retry(EVANSTON, "cli", "the mailbox was full and has space again")
    world.run_queue()
    assert sent(world) == ["evanston", "evanston"]
    assert [mail.tags["attempt"] for mail in world.deliveries] == ["1", "2"]
    world.feedback("delivery", world.deliveries[1])
    delivered = Deliveries(world.stack.table).delivery(EVANSTON)
    assert delivered
    assert delivered.state == "delivered"


def bounced(world: World) -> None:
    """Send a week's letters, which bounce."""
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])


@pytest.mark.parametrize("event", ["send", "delivery"])
def test_a_sent_email_cannot_be_sent_again(world: World, controls: Decisions, event: str) -> None:
    world.confirmed()
    world.week()
    world.feedback(event, world.deliveries[0])
    with pytest.raises(
        NotNowError, match="Only a delivery that is not sent, bounced, was closed unsent, is on hold or is ready"
    ):
        controls.retry(EVANSTON, "cli", "")
    assert world.run_queue() == []


def in_doubt(world: World) -> None:
    """Deliver a week's letters, and lose SES's answer and its events."""
    world.confirmed()
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    world.week()
    world.watch = None
    world.clock.advance(hours=2)
    world.week()
    assert state(world) == "in_doubt"


def test_an_email_in_doubt_that_was_sent_is_not_asked_about_again(world: World, controls: Decisions) -> None:
    in_doubt(world)
    settled = controls.settle(EVANSTON, "cli", "the office has it", "sent")
    assert (settled.state, settled.last.settled_at) == ("sent", world.clock.now)
    world.clock.advance(days=30)
    assert settled.question(world.clock.now) is None
    world.week()
    assert sent(world) == ["evanston"]
    [entry] = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (entry.action, entry.about, entry.why) == ("settle as sent", f"evanston {PERIOD}", "the office has it")


def test_an_email_in_doubt_that_was_not_sent_is_sent_in_a_new_attempt(world: World, controls: Decisions) -> None:
    in_doubt(world)
    controls.settle(EVANSTON, "cli", "the office has nothing", "not sent")
    world.run_queue()
    assert [mail.tags["attempt"] for mail in world.deliveries] == ["1", "2"]
    assert [entry.action for entry in Campaigns(world.stack.table).audit(CAMPAIGN)] == ["settle as not sent"]


@pytest.mark.parametrize("event", ["send", "delivery"])
def test_a_late_event_stops_the_second_email_after_a_wrong_answer(
    world: World, controls: Decisions, event: str
) -> None:
    in_doubt(world)
    controls.settle(EVANSTON, "cli", "they did not find it", "not sent")
    world.feedback(event, world.deliveries[0])
    world.run_queue()
    assert sent(world) == ["evanston"]


def test_an_email_without_an_outcome_is_settled_after_three_days(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(hours=71)
    with pytest.raises(NotNowError, match="nothing to decide"):
        controls.settle(EVANSTON, "cli", "", "not sent")
    world.clock.advance(hours=1)
    with pytest.raises(NotNowError, match="then decide"):
        controls.retry(EVANSTON, "cli", "")
    controls.settle(EVANSTON, "cli", "nothing arrived", "not sent")
    world.feedback("send", world.deliveries[0])
    world.run_queue()
    assert sent(world) == ["evanston", "evanston"]


def address(world: World) -> str:
    return Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email


def test_letters_that_an_out_of_office_reply_answered_are_closed_unsent_and_the_address_works(
    world: World, controls: Decisions
) -> None:
    world.confirmed()
    world.week()
    world.feedback("out_of_office", world.deliveries[0])
    controls.close_unsent(EVANSTON, "cli", "the office read it")
    world.feedback("out_of_office", world.deliveries[0])
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").mail_state == "ok"
    world.clock.advance(days=30)
    world.week()
    assert (state(world), sent(world)) == ("closed_unsent", ["evanston"])


def test_letters_that_are_closed_unsent_are_not_sent_and_not_asked_about(world: World, controls: Decisions) -> None:
    bounced(world)
    settled = controls.close_unsent(EVANSTON, "cli", "the office has closed")
    assert (settled.state, settled.is_settled, settled.question(world.clock.now)) == ("closed_unsent", True, None)
    found = Overview(world.stack, CAMPAIGN).target("evanston")
    assert (found.sent, found.questions) == (0, ())
    [entry] = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (entry.action, entry.why) == ("close unsent", "the office has closed")
    world.confirmed(email="bo@signers.example")
    world.clock.advance(days=7)
    world.week()
    assert sent(world) == ["evanston"], "the address still bounces"
    controls.retry(EVANSTON, "cli", "the office is open again")
    world.run_queue()
    assert sent(world) == ["evanston", "evanston"], "a person can change their mind"


def test_a_signer_reads_why_a_letter_was_closed_unsent(world: World, controls: Decisions) -> None:
    bounced(world)
    own = re.findall(r'href="(/letters/[^"]+)', world.post(world.sent[0].link("confirm")).body)[0]
    with pytest.raises(NotNowError, match="Give a reason"):
        controls.close_unsent(EVANSTON, "cli", "")
    controls.close_unsent(EVANSTON, "cli", "the office <b>has closed</b>")
    page = world.get(own).body
    assert "Not delivered" in page
    assert "the organizer won’t send it again. The reason: “the office &lt;b&gt;has closed&lt;/b&gt;”." in page


def test_an_address_that_works_again_gets_the_next_letters(world: World, controls: Decisions) -> None:
    bounced(world)
    controls.close_unsent(EVANSTON, "cli", "the mailbox was full")
    assert controls.set_address(CAMPAIGN, "evanston", address(world), "cli", "they called") == address(world)
    world.confirmed(email="bo@signers.example")
    world.clock.advance(days=7)
    world.week()
    assert sent(world) == ["evanston", "evanston"]
    assert {entry.action for entry in Campaigns(world.stack.table).audit(CAMPAIGN)} == {
        "address works",
        "close unsent",
    }


def test_a_bounced_delivery_goes_to_the_address_that_was_corrected(world: World, controls: Decisions) -> None:
    bounced(world)
    controls.set_address(CAMPAIGN, "evanston", "New.Chief@Evanston.example ", "cli", "they called")
    assert state(world) == "bounced"
    [entry] = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (entry.action, entry.about, entry.why) == ("correct address", "evanston", "they called")
    controls.retry(EVANSTON, "cli", "")
    world.run_queue()
    assert world.deliveries[-1].to == "New.Chief@evanston.example"


def test_an_address_that_cannot_be_one_is_refused(world: World, controls: Decisions) -> None:
    before = address(world)
    with pytest.raises(GivenError, match="is not a whole email address"):
        controls.set_address(CAMPAIGN, "evanston", "chief", "cli", "")
    with pytest.raises(NotFoundError):
        controls.set_address(CAMPAIGN, "atlantis", "chief@atlantis.example", "cli", "")
    assert address(world) == before
    assert list(Campaigns(world.stack.table).audit(CAMPAIGN)) == []


def test_nobody_settles_an_email_that_bounced_and_letters_in_doubt_are_not_closed_unsent(
    world: World, controls: Decisions
) -> None:
    bounced(world)
    outcomes: tuple[Literal["sent", "not sent"], ...] = ("sent", "not sent")
    for outcome in outcomes:
        with pytest.raises(NotNowError, match="nothing to decide"):
            controls.settle(EVANSTON, "cli", "", outcome)
    controls.retry(EVANSTON, "cli", "")
    world.run_queue()
    for days in (0, 4):
        world.clock.advance(days=days)
        with pytest.raises(NotNowError, match="bounced, or is ready to print"):
            controls.close_unsent(EVANSTON, "cli", "nobody reads it")


def test_nothing_is_sent_again_in_a_paused_campaign(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    decide(world, "pause", why="a mistake")
    with pytest.raises(NotNowError, match="The campaign is paused"):
        controls.retry(EVANSTON, "cli", "")
    assert state(world) == "bounced"
    controls.close_unsent(EVANSTON, "cli", "nobody is there")
    assert state(world) == "closed_unsent"


def test_a_delivery_that_changes_meanwhile_is_not_settled(
    world: World, controls: Decisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_doubt(world)
    change = Deliveries.change

    def event_first(deliveries: Deliveries, *arguments: Any, **options: Any) -> None:
        monkeypatch.setattr(Deliveries, "change", change)
        world.feedback("delivery", world.deliveries[0])
        change(deliveries, *arguments, **options)

    monkeypatch.setattr(Deliveries, "change", event_first)
    with pytest.raises(NotNowError, match="has just changed"):
        controls.settle(EVANSTON, "cli", "", "not sent")
    assert state(world) == "delivered"
    assert world.run_queue() == []


def test_a_held_delivery_is_not_sent_again_before_it_is_released(world: World, controls: Decisions) -> None:
    in_doubt(world)
    decide(world, "hold", "evanston", why="a new chief")
    with pytest.raises(NotNowError, match="on hold: a new chief"):
        controls.settle(EVANSTON, "cli", "", "not sent")
    assert state(world) == "in_doubt"
    controls.settle(EVANSTON, "cli", "", "sent")
    assert state(world) == "sent"


def test_a_complaint_holds_new_letters_until_a_person_releases_them(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[0])
    page = world.confirmed(email="bo@signers.example", name="Bo Specimen").link("confirm")
    world.clock.advance(days=7)
    world.week()
    assert sent(world) == ["evanston"]
    assert (
        Campaigns(world.stack.table).target(CAMPAIGN, "evanston").why_held() == "someone there marked an email as spam"
    )
    assert "<strong>On hold</strong>" in world.get(page).body
    decide(world, "release", "evanston", why="they want them on paper next year, by email this year")
    world.feedback("complaint", world.deliveries[0], at=world.clock.now - timedelta(days=7))
    world.week()
    assert sent(world) == ["evanston", "evanston"]
    assert "Bo Specimen" in words_of(world.deliveries[1].pdfs[0])


def test_a_complaint_outlives_a_push_and_stops_a_delivery_that_is_being_made(world: World, controls: Decisions) -> None:
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example", name="Bo Specimen")
    world.clock.advance(days=7)
    world.watch = Meanwhile(world, "s3:PutObject", lambda: world.feedback("complaint", world.deliveries[0]))
    [answer] = world.week()
    assert (len(answer["batchItemFailures"]), sent(world)) == (1, ["evanston"])
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    Campaigns(world.stack.table).put_target(CAMPAIGN, replace(target, email="new@evanston.example", complained_at=None))
    world.week()
    assert sent(world) == ["evanston"]
    decide(world, "release", "evanston")
    world.week()
    assert sent(world) == ["evanston", "evanston"]


def test_an_unknown_target_or_delivery_cannot_be_held_or_retried(world: World, controls: Decisions) -> None:
    for act in (
        lambda: decide(world, "hold", "atlantis", why="why"),
        lambda: controls.retry(DeliveryKey(CAMPAIGN, "evanston", "2020-01-01"), "cli", ""),
        lambda: decide(world, "pause", campaign="nothing"),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert list(Campaigns(world.stack.table).audit(CAMPAIGN)) == []


def test_a_hold_needs_a_reason(world: World) -> None:
    with pytest.raises(NotNowError, match="Give a reason"):
        decide(world, "hold", "evanston", why=" ")


def test_the_activity_log_has_who_did_what_when_and_why(world: World, controls: Decisions) -> None:
    decide(world, "pause", by="key 0123456789ab", why="a mistake in the letter")
    world.clock.advance(minutes=1)
    decide(world, "resume", by="key 0123456789ab", why="corrected")
    resumed, paused = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (paused.action, paused.by, paused.why) == ("pause", "key 0123456789ab", "a mistake in the letter")
    assert (resumed.action, resumed.at) == ("resume", world.clock.now)
