"""Test the report: a day after a slot, one email says what was sent, what was not, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.refusals import Refusing
from tests.support.acting import Decisions, decide
from tests.support.reports import section
from tests.support.world import CAMPAIGN
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.hours import NotDoneError
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing.rows.mail_claims import MailClaims

if TYPE_CHECKING:
    from tests.support.world import World

WILMETTE = {"email": "bo@signers.example", "postal_code": "60091"}


def subject(world: World) -> str:
    """Return the last report's subject. A subject that fills its line is folded, after a space."""
    return str(world.mails("report")[-1].mail["Subject"]).strip()


def a_day_later(world: World) -> None:
    world.clock.advance(days=1)
    world.report()


def delivered(world: World) -> None:
    for mail in world.deliveries:
        world.feedback("delivery", mail)


@pytest.mark.moto
def test_the_report_has_deliveries_and_counts(world: World) -> None:
    world.confirmed()
    world.week()
    delivered(world)
    world.confirmed(**WILMETTE)
    a_day_later(world)
    [mail] = world.mails("report")
    assert mail.to == "letters@enddemand.example"
    assert subject(world) == "Letters of November 24, 2026: 1 sent, 0 not sent (End Demand Illinois)"
    assert section(world, "Sent").endswith("1 letter Police Chief Avery Sample, Evanston Police Department")
    assert "go out on Monday, November 30, 2026 at the earliest. 1 letter Police Chief" in section(
        world, "Waiting for the next delivery"
    )
    figures = " ".join(mail.text.split())
    assert "Signatures 2 Goal 500" in figures
    assert "Letters sent 1 Letters not sent 0 Letters for the next delivery 1" in figures


def test_a_bounced_delivery_is_listed_with_what_to_do(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    a_day_later(world)
    text = section(world, "To decide")
    assert "The overview says what to do about each" in text
    assert "1 letter Police Chief Avery Sample, Evanston Police Department (the mail server refused it" in text
    assert "0 sent, 1 not sent" in subject(world)


def test_a_bounced_delivery_is_listed_each_week_until_it_is_solved(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    world.clock.advance(days=7)
    world.confirmed(email="bo@signers.example")
    world.week()
    a_day_later(world)
    text = section(world, "To decide")
    assert text.count("1 letter Police Chief Avery Sample") == 2, "the sealed letter, and the one in the tray"


def test_a_complaint_is_listed_as_delivered_with_what_to_do(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[0])
    a_day_later(world)
    assert "(it arrived, and someone there marked it as spam)" in section(world, "To decide")
    assert "1 sent, 0 not sent" in subject(world)


def test_letters_that_wait_after_a_complaint_are_listed(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[0])
    world.confirmed(email="bo@signers.example")
    a_day_later(world)
    assert "(on hold: someone there marked an email as spam)" in section(world, "To decide")


def test_letters_by_hand_wait_for_the_next_delivery_after_a_complaint(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[0])
    Decisions(world.stack).set_address(CAMPAIGN, "evanston", "", "cli", "the office wants paper")
    world.confirmed(email="bo@signers.example")
    a_day_later(world)
    assert "1 letter Police Chief" in section(world, "Waiting for the next delivery")


def test_an_email_without_an_outcome_is_in_every_later_report(world: World) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(days=13)
    a_day_later(world)
    assert "(nobody has said for three days whether it arrived)" in section(world, "To decide")


def test_a_bounced_email_whose_address_was_corrected_waits_for_a_retry(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    Campaigns(world.stack.table).put_target(CAMPAIGN, replace(target, email="new@evanston.example"))
    a_day_later(world)
    assert "(the email bounced, and the address has been changed since)" in section(world, "To decide")


def test_held_letters_are_listed_with_the_reason(world: World) -> None:
    world.confirmed()
    world.confirmed(**WILMETTE)
    decide(world, "hold", "evanston", why="the chief retires")
    world.week()
    a_day_later(world)
    assert "1 letter Police Chief Avery Sample, Evanston Police Department (the chief retires)" in section(
        world, "Not sent"
    )
    assert "(no answer yet)" in section(world, "Sent")


def test_the_report_of_a_paused_campaign_lists_waiting_letters(world: World) -> None:
    world.confirmed()
    decide(world, "pause")
    world.week()
    a_day_later(world)
    assert "1 letter Police Chief Avery Sample, Evanston Police Department (the campaign is paused)" in section(
        world, "Not sent"
    )


def test_letters_sealed_before_a_failure_are_listed_as_being_sent(world: World) -> None:
    world.confirmed()
    world.refusal = "AccessDeniedException"
    world.week()
    world.refusal = ""
    a_day_later(world)
    assert "1 letter Police Chief Avery Sample, Evanston Police Department (still being sent)" in section(
        world, "Not sent"
    )


def test_letters_are_counted_before_the_first_attempt(world: World) -> None:
    world.confirmed()
    world.plan()

    world.watch = Refusing({"s3:PutObject": "InternalError"}, status=500)
    world.run_queue()
    [delivery] = Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")
    assert (delivery.state, delivery.letters) == ("open", 0)
    a_day_later(world)
    assert "1 letter Police Chief Avery Sample, Evanston Police Department (still being sent)" in section(
        world, "Not sent"
    )


def test_a_campaign_without_sent_or_held_letters_gets_no_report(world: World) -> None:
    world.report()
    world.week()
    world.confirmed()
    a_day_later(world)
    assert world.mails("report") == []


def test_last_weeks_deliveries_are_not_reported_again(world: World) -> None:
    world.confirmed()
    world.week()
    delivered(world)
    world.clock.advance(days=7)
    world.week()
    a_day_later(world)
    assert world.mails("report") == []


def test_a_delivery_on_another_day_is_reported_the_day_after_and_not_again(world: World) -> None:
    world.clock.advance(days=-4)  # Friday
    world.run_job("report")
    world.confirmed()
    Decisions(world.stack).deliver(
        CAMPAIGN, "2026-11-20", "cli", "the council meets on Monday", seen_at=world.clock.now
    )
    world.run_queue()
    delivered(world)
    for _ in range(8):
        world.clock.advance(days=1)
        world.run_job("report")
        assert len(world.mails("report")) == 1
    assert subject(world) == "Letters of November 20, 2026: 1 sent, 0 not sent (End Demand Illinois)"
    assert "1 letter Police Chief Avery Sample, Evanston Police Department" in section(world, "Sent")


def test_a_delivery_that_goes_after_its_report_is_in_the_next_one(world: World) -> None:
    controls = Decisions(world.stack)
    world.confirmed()
    decide(world, "hold", "evanston", why="the chief retires")
    world.week()
    a_day_later(world)
    assert "0 sent, 1 not sent" in subject(world)
    world.clock.advance(hours=1)
    decide(world, "release", "evanston")
    controls.retry(DeliveryKey(CAMPAIGN, "evanston", "2026-11-24"), "cli", "")
    world.run_queue()
    delivered(world)
    a_day_later(world)
    assert "1 sent, 0 not sent" in subject(world)
    assert "delivery of November 24, 2026" in section(world, "Sent")


def test_a_period_has_only_one_report(world: World) -> None:
    world.confirmed()
    world.week()
    a_day_later(world)
    world.clock.advance(hours=7)  # the same day in Chicago, the next day in UTC
    world.report()
    world.report(CAMPAIGN)
    assert [mail.tags["period"] for mail in world.mails("report")] == ["2026-11-24"]


def test_a_period_can_have_an_email_about_letters_to_print_and_a_report(world: World) -> None:
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    Campaigns(world.stack.table).put_target(CAMPAIGN, replace(target, email=""))
    world.confirmed()
    world.week()
    a_day_later(world)
    assert [mail.tags["kind"] for mail in world.sent[-2:]] == ["ready", "report"]


def test_an_error_in_one_campaign_does_not_stop_the_other_reports(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaigns = Campaigns(world.stack.table)
    campaign = campaigns.campaign(CAMPAIGN)
    assert campaign
    world.confirmed()
    world.week()
    campaigns.put_campaign(replace(campaign, id="a-broken-one"))
    targets = type(campaigns).targets

    def broken(self: object, campaign: str, *, whole: bool = True) -> object:
        if campaign == "a-broken-one":
            raise OSError
        return targets(campaigns, campaign, whole=whole)

    with monkeypatch.context() as patch:
        patch.setattr(type(campaigns), "targets", broken)
        with pytest.raises(NotDoneError, match="failed for a-broken-one"):
            a_day_later(world)
    assert len(world.mails("report")) == 1
    world.report()
    assert len(world.mails("report")) == 1


def test_a_crash_after_sending_may_repeat_a_report_but_never_loses_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    world.week()

    def crash(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(MailClaims, "record_sent", crash)
        with pytest.raises(NotDoneError):
            a_day_later(world)
    world.report()
    world.report()
    assert len(world.mails("report")) == 2


def test_the_report_is_in_the_campaigns_language(world: World) -> None:
    world.change(language="es")
    world.confirmed()
    world.week()
    a_day_later(world)
    assert subject(world) == "Cartas del 24 de noviembre de 2026: enviadas 1, sin enviar 0 (End Demand Illinois)"
