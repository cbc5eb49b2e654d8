"""Organizers find letters by name: on the dashboard and with the command. No name is in an address."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pages import text_of
from tests.support.world import CAMPAIGN, DASHBOARD

if TYPE_CHECKING:
    from tests.support.organizers import Browser
    from tests.support.world import World

NAMES = ("Maria Rossi", "Ada Specimen", "Rössi, Ugo", "Bo Sample")


@pytest.fixture
def signed(world: World, manager: Browser) -> World:
    for number, name in enumerate(NAMES):
        world.clock.advance(seconds=1)
        world.sign(name=name, email=f"s{number}@signers.example")
    return world


def found(page: str) -> list[str]:
    return re.findall(rf'href="{DASHBOARD}/signatures/[0-9a-f]{{32}}"><bdi>([^<]*)</bdi>', page)


def test_the_dashboard_lists_the_letters_of_a_name(signed: World, manager: Browser) -> None:
    answer = manager.press("/signatures", {"find": " rossi "})
    assert answer.status == 200
    assert found(answer.body) == ["Rössi, Ugo", "Maria Rossi"]
    assert "Letters with “ rossi ” in the name" in text_of(answer)
    assert "We looked at" not in answer.body
    assert "location" not in answer.headers
    assert "No letters found." in text_of(manager.press("/signatures", {"find": "Bianchi"}))


def test_an_email_address_still_leads_to_its_letter(signed: World, manager: Browser) -> None:
    answer = manager.press("/signatures", {"find": "s3@signers.example"})
    assert answer.status == 303
    assert "Bo Sample" in manager.words(answer.headers["location"])


@pytest.mark.parametrize("name", ["", "x", "x" * 101])
def test_a_search_for_almost_everybody_is_refused(signed: World, manager: Browser, name: str) -> None:
    answer = manager.press("/signatures", {"find": name})
    assert answer.status == 400
    assert "Type a part of the name: 2 to 100 characters." in html.unescape(answer.body)


def test_a_search_reads_a_bounded_number_of_letters_and_says_so(signed: World, manager: Browser) -> None:
    signed.limit(names_read=2)
    first = manager.press("/signatures", {"find": "rossi"})
    assert found(first.body) == ["Rössi, Ugo"]
    assert "There may be more among older ones." in text_of(first)
    form = dict(re.findall(r'<input type="hidden" name="(find|cursor)" value="([^"]*)">', first.body))
    older = manager.press("/signatures", form)
    assert found(older.body) == ["Maria Rossi"]


def test_a_page_of_results_leads_to_the_next(signed: World, manager: Browser) -> None:
    for number in range(30):
        signed.clock.advance(seconds=1)
        signed.sign(name=f"Ann Many {number:02}", email=f"many{number}@signers.example")
    first = manager.press("/signatures", {"find": "many"})
    assert len(found(first.body)) == 25
    form = dict(re.findall(r'<input type="hidden" name="(find|cursor)" value="([^"]*)">', first.body))
    assert found(manager.press("/signatures", form).body) == [f"Ann Many {number:02}" for number in range(4, -1, -1)]


def test_only_who_may_manage_letters_can_search(signed: World, reader: Browser) -> None:
    assert reader.press("/signatures", {"find": "rossi"}).status == 403


def test_an_erased_letter_is_not_found_by_its_name(signed: World, manager: Browser) -> None:
    manager.press(f"/signatures/{signed.signer('s0@signers.example')}/erase", {"why": "asked by email"})
    assert found(manager.press("/signatures", {"find": "Maria"}).body) == []


def test_a_name_that_is_searched_is_in_no_log(
    signed: World, manager: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    page = manager.press("/signatures", {"find": "Maria Rossi"})
    assert not re.search("Maria|Rossi", capsys.readouterr().out)
    assert not re.search(r'(?:href|action)="[^"]*(?:Maria|Rossi)', page.body)


def test_the_command_lists_the_letters_of_a_name(signed: World, run: Any) -> None:
    rows = json.loads(run("signatures", CAMPAIGN, "--name", "rossi", "--json"))
    assert [row["full_name"] for row in rows] == ["Rössi, Ugo", "Maria Rossi"]
    assert json.loads(run("signatures", CAMPAIGN, "--name", "nobody", "--json")) == []
