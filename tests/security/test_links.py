"""Links of signers: they end by themselves, however often they are opened, and a signer can end them all."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.world import CAMPAIGN
from undersigned.domain.tokens import VALID_FOR

if TYPE_CHECKING:
    from tests.world import Answer, Sent, World

A_DAY_BEFORE_THE_END = VALID_FOR["letter"] - timedelta(days=1)


def own_link(world: World, mail: Sent) -> str:
    """Return the address of the letter to which an email's link leads."""
    link = mail.link("confirm" if "/confirm/" in mail.text else "letters")
    return str(world.get(link, as_json=True).json["links"]["letter"])


@pytest.mark.asvs("6.5.1")
def test_opening_a_letter_does_not_prolong_its_link(world: World) -> None:
    link = own_link(world, world.confirmed())
    world.clock.advance(days=A_DAY_BEFORE_THE_END.days)
    renewed = world.get(link, as_json=True).json["links"]["letter"]
    assert world.get(f"{link}/withdraw").headers["location"].startswith(renewed)
    world.clock.advance(days=2)
    assert world.get(renewed).status == 410


def test_the_links_after_confirming_and_withdrawing_end_with_the_email(world: World) -> None:
    world.sign()
    world.run_stream()
    confirm = world.sent[-1].link("confirm")
    world.clock.advance(days=13)
    [after_confirming] = re.findall(r'href="(/letters/[^"]+)', world.post(confirm).body)
    after_withdrawing = world.post(f"{own_link(world, world.sent[-1])}/withdraw", as_json=True).json["links"]["letter"]
    world.clock.advance(days=A_DAY_BEFORE_THE_END.days - 13)
    assert world.get(after_confirming).status == world.get(after_withdrawing).status == 200
    world.clock.advance(days=2)
    assert world.get(after_confirming).status == world.get(after_withdrawing).status == 410


def end_links(world: World, link: str) -> Answer:
    """Press the button on a letter's page."""
    page = world.get(link).body
    [action] = re.findall(r'action="(/letters/[^"]+/end-links[^"]*)"', page)
    world.clock.advance(seconds=1)
    answer = world.post(action)
    world.clock.advance(seconds=1)
    return answer


def test_a_signer_can_end_all_links(world: World) -> None:
    """Somebody else has the email, or a copy of the address."""
    mail = world.confirmed()
    link = own_link(world, mail)
    assert end_links(world, link).status == 200
    for method, path in (
        ("GET", mail.link("confirm")),
        ("POST", mail.link("confirm")),
        ("GET", link),
        ("GET", f"{link}/withdraw"),
        ("POST", f"{link}/withdraw"),
        ("GET", f"{link}/end-links"),
        ("POST", f"{link}/end-links"),
    ):
        answer = world.request(method, path)
        assert answer.status == 410, (method, path)
        assert "sign again" in answer.body
        assert "Specimen" not in answer.body


def test_a_link_that_ended_confirms_nothing(world: World) -> None:
    mail = world.confirmed()
    link = own_link(world, mail)
    assert world.post(f"{link}/withdraw").status == 200
    world.clock.advance(seconds=1)
    world.sign(note="A new letter")
    world.run_stream()
    new = world.sent[-1].link("confirm")
    assert new != mail.link("confirm")
    world.clock.advance(seconds=1)
    assert world.post(f"{link}/end-links").status == 200
    assert [world.post(path).status for path in (mail.link("confirm"), new)] == [410, 410]
    world.run_stream()
    assert world.wiring.counts.counts(CAMPAIGN).get("TOTAL", 0) == 0


@pytest.mark.parametrize("same", [True, False], ids=["the same form", "another form"])
def test_who_signs_again_gets_new_links_and_the_old_ones_stay_dead(world: World, *, same: bool) -> None:
    form = world.form()
    world.confirmed(form=form)
    old = own_link(world, world.sent[-1])
    end_links(world, old)
    world.sign(form=form if same else world.form())
    world.run_stream()
    new = own_link(world, world.sent[-1])
    assert world.get(new).status == 200
    assert world.get(old).status == 410
    assert world.post(f"{new}/withdraw").status == 200
    assert world.get(old).status == 410


def test_ending_links_keeps_the_letter(world: World) -> None:
    mail = world.confirmed()
    end_links(world, own_link(world, mail))
    world.run_stream()
    world.week()
    assert len(world.deliveries) == 1
    assert world.wiring.counts.counts(CAMPAIGN)["TOTAL"] == 1


def test_an_ended_link_stays_dead_after_the_letter_is_erased(world: World) -> None:
    mail = world.confirmed()
    end_links(world, own_link(world, mail))
    [row] = world.wiring.signatures.listed_signatures(CAMPAIGN)
    world.wiring.signing.erasing.erase(CAMPAIGN, row.signer)
    assert world.get(mail.link("confirm")).status == 410


def test_a_row_with_every_attribute_stays_below_a_kilobyte(world: World) -> None:
    """DynamoDB counts the bytes of names and values; a write of more than 1,024 costs twice as much."""
    mail = world.confirmed(note="Thank you for reading this.", updates="yes")
    end_links(world, own_link(world, mail))
    world.week()
    items = world.wiring.client("dynamodb").scan(TableName=world.wiring.settings.table_name)["Items"]
    [row] = [item for item in items if item["pk"]["S"].startswith("SIGNATURE#")]
    size = sum(len(name) + len(str(next(iter(value.values()))).encode()) for name, value in row.items())
    assert {"links_ended_at", "bundle", "tallied"} <= row.keys()
    assert size < 1024
