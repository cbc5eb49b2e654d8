"""Test *Change it* on the page after signing: the form comes back filled in, and is sent as a new one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.pages import Page
from tests.support.world import ADA, FORM, SITE

if TYPE_CHECKING:
    from tests.support.world import Answer, World

TYPED, RIGHT = "ada@signers.exmaple", "ada@signers.example"
STROKES = json.dumps([[40, 120, 80, 30, 110, 150, 180, 60]])


def send(world: World, **changes: Any) -> Answer:
    """Send our own form, without JavaScript, with the wrong address."""
    values = {**ADA, "email": TYPED, "asks": "1", "form": world.form(), **changes}
    return world.post(f"{FORM}/signatures", values)


def posted(answer: Answer) -> dict[str, str]:
    """Return what the button of the page after signing sends."""
    page = Page(answer.body)
    assert page.one("button")["formaction"] == f"{FORM}/preview?lang=en#email"
    return {str(it["name"]): str(it["value"]) for it in page.all("input", type="hidden")}


def change(world: World, answer: Answer) -> Answer:
    """Press *Change it*."""
    return world.post(f"{FORM}/preview", posted(answer))


def own_form(page: Page) -> dict[str, str | None]:
    return {name: page.field(name).attributes.get("value") for name in ADA}


def test_the_page_after_signing_repeats_the_address_in_an_answer_that_nobody_keeps(world: World) -> None:
    answer = send(world, email="Ada@Signers.exmaple")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert Page(answer.body).all("bdi")[0].text == "Ada@Signers.exmaple"
    assert "location" not in answer.headers
    assert not answer.cookies


def test_a_reload_of_the_scripts_page_knows_no_address_and_has_no_way_back(world: World) -> None:
    page = Page(world.get(f"{FORM}/signed").body)
    assert "Check your email" in page.one("h1").text
    assert not page.all("button")


def test_the_form_comes_back_with_all_that_was_typed(world: World) -> None:
    world.change_and_wait(sources=("flyer",))
    sent = {
        "region": "Illinois", "note": "My <own>\nwords", "drawing": STROKES, "updates": "yes", "letter_language": "es",
        "source": "flyer", "topic": "",
    }  # fmt: skip
    answer = change(world, send(world, **sent))
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    page = Page(answer.body)
    assert own_form(page) == {**ADA, "email": TYPED, "region": "Illinois"}
    assert page.one("textarea", name="note").text == "My <own>\nwords"
    assert page.field("drawing")["value"] == STROKES
    assert page.field("source")["value"] == "flyer"
    assert "checked" in page.field("updates")
    assert [it["value"] for it in page.all("input", name="letter_language") if "checked" in it] == ["es"]


def test_the_corrected_form_is_a_new_one_and_the_first_one_waits_until_it_expires(world: World) -> None:
    back = Page(change(world, send(world)).body)
    world.post(f"{FORM}/signatures", {**ADA, "email": RIGHT, "form": back.field("form")["value"]})
    world.run_stream()
    assert [sent.to for sent in world.sent] == [TYPED, RIGHT]
    wrong, right = world.sent
    assert world.press(right.link("confirm")).status == 200
    world.run_stream()
    assert world.row(RIGHT).status == "confirmed"
    assert world.row(TYPED).status == "pending"
    assert {*world.counts().values()} <= {0, 1}, "the first form counts for nothing"
    world.clock.advance(days=14, seconds=1)
    assert world.press(wrong.link("confirm")).status == 410


def test_a_corrected_form_with_the_same_address_gets_an_email(world: World) -> None:
    """It was the name that was wrong."""
    change(world, send(world, email=RIGHT, name="Aad Specimen"))
    send(world, email=RIGHT)
    world.run_stream()
    assert [sent.to for sent in world.sent] == [RIGHT, RIGHT]
    assert world.row().quarantine is None
    assert world.press(world.sent[-1].link("confirm")).status == 200
    assert world.row().words.name == "Ada Specimen"


def test_a_reload_of_the_page_after_signing_sends_no_second_email(world: World) -> None:
    form = world.form()
    send(world, form=form)
    world.clock.advance(seconds=50)
    send(world, form=form)
    world.run_stream()
    assert len(world.sent) == 1


def test_the_page_after_signing_is_the_same_whether_the_person_has_signed_before_or_not(world: World) -> None:
    world.confirmed(email=TYPED)
    world.clock.advance(hours=1)
    form = world.form()
    fresh, before = (send(world, email=email, form=form).body for email in ("new@signers.example", TYPED))
    assert fresh.replace("new@signers.example", TYPED) == before


def test_an_organizations_own_form_with_a_page_of_its_own_still_leads_there(world: World) -> None:
    world.change_and_wait(allowed_origins=(SITE,))
    answer = world.post(f"{FORM}/signatures", {**ADA, "thanks": f"{SITE}/thanks"}, headers={"origin": SITE})
    assert (answer.status, answer.headers["location"]) == (303, f"{SITE}/thanks")


def test_the_way_back_is_in_spanish_and_in_the_frame(world: World) -> None:
    query = "?lang=es&embedded=1&theme=dark"
    values = {**ADA, "email": TYPED, "form": world.form()}
    page = Page(world.post(f"{FORM}/signatures{query}", values).body)
    assert page.one("button").text == "Cambiarla"
    assert page.one("button")["formaction"] == f"{FORM}/preview{query}#email"
    answer = world.post(f"{FORM}/preview{query}", values)
    assert answer.headers["content-security-policy"].endswith("frame-ancestors *")
    assert Page(answer.body).one("form")["action"] == f"{FORM}/signatures{query}#top"


def test_hostile_values_stay_values(world: World) -> None:
    answer = send(world, note='"><script>alert(1)</script>', email="a'b&c@signers.exmaple")
    assert "<script>alert" not in answer.body
    assert posted(answer)["note"] == '"><script>alert(1)</script>'
    assert Page(answer.body).all("bdi")[0].text == "a'b&c@signers.exmaple"
    assert "<script>alert" not in change(world, answer).body
