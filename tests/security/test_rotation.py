"""Rotation: a new key for tokens. Links in emails sent before survive one rotation, and nobody's letter is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.organizers import someone
from tests.support.world import CAMPAIGN, client_of
from undersigned.base.errors import UndersignedError
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from tests.support.world import World

SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


def secret_value(world: World) -> str:
    held = client_of("secretsmanager").get_secret_value(SecretId=world.stack.settings.secret_arn)
    return str(held["SecretString"])


@pytest.mark.asvs("11.2.2")
def test_links_survive_one_rotation_and_end_with_the_second(world: World, rotate: Any) -> None:
    before = world.confirmed().link("confirm")
    assert rotate().count("stop working") == 0
    assert world.get(before).status == 200
    between = world.confirmed(email="bo@signers.example").link("confirm")
    assert "stop working" in rotate("--yes")
    assert world.get(before).status == 404
    assert world.get(between).status == 200
    rotate("--yes")
    assert world.get(between).status == 404


@pytest.mark.asvs("7.4.5", "11.1.1", "13.3.1")
def test_after_a_leak_two_rotations_end_every_earlier_link(world: World, rotate: Any) -> None:
    leaked = world.confirmed().link("confirm")
    rotate(minutes=0)
    rotate("--yes", minutes=5)
    assert world.get(leaked).status == 404
    world.sign()
    world.run_stream()
    assert world.get(world.sent[-1].link("letters")).status == 200


@pytest.mark.asvs("9.1.3")
def test_running_functions_learn_of_a_rotation(world: World, rotate: Any) -> None:
    """No function is started anew here: the email's link is made in one process, and opened in another."""
    world.sign()
    world.run_stream()
    for number in range(3):
        rotate("--yes")
        world.sign(email=f"signer{number}@signers.example")
        world.run_stream()
        assert world.press(world.sent[-1].link("confirm")).status == 200


def test_until_every_function_knows_the_new_key_nothing_is_signed_with_it(world: World, rotate: Any) -> None:
    """A function that read the secret a moment before the rotation reads it again within five minutes."""
    world.get("/letters/x")
    rotate(minutes=0)
    world.restart("send_confirmations")
    world.sign()
    world.run_stream()
    assert world.get(world.sent[-1].link("confirm")).status == 200


def test_a_rotation_changes_no_signers_id(world: World, rotate: Any) -> None:
    world.confirmed()
    plain = secret_value(world)
    rotate()
    rotate("--yes")
    world.sign()
    world.run_stream()
    assert world.sent[-1].tags["kind"] == "confirmation"
    assert world.counts()["TOTAL"] == 1
    assert json.loads(secret_value(world))["signers"] == plain
    assert plain not in json.dumps(json.loads(secret_value(world))["tokens"])


def test_forms_and_sessions_survive_a_rotation(world: World, rotate: Any) -> None:
    organizer = someone(world, "editor")
    post_token, opened = organizer.token, world.form()
    rotate()
    world.sign(form=opened)
    world.run_stream()
    assert world.sent[-1].tags["kind"] == "confirmation"
    [sent] = world.forms()
    assert sent.quarantine is None
    assert organizer.post("/targets/evanston/hold", {"why": "x", "token": post_token}).status == 303


def test_rotating_again_asks_first(world: World, rotate: Any) -> None:
    link = world.confirmed().link("confirm")
    rotate()
    value = secret_value(world)
    assert "Aborted" in rotate(answer="n\n")
    with pytest.raises(UndersignedError, match="to go ahead without a question, add --yes"):
        rotate(answer="")
    assert secret_value(world) == value
    assert world.get(link).status == 200


def test_a_rotation_is_in_each_campaigns_activity_log(world: World, rotate: Any) -> None:
    rotate()
    assert [entry.action for _, entry in Campaigns(world.stack.table).newest_audit(CAMPAIGN, None)] == ["rotate secret"]


def test_the_command_prints_no_key(world: World, rotate: Any) -> None:
    output = rotate()
    assert not any(key["key"] in output for key in json.loads(secret_value(world))["tokens"])
