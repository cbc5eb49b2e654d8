"""Waves: a script that reads the email of a whole domain confirms many letters, and an organizer undoes it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.search.interleavings import plain_letters_in, typeset_plainly
from tests.search.invariants import breaches
from tests.support.command_line import command_line
from tests.support.organizers import Browser, someone
from tests.support.pages import text_of as text_of_page
from tests.support.world import ADA, CAMPAIGN, world
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.printing import packets
from undersigned.signing.rows.signatures import Signatures
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import Sent, World

CLEAN, WAVE = 20, 40


@pytest.fixture
def attacked(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a stack where a script has confirmed 40 letters within an hour, among those of 20 people."""
    monkeypatch.setattr(packets, "typeset", typeset_plainly)
    with world(monkeypatch, fast=True) as made:
        for number in range(WAVE):
            made.clock.advance(seconds=80)
            sign(made, f"Bot {number:02}", "trap.example", f"203.0.113.{number}")
            if number % 2:
                sign(made, f"Person {number // 2:02}", f"people{number}.example", f"198.51.{number}.7")
        made.run_stream()
        made.run_waiting_mails()
        for mail in made.sent:
            assert made.post(mail.link("confirm")).status == 200
        made.run_stream()
        made.sent.clear()
        yield made


def sign(stack: World, name: str, domain: str, source: str, **changes: str) -> None:
    values = {**ADA, "name": name, "signature": name, "email": f"{name.replace(' ', '.')}@{domain}"}
    values |= {"address_line": address_of(name), "form": stack.form(), **changes}
    assert stack.post(f"/campaigns/{CAMPAIGN}/signatures", values, source=source).status == 200


def signed_in(stack: World) -> Browser:
    """Return an organizer who is signed in to the dashboard."""
    return someone(stack, "editor")


def address_of(name: str) -> str:
    return f"At {name}'s"


def arrived(stack: World) -> list[str]:
    """Return the names in all delivered packets."""
    return sorted(name for mail in stack.deliveries for name in plain_letters_in(mail))


def text_of(mail: Sent) -> str:
    return "\n".join(address_of(name) for name in plain_letters_in(mail))


PEOPLE = [f"Person {number:02}" for number in range(CLEAN)]
BOTS = [f"Bot {number:02}" for number in range(WAVE)]


@pytest.fixture
def run(attacked: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a command of an organizer and returns its output."""
    command_line(attacked, monkeypatch)

    def command(*arguments: str) -> str:
        result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    return command


def test_an_organizer_sees_a_wave_and_removes_exactly_its_letters(attacked: World, run: Any) -> None:
    [found] = json.loads(run("screen", CAMPAIGN, "--json"))
    shared = {each["criterion"]: (each["value"], each["letters"]) for each in found["shared"]}
    network, letters = shared["network"]
    assert (letters, shared["domain"]) == (WAVE, ("trap.example", WAVE))
    assert f'40 letters: --network "{network}"' in run("screen", CAMPAIGN)
    criteria = ["--network", network]
    assert run("screen", CAMPAIGN, *criteria).startswith("40 letters: waiting\n")
    assert (
        Signatures(attacked.stack.table).how_many_wait_each(CAMPAIGN, "evanston", "evanston")["evanston"]
        == CLEAN + WAVE
    )

    assert "40 letters erased." in run("screen", CAMPAIGN, *criteria, "--action", "erase", "--why", "a wave", "--yes")

    attacked.run_stream()
    attacked.clock.advance(seconds=2)
    assert attacked.get(f"/campaigns/{CAMPAIGN}/count", as_json=True).json["signatures"] == CLEAN
    attacked.week()
    assert arrived(attacked) == PEOPLE
    assert breaches(attacked, text_of=text_of) == []
    [entry] = [entry for entry in Campaigns(attacked.stack.table).audit(CAMPAIGN) if entry.action == "erase letters"]
    assert (entry.about, entry.why, entry.by) == (f"40: network {network}", "a wave", "command line")
    assert run("screen", CAMPAIGN, *criteria) == "No letters found.\n"


def test_the_button_beside_a_wave_selects_its_letters_and_no_others(attacked: World) -> None:
    organizer = signed_in(attacked)
    wave = dict(re.findall(r'name="(network)" value="([^"]+)"', organizer.see("/screening").body))
    selected = text_of_page(organizer.press("/screening", wave))
    assert "Waiting for the next delivery: 40" in selected
    assert selected.count("Nov 24, 2026, ") == 25
    assert "Bot 39" in selected
    assert "Person" not in selected
    assert "Not confirmed yet" not in selected


def test_letters_on_hold_count_and_are_not_sent_until_they_are_released(attacked: World, run: Any) -> None:
    held = run("screen", CAMPAIGN, "--domain", "@Trap.example", "--action", "hold", "--why", "a wave", "--yes")
    assert held == "40 letters: waiting\n40 letters on hold.\n"
    assert "There is nothing" not in held
    attacked.run_stream()
    attacked.clock.advance(seconds=2)
    assert attacked.get(f"/campaigns/{CAMPAIGN}/count", as_json=True).json["signatures"] == CLEAN + WAVE
    attacked.week()
    assert arrived(attacked) == PEOPLE
    assert Signatures(attacked.stack.table).how_many_held(CAMPAIGN) == WAVE
    attacked.reconcile()
    run("screen", CAMPAIGN, "--domain", "trap.example", "--action", "release", "--why", "a college", "--yes")
    attacked.clock.advance(days=7)
    attacked.week()
    assert arrived(attacked) == BOTS + PEOPLE
    assert breaches(attacked, text_of=text_of) == []
    actions = {entry.action: entry.about for entry in Campaigns(attacked.stack.table).audit(CAMPAIGN)}
    assert actions == {"release letters": "40: one email domain", "hold letters": "40: one email domain"}


@pytest.mark.parametrize(("budgets", "mailed"), [(True, 10), (False, WAVE)])
def test_only_the_budget_stops_a_wave_of_forms_to_strangers(
    monkeypatch: pytest.MonkeyPatch, *, budgets: bool, mailed: int
) -> None:
    """With room in the budgets, each form without a token causes an email."""
    with world(monkeypatch, fast=True) as made:
        if not budgets:
            made.variables["MAIL_BUDGETS"] = "100 100 100 100"
            made.restart("send_confirmations")
        for number in range(WAVE):
            values = {**ADA, "email": f"stranger{number}@made-up{number}.example", "form": ""}
            source = f"203.0.113.{number}"
            assert made.post(f"/campaigns/{CAMPAIGN}/signatures", values, source=source).status == 200
        made.run_stream()
        assert len(made.sent) == mailed
