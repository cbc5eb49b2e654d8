"""Test the way back from the page after signing: the form comes back filled in, and the one that was sent goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages import Page
from tests.world import ADA, CAMPAIGN, FORM, SITE

if TYPE_CHECKING:
    from tests.world import Answer, World

TYPED, RIGHT = "ada@signers.exmaple", "ada@signers.example"
STROKES = json.dumps([[40, 120, 80, 30, 110, 150, 180, 60]])


def send(world: World, **changes: Any) -> Answer:
    """Send our own form, without JavaScript, with the wrong address."""
    source = changes.pop("source_address", "203.0.113.7")
    values = {**ADA, "email": TYPED, "asks": "1", "form": world.form(), **changes}
    return world.post(f"{FORM}/signatures", values, source=source)


def posted(answer: Answer) -> dict[str, str]:
    """Return what the button of the page after signing sends."""
    page = Page(answer.body)
    button = page.one("button", name="redo")
    assert button["formaction"] == f"{FORM}/redo?lang=en"
    fields = page.all("input", type="hidden")
    return {str(it["name"]): str(it["value"]) for it in (*fields, button)}


def redo(world: World, answer: Answer) -> Answer:
    """Press *Change it*."""
    return world.post(f"{FORM}/redo", posted(answer))


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
    answer = redo(world, send(world, **sent))
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    page = Page(answer.body)
    assert own_form(page) == {**ADA, "email": TYPED, "region": "Illinois"}
    assert page.one("textarea", name="note").text == "My <own>\nwords"
    assert page.field("drawing")["value"] == STROKES
    assert page.field("source")["value"] == "flyer"
    assert "checked" in page.field("updates")
    assert [it["value"] for it in page.all("input", name="letter_language") if "checked" in it] == ["es"]
    assert "The form that you sent is deleted, unless it is confirmed already" in page.one("p", role="alert").text


def test_the_first_form_is_deleted_and_only_the_corrected_one_is_confirmed_and_counted(world: World) -> None:
    first = send(world)
    world.run_stream()
    [wrong] = world.sent
    back = Page(redo(world, first).body)
    assert world.letter(TYPED) is None
    for value in ("Ada", "exmaple"):
        assert value not in json.dumps(world.items())
    world.run_stream()
    world.post(f"{FORM}/signatures", {**ADA, "email": RIGHT, "form": back.field("form")["value"]})
    world.run_stream()
    right = world.sent[-1]
    assert [sent.to for sent in world.sent] == [TYPED, RIGHT]
    dead = world.press(wrong.link("confirm"))
    assert dead.status == 410
    assert "This letter was deleted" in dead.body
    assert "its sender corrected the form" in dead.body
    assert world.get(wrong.link("disown")).status == 410
    assert world.press(right.link("confirm")).status == 200
    world.run_stream()
    assert {*world.wiring.counts.counts(CAMPAIGN).values()} <= {0, 1}, "the first form counts for nothing"
    world.clock.advance(days=2)
    world.begin_reconciling(CAMPAIGN)
    assert world.run_waiting_mails() == []


def test_an_email_that_has_not_left_is_not_sent(world: World) -> None:
    redo(world, send(world))
    world.run_stream()
    assert world.sent == []


def test_an_email_that_waits_for_ses_is_not_sent(world: World) -> None:
    first = send(world)
    world.throttles = 50
    world.run_stream()
    world.throttles = 0
    redo(world, first)
    world.clock.advance(hours=1)
    world.run_waiting_mails()
    assert world.sent == []


def test_a_corrected_form_with_the_same_address_gets_an_email(world: World) -> None:
    """It was the name that was wrong."""
    first = send(world, email=RIGHT, name="Aad Specimen")
    world.run_stream()
    redo(world, first)
    send(world, email=RIGHT)
    world.run_stream()
    assert [sent.to for sent in world.sent] == [RIGHT, RIGHT]
    assert world.row().quarantine is None
    assert world.press(world.sent[-1].link("confirm")).status == 200
    assert world.row().name == "Ada Specimen"


def test_a_reload_of_the_page_after_signing_sends_no_second_email_and_deletes_the_form_all_the_same(
    world: World,
) -> None:
    form = world.form()
    send(world, form=form)
    world.clock.advance(seconds=50)
    again = send(world, form=form)
    world.run_stream()
    assert len(world.sent) == 1
    redo(world, again)
    assert world.letter(TYPED) is None


def test_pressing_twice_is_harmless_and_spares_the_form_that_came_later(world: World) -> None:
    first = send(world)
    assert redo(world, first).status == redo(world, first).status == 200
    send(world, note="Said better")
    redo(world, first)
    assert world.letter(TYPED)


def test_a_confirmed_letter_stays_and_the_answer_is_the_same(world: World) -> None:
    world.confirmed(email=TYPED)
    before = world.letter(TYPED)
    world.clock.advance(hours=1)
    fresh = send(world, email="new@signers.example")
    signed_before = send(world)
    names = [name for name in posted(fresh) if name != "redo"]
    assert [name for name in posted(signed_before) if name != "redo"] == names
    assert len(posted(fresh)["redo"]) == len(posted(signed_before)["redo"])
    world.calls.clear()
    answers = [redo(world, fresh)]
    calls = [*world.calls]
    world.calls.clear()
    world.clock.advance(seconds=2)
    answers.append(redo(world, signed_before))
    assert world.calls == calls
    assert {(answer.status, Page(answer.body).one("p", role="alert").text) for answer in answers} == {
        (200, Page(answers[0].body).one("p", role="alert").text)
    }
    assert before
    assert world.letter(TYPED) == before


def test_a_letter_that_was_confirmed_first_stays(world: World) -> None:
    first = send(world)
    world.run_stream()
    world.press(world.sent[-1].link("confirm"))
    assert redo(world, first).status == 200
    kept = world.letter(TYPED)
    assert kept
    assert kept.status == "confirmed"
    assert "Thank you" in world.press(world.sent[-1].link("confirm")).body


def test_somebody_elses_form_with_the_same_address_stays(world: World) -> None:
    """Each of the two forms waits with words of its own, and an email of its own."""
    send(world, note="The words of the person with this address", source_address="198.51.100.5")
    mine = send(world, note="The words of somebody who mistyped theirs")
    redo(world, mine)
    left = world.letter(TYPED)
    assert left
    assert (left.note, left.status) == ("The words of the person with this address", "pending")
    world.run_stream()
    assert len(world.sent) == 1
    assert world.press(world.sent[0].link("confirm")).status == 200


@pytest.mark.parametrize("minutes", [1, 10], ids=["at once", "later"])
def test_a_copy_of_somebody_elses_form_deletes_nothing(world: World, minutes: int) -> None:
    send(world)
    world.run_stream()
    world.clock.advance(minutes=minutes)
    copy = send(world, source_address="198.51.100.5")
    redo(world, copy)
    assert world.letter(TYPED)
    assert world.press(world.sent[0].link("confirm")).status == 200


def test_a_row_that_remembers_an_erasure_stays_and_a_later_form_still_looks_suspicious(world: World) -> None:
    send(world)
    world.wiring.signing.erasing.erase(CAMPAIGN, world.row(TYPED).signer)
    erased_at = world.row(TYPED).erased_at
    world.clock.advance(hours=1)
    redo(world, send(world))
    kept = world.row(TYPED)
    assert (kept.status, kept.is_empty, kept.erased_at, kept.name) == ("erased", True, erased_at, "")
    send(world)
    world.run_stream()
    assert world.row(TYPED).quarantine == "erased before"


def test_the_token_deletes_its_own_form_and_opens_nothing(world: World) -> None:
    first, other = send(world), send(world, email="bo@signers.example")
    token = posted(first)["redo"]
    damaged = f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}"
    answer = world.post(f"{FORM}/redo", {**posted(first), "redo": damaged})
    assert (answer.status, world.letter(TYPED) is None) == (200, False)
    assert "not been confirmed for 14 days" in Page(answer.body).one("p", role="alert").text
    assert own_form(Page(answer.body))["email"] == TYPED
    assert world.post(f"{FORM}/redo", {"redo": damaged}, as_json=True).status == 404
    for path in (f"/confirm/{token}", f"/letters/{token}", f"/disown/{token}"):
        assert world.get(path).status == 404
    redo(world, first)
    assert (world.letter(TYPED), world.letter("bo@signers.example") is None) == (None, False)
    assert posted(other)["redo"] != token


def test_an_old_page_brings_the_form_back_and_says_that_the_first_one_stays(world: World) -> None:
    first = send(world)
    world.clock.advance(days=3)
    assert "not been confirmed for 14 days" in redo(world, first).body
    assert world.letter(TYPED)
    assert world.post(f"{FORM}/redo", {"redo": posted(first)["redo"]}, as_json=True).status == 410


def test_a_token_of_another_campaign_is_not_taken(world: World) -> None:
    token = world.wiring.tokens.for_redo("another", row_of(world), "00000000-00000000")
    assert world.post(f"{FORM}/redo", {"redo": token}, as_json=True).status == 404


def row_of(world: World) -> str:
    send(world)
    return world.row(TYPED).signer


def test_a_program_deletes_the_form_that_it_sent(world: World) -> None:
    sent = world.post(f"{FORM}/signatures", {**ADA, "email": TYPED}, as_json=True)
    assert sent.status == 202
    answer = world.post(f"{FORM}/redo", {"redo": sent.json["redo"]}, as_json=True)
    assert (answer.status, "is deleted" in answer.json["detail"]) == (200, True)
    assert world.letter(TYPED) is None


def test_an_organizations_own_form_with_a_page_of_its_own_still_leads_there(world: World) -> None:
    world.change_and_wait(allowed_origins=(SITE,))
    answer = world.post(f"{FORM}/signatures", {**ADA, "thanks": f"{SITE}/thanks"}, headers={"origin": SITE})
    assert (answer.status, answer.headers["location"]) == (303, f"{SITE}/thanks")


def test_the_way_back_is_in_spanish_and_in_the_frame(world: World) -> None:
    query = "?lang=es&embedded=1&theme=dark"
    values = {**ADA, "email": TYPED, "form": world.form()}
    page = Page(world.post(f"{FORM}/signatures{query}", values).body)
    button = page.one("button", name="redo")
    assert (button.text, button["formaction"]) == ("Cambiarla", f"{FORM}/redo{query}#top")
    answer = world.post(f"{FORM}/redo{query}", {**values, "redo": button["value"]})
    again = Page(answer.body)
    assert "https://enddemand.example" in answer.headers["content-security-policy"].partition("frame-ancestors")[2]
    assert again.one("form")["action"] == f"{FORM}/signatures{query}#top"
    assert "se eliminó" in again.one("p", role="alert").text
    assert world.get(f"{FORM}/redo{query}").headers["location"] == f"{FORM}{query}"


def test_hostile_values_stay_values(world: World) -> None:
    answer = send(world, note='"><script>alert(1)</script>', email="a'b&c@signers.exmaple")
    assert "<script>alert" not in answer.body
    assert posted(answer)["note"] == '"><script>alert(1)</script>'
    assert Page(answer.body).all("bdi")[0].text == "a'b&c@signers.exmaple"
    assert "<script>alert" not in redo(world, answer).body
