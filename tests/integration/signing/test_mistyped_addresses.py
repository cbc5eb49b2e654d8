"""Test what a form with a mistyped email address does: our own form asks, before anything is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.pages import Page
from tests.support.world import ADA, FORM, NOWHERE, SITE, SLOW

if TYPE_CHECKING:
    from tests.support.world import Answer, World

TYPED, MEANT = "ada@gmial.com", "ada@gmail.com"
DEAD = f"ada@{NOWHERE}"


def send(world: World, **changes: object) -> Answer:
    """Send our own form, without JavaScript."""
    return world.sign(**{"email": TYPED, "asks": "1", **changes})


def test_our_form_carries_the_field_that_asks(world: World) -> None:
    assert Page(world.get(FORM).body).one("input", name="asks")["value"]


def test_our_form_asks_before_anything_is_stored(world: World) -> None:
    world.get(FORM)
    world.calls.clear()
    answer = send(world)
    assert answer.status == 422
    assert not [call for call in world.calls if "Get" not in call and "Query" not in call]
    page = Page(answer.body)
    assert "Did you mean ada@gmail.com?" in page.one("h2", id="meant").text
    assert [button["value"] for button in page.all("button", name="email_is")] == [MEANT, TYPED]
    assert page.one("input", name="name")["value"] == ADA["name"]
    assert page.one("input", name="email")["value"] == TYPED
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("button", "email"), [(MEANT, MEANT), (TYPED, TYPED)])
def test_each_button_of_the_question_signs_with_its_address(world: World, button: str, email: str) -> None:
    assert send(world, email_is=button).status == 200
    assert [address for address in (TYPED, MEANT) if world.letter(address)] == [email]


def test_an_address_that_was_changed_after_the_question_is_asked_about_anew(world: World) -> None:
    """Enter in a field presses the first button, whose address is of the question before."""
    assert "Did you mean ada@yahoo.com?" in send(world, email="ada@yaho.com", email_is=MEANT).body
    assert send(world, email="ada@signers.example", email_is=MEANT).status == 200
    assert not world.letter(MEANT)
    assert world.letter("ada@signers.example")


def test_the_question_is_in_the_pages_language_and_shows_a_hostile_address_safely(world: World) -> None:
    typed = "a'b&c@gmial.com"
    answer = world.post(f"{FORM}/signatures?lang=es", {**ADA, "email": typed, "asks": "1", "form": world.form()})
    page = Page(answer.body)
    assert page.one("h2", id="meant").text == "¿Quiso decir a'b&c@gmail.com?"
    assert [button["value"] for button in page.all("button", name="email_is")] == ["a'b&c@gmail.com", typed]


def test_a_mistake_in_another_field_comes_first(world: World) -> None:
    answer = send(world, name="")
    assert (answer.status, "Did you mean" in answer.body) == (422, False)


def test_our_forms_script_hears_of_the_question(world: World) -> None:
    """Its script then sends the form as a page, which asks."""
    answer = world.post(f"{FORM}/signatures", {**ADA, "email": TYPED, "asks": "1"}, as_json=True)
    assert (answer.status, answer.json["detail"]) == (422, "Did you mean ada@gmail.com?")
    assert not world.letter(TYPED)


def test_a_program_gets_the_usual_answer_with_the_address_that_was_meant(world: World) -> None:
    answer = world.post(f"{FORM}/signatures", {**ADA, "email": TYPED}, as_json=True)
    assert (answer.status, answer.json["did_you_mean"]) == (202, MEANT)
    assert world.letter(TYPED)
    right = world.post(f"{FORM}/signatures", {**ADA, "email": "ada@gmail.com"}, as_json=True)
    assert (right.status, "did_you_mean" in right.json) == (202, False)


def test_an_organizations_own_form_is_not_asked(world: World) -> None:
    world.change_and_wait(allowed_origins=(SITE,))
    answer = world.post(f"{FORM}/signatures", {**ADA, "email": TYPED}, headers={"origin": SITE})
    assert answer.status == 200
    assert world.letter(TYPED)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("ada@gmail..com", "Enter an email address in the correct format. Did you mean ada@gmail.com?"),
        ("ada@gmail.c", "Enter an email address in the correct format"),
        ("ada@gmail.c0m", "Enter an email address in the correct format"),
    ],
)
def test_a_domain_that_cannot_exist_is_an_error_at_the_field(world: World, typed: str, message: str) -> None:
    page = Page(send(world, email=typed).body)
    assert page.one("p", id="email-error").text.strip() == f"Error: {message}"


def test_our_form_asks_about_a_domain_that_takes_no_email_before_anything_is_stored(world: World) -> None:
    world.get(FORM)
    world.calls.clear()
    answer = send(world, email=DEAD)
    assert (answer.status, answer.headers["cache-control"]) == (422, "no-store")
    assert not [call for call in world.calls if "Get" not in call and "Query" not in call]
    page = Page(answer.body)
    assert page.one("h2", id="meant").text == f"Is {DEAD} right?"
    assert "Its domain takes no email" in answer.words
    assert page.field("email")["value"] == DEAD
    assert page.field("name")["value"] == ADA["name"]
    assert [button["value"] for button in page.all("button", name="email_is")] == [DEAD]


def test_a_domain_that_takes_no_email_is_kept_if_its_sender_says_so(world: World) -> None:
    assert send(world, email=DEAD, email_is=DEAD).status == 200
    assert world.letter(DEAD)


def test_the_address_that_corrects_a_domain_is_taken(world: World) -> None:
    """Enter in a field presses the first button, whose address is of the question before."""
    assert send(world, email="ada@signers.example", email_is=DEAD).status == 200
    assert not world.letter(DEAD)
    assert world.letter("ada@signers.example")


def test_a_dns_that_gives_no_answer_asks_nothing(world: World) -> None:
    assert send(world, email=f"ada@{SLOW}").status == 200
    assert world.letter(f"ada@{SLOW}")


def test_only_our_form_asks_about_a_domain_that_takes_no_email(world: World) -> None:
    assert world.post(f"{FORM}/signatures", {**ADA, "email": DEAD}, as_json=True).status == 202
    answer = world.post(f"{FORM}/signatures?lang=es", {**ADA, "email": DEAD, "asks": "1"}, as_json=True)
    assert (answer.status, answer.json["detail"]) == (422, "El dominio de esta dirección no recibe correo.")
