"""Organizers' access: who gets in, and what they can submit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doors.doors import FOREIGN_SITES
from tests.support.organizers import Browser, add, code_in
from tests.support.world import CAMPAIGN, PUBLIC_URL
from undersigned.base.settings import Settings

if TYPE_CHECKING:
    from tests.support.world import World

EDITOR = "maria@enddemand.example"


@pytest.mark.parametrize("public_url", [PUBLIC_URL, ""], ids=["own domain", "no domain"])
def test_another_site_cannot_sign_an_organizer_in(
    world: World, monkeypatch: pytest.MonkeyPatch, public_url: str
) -> None:
    add(world, EDITOR, "editor")
    browser = Browser(world)
    browser.ask(EDITOR)
    code = code_in(world.sent[-1])
    stack = world.stacks["organizer_api"]
    monkeypatch.setattr(stack, "settings", Settings({**stack.settings.variables, "PUBLIC_URL": public_url}))
    answers = [browser.type_code(code, headers=headers) for headers in FOREIGN_SITES]
    assert {(answer.status, answer.cookies) for answer in answers} == {(403, ())}
    # A browser that only sends its Origin is accepted, whether the stack has a domain of its own or not.
    assert browser.type_code(code, headers={"origin": PUBLIC_URL}).status == 303


@pytest.mark.asvs("14.2.1")
def test_an_email_address_in_a_url_of_the_api_finds_nothing(world: World) -> None:
    world.sign()
    world.put_key("us_letters", "letters")

    headers = {"authorization": "Bearer us_letters"}
    answer = world.get(
        f"/organizer/campaigns/{CAMPAIGN}/signatures?status=pending&email=bo@signers.example", headers=headers
    )

    assert (answer.status, "bo@" in answer.body) == (200, False)
    assert [row["email"] for row in answer.json["signatures"]] == ["ada@signers.example"]
