"""The report: a day after the weekly run, the organizer reads once what was sent, what was not, and what to do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.world import CAMPAIGN
from undersigned.services.organizer_post import NotToldError

if TYPE_CHECKING:
    from tests.world import Sent, World

WILMETTE = {"email": "bo@signers.example", "postal_code": "60091"}


def reports(world: World) -> list[Sent]:
    return [mail for mail in world.sent if mail.tags["kind"] == "report"]


def subject(world: World) -> str:
    """Return the last report's subject; one that fills its line comes folded, behind a blank."""
    return str(reports(world)[-1].mail["Subject"]).strip()


def section(world: World, heading: str) -> str:
    """Return a part of the last report's text, in one line."""
    text = reports(world)[-1].text.replace("\r", "")
    found = re.search(rf"\n{heading.upper()}\n(.*?)\n\n(?:[A-Z, ]+\n|Open the dashboard)", text, re.DOTALL)
    assert found, f"no {heading} in:\n{text}"
    return " ".join(found[1].split())


def a_day_later(world: World) -> None:
    world.clock.turn(days=1)
    world.report()


def delivered(world: World) -> None:
    for mail in world.deliveries:
        world.feedback("delivery", mail)


def test_it_says_what_arrived_and_how_the_count_stands(world: World) -> None:
    world.confirmed()
    world.week()
    delivered(world)
    world.confirmed(**WILMETTE)
    a_day_later(world)
    [mail] = reports(world)
    assert mail.to == "letters@enddemand.example"
    assert subject(world) == "Letters of November 24, 2026: 1 sent, 0 not sent (End Demand Illinois)"
    assert "You don’t need to do anything. 1 letter Police Chief Avery Sample" in section(world, "Delivered")
    assert "go out on Monday, November 30, 2026. 1 letter Police Chief" in section(
        world, "Waiting for the next delivery"
    )
    figures = " ".join(mail.text.split())
    assert "Signatures 2 Goal 500" in figures
    assert "Letters sent 1 Letters not sent 0 Letters for the next delivery 1" in figures


def test_what_came_back_is_named_with_what_to_do(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    a_day_later(world)
    said = section(world, "Bounced")
    assert "Find the correct address" in said
    assert "1 letter Police Chief Avery Sample, Evanston Police Department (Permanent bounce, General)" in said
    assert "0 sent, 1 not sent" in subject(world)


def test_it_is_named_again_each_week_until_it_is_mended(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    world.clock.turn(days=7)
    world.confirmed(email="bo@signers.example")
    world.week()
    a_day_later(world)
    said = section(world, "Bounced")
    assert said.count("1 letter Police Chief Avery Sample") == 2, "the sealed letter, and the one in the tray"


def test_a_complaint_arrived_and_needs_a_call(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[0])
    a_day_later(world)
    assert "Call the office" in section(world, "Delivered, marked as spam")


def test_letters_that_the_organizer_holds_are_named_with_the_reason(world: World) -> None:
    world.confirmed()
    world.confirmed(**WILMETTE)
    world.wiring.delivery_controls().hold(CAMPAIGN, "evanston", "cli", "the chief retires")
    world.week()
    a_day_later(world)
    assert "1 letter Police Chief Avery Sample, Evanston Police Department (the chief retires)" in section(
        world, "On hold"
    )
    assert "1 letter" in section(world, "Sent")


def test_letters_that_nobody_approved_are_named(world: World) -> None:
    campaign = world.wiring.campaigns.campaign(CAMPAIGN)
    assert campaign
    world.wiring.campaigns.put_campaign(replace(campaign, approval=True))
    world.confirmed()
    world.week()
    a_day_later(world)
    assert "Approve them with the link" in section(world, "Waiting for your approval")


def test_a_campaign_that_pauses_is_told_what_waits(world: World) -> None:
    world.confirmed()
    world.wiring.delivery_controls().pause(CAMPAIGN, "cli", "")
    world.week()
    a_day_later(world)
    assert "Resume it when the letters can go. 1 letter" in section(world, "Campaign paused")


def test_letters_sealed_before_a_failure_are_still_on_the_way(world: World) -> None:
    world.confirmed()
    world.refusal = "AccessDeniedException"
    world.week()
    world.refusal = ""
    a_day_later(world)
    assert "1 letter Police Chief Avery Sample" in section(world, "Being sent")


def test_letters_are_counted_before_their_mail_was_ever_tried(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.confirmed()
    world.plan()

    def crash(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("undersigned.aws.packet_store.Bucket.put", crash)
    world.run_queue()
    [delivery] = world.wiring.deliveries.deliveries(CAMPAIGN, "evanston")
    assert (delivery.state, delivery.letters) == ("open", 0)
    a_day_later(world)
    assert "1 letter Police Chief Avery Sample" in section(world, "Being sent")


def test_a_campaign_of_which_nothing_was_sent_or_held_gets_none(world: World) -> None:
    world.report()
    world.week()
    world.confirmed()
    a_day_later(world)
    assert reports(world) == []


def test_last_weeks_deliveries_are_not_told_again(world: World) -> None:
    world.confirmed()
    world.week()
    delivered(world)
    world.clock.turn(days=7)
    world.week()
    a_day_later(world)
    assert reports(world) == []


def test_one_period_has_one_report_however_often_it_is_made(world: World) -> None:
    world.confirmed()
    world.week()
    a_day_later(world)
    world.clock.turn(hours=7)  # the same day in Chicago, the next one in UTC
    world.report()
    world.report(CAMPAIGN)
    assert [mail.tags["period"] for mail in reports(world)] == ["2026-11-24"]


def test_an_approval_mail_of_the_period_leaves_room_for_its_report(world: World) -> None:
    campaign = world.wiring.campaigns.campaign(CAMPAIGN)
    assert campaign
    world.wiring.campaigns.put_campaign(replace(campaign, approval=True))
    world.confirmed()
    world.plan()
    a_day_later(world)
    assert [mail.tags["kind"] for mail in world.sent[-2:]] == ["approval", "report"]


def test_one_campaigns_trouble_keeps_no_other_from_its_report(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    campaigns = world.wiring.campaigns
    campaign = campaigns.campaign(CAMPAIGN)
    assert campaign
    world.confirmed()
    world.week()
    campaigns.put_campaign(replace(campaign, id="a-broken-one"))
    targets = type(campaigns).targets

    def broken(self: object, campaign: str) -> object:
        if campaign == "a-broken-one":
            raise OSError
        return targets(campaigns, campaign)

    with monkeypatch.context() as patch:
        patch.setattr(type(campaigns), "targets", broken)
        with pytest.raises(NotToldError, match="the organizers of a-broken-one could not be emailed"):
            a_day_later(world)
    assert len(reports(world)) == 1
    world.report()
    assert len(reports(world)) == 1


def test_a_crash_between_sending_and_writing_it_down_may_send_it_again_and_never_loses_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    world.week()

    def crash(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(type(world.wiring.mail_claims), "record_sent", crash)
        with pytest.raises(NotToldError):
            a_day_later(world)
    world.report()
    world.report()
    assert len(reports(world)) == 2


def test_a_provider_that_swallows_our_mails_is_named(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example")
    for number in range(10):
        world.sign(email=f"signer{number}@swallows.example")
    world.run_stream()
    world.week()
    a_day_later(world)
    assert "swallows.example: 10 signed, 0 confirmed" in section(world, "Few people confirm with these email providers")
    html = reports(world)[0].mail.get_body(("html",))
    assert html
    assert "<td>swallows.example</td><td>10</td><td>0</td>" in html.get_content()


def test_it_speaks_the_campaigns_language(world: World) -> None:
    campaign = world.wiring.campaigns.campaign(CAMPAIGN)
    assert campaign
    world.wiring.campaigns.put_campaign(replace(campaign, language="es"))
    world.confirmed()
    world.week()
    a_day_later(world)
    assert subject(world) == "Cartas del 24 de noviembre de 2026: enviadas 1, sin enviar 0 (End Demand Illinois)"
