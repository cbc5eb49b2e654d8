"""A question of the organizer's own: on the form, with the letter, and for the organizer."""

from __future__ import annotations

import html
import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.exports import asked, file_of, rows_of
from tests.support.organizers import read, someone
from tests.support.pages import Page
from tests.support.workshop import author_of
from tests.support.world import FORM, files_of_campaign, publish_files
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.mistakes import MistakesError

if TYPE_CHECKING:
    from tests.support.world import World

HOME = ["Do you rent your home?", "Yes, I rent", "No"]
HOME_ES = ["¿Alquila su casa?", "Sí, alquilo", "No"]
SCHOOL = ["Which school do your children go to?"]
PARENT = ["Are you a parent?", "I am a parent of a pupil"]
HOSTILE = '<script>alert(1)</script> {{ 7*7 }} %(name)s "\'><svg onload=x> =cmd|\' #read("x")'


def question(
    words: list[str], *, required: bool = False, spanish: list[str] | None = None, letter: str = ""
) -> dict[str, str]:
    """Return the files of the campaign with a question, and a last paragraph in its letters."""
    files = files_of_campaign()
    lines = f"question = {json.dumps(words)}\nquestion_required = {json.dumps(required)}\n"
    settings = files["campaign.toml"].replace("[organizer]", f"{lines}\n[organizer]", 1)
    if spanish:
        settings = settings.replace("[es]\n", f"[es]\nquestion = {json.dumps(spanish)}\n", 1)
    letters = {name: f"{text}\n\n{letter}\n" for name, text in files.items() if name.startswith("letter")}
    return {"campaign.toml": settings, **(letters if letter else {})}


def form_page(world: World, language: str = "en") -> Page:
    return Page(world.get(f"{FORM}?lang={language}").body)


def field_of(world: World, language: str = "en") -> Any:
    [field] = [it for it in world.get(f"{FORM}?lang={language}", as_json=True).json["fields"] if it["name"] == "answer"]
    return field


def kept(world: World) -> tuple[str, str]:
    words = world.row().words
    return words.question, words.answer


# What the form asks


def test_without_a_question_the_form_asks_none_and_keeps_no_answer(world: World) -> None:
    assert not [it for it in form_page(world).elements if it.attributes.get("name") in {"question", "answer"}]
    assert "answer" not in {it["name"] for it in world.get(FORM, as_json=True).json["fields"]}
    world.confirmed(question="Who are you?", answer="Ada")
    assert kept(world) == ("", "")


@pytest.mark.parametrize(
    ("words", "spanish", "kinds"),
    [(SCHOOL, ["¿A qué escuela van?"], ["text"]), (HOME, HOME_ES, ["radio"] * 3), (PARENT, None, ["checkbox"])],
)
def test_people_type_choose_or_tick_in_each_language(
    world: World, words: list[str], spanish: list[str] | None, kinds: list[str]
) -> None:
    publish_files(world, question(words, spanish=spanish))

    for language, (title, *choices) in (("en", words), ("es", spanish or words)):
        page = form_page(world, language)
        inputs = [it for it in page.all("input") if it.attributes.get("name") == "answer"]
        assert [it["type"] for it in inputs] == kinds
        assert [it["value"] for it in inputs if it["value"]] == choices
        optional = {"en": "optional", "es": "opcional"}[language]
        [label] = [it for it in page.all("bdi") if it.text == f"{title} ({optional})"]
        assert label.attributes.get("lang") == (None if spanish and language == "es" else "en")
        field = field_of(world, language)
        assert (field["label"], field["choices"], field["required"]) == (title, choices, False)
    assert "Which school" not in world.get(f"{FORM}/privacy").body
    assert "your answer" in world.get(f"{FORM}/privacy").body


@pytest.mark.parametrize("words", [SCHOOL, HOME, PARENT])
def test_an_answer_can_be_required(world: World, words: list[str]) -> None:
    publish_files(world, question(words, required=True))

    assert field_of(world)["required"] is True
    assert words[0] in [it.text for it in form_page(world).all("bdi")]
    refused = world.sign()
    assert (refused.status, "Answer the question" in refused.words) == (422, True)
    assert Page(refused.body).all("a", href="#answer")
    assert Page(refused.body).all("input", id="answer")
    world.confirmed(answer=words[-1])
    assert kept(world) == (words[0], words[-1])


def test_an_answer_that_is_left_out_keeps_no_question_either(world: World) -> None:
    publish_files(world, question(HOME))
    world.confirmed(question=HOME[0], answer="")
    assert kept(world) == ("", "")


def test_a_form_with_another_mistake_keeps_the_answer(world: World) -> None:
    publish_files(world, question(HOME))
    page = Page(world.sign(answer=HOME[2], name="").body)
    assert [it["value"] for it in page.all("input", name="answer") if "checked" in it] == [HOME[2]]


@pytest.mark.parametrize("words", [SCHOOL, HOME])
def test_the_page_before_signing_says_whether_the_letter_has_the_answer(world: World, words: list[str]) -> None:
    publish_files(world, question(words, required=True))
    assert "It won’t appear in your letter." in form_page(world).html

    publish_files(world, question(words, required=True, letter="My answer is {{ signer.answer }}."))
    assert "It becomes part of your letter." in form_page(world).html
    assert "My answer is (answer)." in form_page(world).html


# The words that were shown


def test_a_form_that_waits_keeps_the_words_that_it_showed(world: World) -> None:
    publish_files(world, question(HOME, required=True, letter="Whether I rent: {{ signer.answer }}."))
    mail = world.signed(answer=HOME[1], question=HOME[0])

    changed = ["Do you own a car?", "Yes", "No"]
    publish_files(world, question(changed, required=True, letter="Whether I drive: {{ signer.answer }}."))

    confirming = world.get(mail.link("confirm"))
    assert f"{HOME[0]} {HOME[1]}" in confirming.words
    assert f"Whether I rent: {HOME[1]}." in confirming.words
    world.press(mail.link("confirm"))
    assert kept(world) == (HOME[0], HOME[1])
    own = world.get(world.own_page()).words
    assert f"{HOME[0]} {HOME[1]}" in own
    assert changed[0] not in own
    for path in (mail.link("confirm"), world.own_page()):
        shown = world.get(path, as_json=True).json
        assert (shown["question"], shown["answer"]) == (HOME[0], HOME[1])
    world.run_stream()
    world.week()
    assert f"Whether I rent: {HOME[1]}." in world.deliveries[-1].printed


@pytest.mark.parametrize(
    "changed",
    [
        ["Do you own your home?", "Yes, I rent", "No"],
        ["Do you rent your home?", "Yes", "No"],
        ["Do you rent your home, or a part of it?"],
    ],
)
def test_an_answer_to_a_question_that_has_changed_since_the_form_was_opened_is_asked_anew(
    world: World, changed: list[str]
) -> None:
    publish_files(world, question(HOME))
    opened = form_page(world).one("input", type="hidden", name="question")["value"]
    publish_files(world, question(changed))

    refused = world.sign(question=opened, answer=HOME[1])

    assert refused.status == 422
    assert "The question or its choices may have changed. Answer it again." in refused.words
    page = Page(refused.body)
    assert page.one("input", type="hidden", name="question")["value"] == changed[0]
    assert world.forms() == []
    world.confirmed(question=changed[0], answer=changed[-1])
    assert kept(world) == (changed[0], changed[-1])


def test_a_question_that_is_gone_is_ignored_in_a_form_that_was_opened_before(world: World) -> None:
    publish_files(world, question(HOME, required=True))
    publish_files(world, {})
    world.confirmed(question=HOME[0], answer=HOME[1])
    assert kept(world) == ("", "")


def test_an_answer_in_another_language_has_the_question_of_that_language(world: World) -> None:
    publish_files(world, question(HOME, spanish=HOME_ES))
    world.confirmed(question=HOME_ES[0], answer=HOME_ES[1])
    assert kept(world) == (HOME_ES[0], HOME_ES[1])


def test_the_choices_of_one_language_do_not_answer_the_question_of_another(world: World) -> None:
    publish_files(world, question(HOME, spanish=HOME_ES))
    assert world.sign(question=HOME[0], answer=HOME_ES[1]).status == 422


@pytest.mark.parametrize("shown", [["x"], {"a": "b"}, 7, "Another question?"])
def test_a_question_that_the_form_does_not_have_is_refused(world: World, shown: object) -> None:
    publish_files(world, question(SCHOOL))
    values = world.typed(question=shown, answer="Oakton High")
    answer = world.post(f"{FORM}/signatures", values, as_json=True)
    assert answer.status == 422
    assert [it["field"] for it in answer.json["errors"]] == ["answer"]


def test_a_websites_own_form_names_no_question(world: World) -> None:
    publish_files(world, question(HOME, required=True))
    world.post(f"{FORM}/signatures", world.typed(answer=HOME[2]), headers={"origin": "https://enddemand.example"})
    world.run_stream()
    world.press(world.sent[-1].link("confirm"))
    assert kept(world) == (HOME[0], HOME[2])


def test_choices_that_unicode_writes_in_two_ways_are_one(world: World) -> None:
    publish_files(world, question(["Where?", "Cafe\u0301", "Home"]))
    world.confirmed(question="Where?", answer="Café")
    assert kept(world) == ("Where?", "Café")


# Limits and hostile text


@pytest.mark.parametrize(("length", "status"), [(200, 200), (201, 422)])
def test_an_answer_has_at_most_200_characters(world: World, length: int, status: int) -> None:
    publish_files(world, question(SCHOOL))
    assert world.sign(answer="x" * length).status == status


@pytest.mark.parametrize("answer", ["a\x07b", "\u202eabc", "line\nbreak"])
def test_an_answer_is_one_line_that_can_be_printed(world: World, answer: str) -> None:
    publish_files(world, question(SCHOOL))
    assert "Your answer has a character that we can’t print." in world.sign(answer=answer).words


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["x" * 201], "more than the maximum of 200"),
        (["Which?", "y" * 201], "more than the maximum of 200"),
        (["Which?", *map(str, range(50))], "more than the maximum of 50"),
        (["Which?", "a", "a"], "is there twice"),
        (["Which?", " "], "no blank lines"),
        (["Which\nschool?"], "no blank lines"),
        (["Which\u202e?"], "can’t be printed"),
    ],
)
def test_a_question_that_no_form_can_show_is_a_mistake(words: list[str], says: str) -> None:
    with pytest.raises(MistakesError, match=says):
        compile_campaign(files_of_campaign() | question(words))


def test_hostile_words_stay_text(world: World) -> None:
    publish_files(world, question([HOSTILE, f"{HOSTILE}!", "No"], required=True, letter="I say {{ signer.answer }}."))
    page = world.get(FORM)
    assert (HOSTILE in page.words, "<script>alert" in page.body, "49" in page.words) == (True, False, False)
    mail = world.confirmed(question=HOSTILE, answer=f"{HOSTILE}!")
    assert HOSTILE not in html.unescape(mail.html) + mail.text + str(mail.mail)
    for shown in (world.get(mail.link("confirm")), world.get(world.own_page()), organizers_page(world)):
        assert html.unescape(re.sub(r"\s+", " ", shown.body)).count(f"{HOSTILE}!") >= 1
        assert "<script>alert" not in shown.body
    assert cells(world) == (HOSTILE, f"{HOSTILE}!")
    world.week()
    assert "alert(1)" in world.deliveries[-1].printed


# What organizers get


def organizers_page(world: World) -> Any:
    return someone(world, "editor").see(f"/signatures/{world.signer()}")


def cells(world: World) -> tuple[str, str]:
    requested = asked(world)
    world.run_exports()
    [row] = rows_of(file_of(world, requested))
    return row["question"], row["answer"]


def test_organizers_read_the_answer_on_the_page_in_the_file_and_over_the_api(world: World) -> None:
    publish_files(world, question(HOME))
    world.confirmed(question=HOME[0], answer=HOME[1])

    pairs = Page(organizers_page(world).body)
    assert HOME[0] in [it.text for it in pairs.all("dt")]
    assert HOME[1] in [it.text for it in pairs.all("dd")]
    assert cells(world) == (HOME[0], HOME[1])
    shown = read(world, f"/signatures/{world.signer()}")
    assert (shown["question"], shown["answer"]) == (HOME[0], HOME[1])


def test_a_formula_in_an_answer_is_text_in_the_file(world: World) -> None:
    publish_files(world, question(SCHOOL))
    world.confirmed(answer="=HYPERLINK(A1)")
    assert cells(world) == (SCHOOL[0], "'=HYPERLINK(A1)")


def test_erasing_takes_the_question_and_the_answer(world: World) -> None:
    publish_files(world, question(SCHOOL))
    world.confirmed(answer="Oakton Middle")
    world.erase(world.signer())
    assert kept(world) == ("", "")
    assert "Oakton Middle" not in str(world.items()) + organizers_page(world).body


def test_clearing_takes_the_question_and_the_answer(world: World) -> None:
    publish_files(world, question(SCHOOL))
    world.confirmed(answer="Oakton Middle")
    world.week()
    world.feedback("delivery", world.deliveries[-1])
    world.change(closes=date(2026, 11, 25), keep_for_days=30)
    world.clock.advance(days=70)
    for _ in range(3):
        world.reconcile()
    assert world.signature().cleared_at
    assert kept(world) == ("", "")
    # A form that has expired is DynamoDB's to delete.
    rows = [it for it in world.items() if not it["pk"]["S"].startswith("FORM#")]
    assert "Oakton Middle" not in str(rows)


# The letter


def test_a_letter_prints_the_answer_where_its_author_put_it(world: World) -> None:
    publish_files(world, question(SCHOOL, required=True, letter="My children go to {{ signer.answer }}."))

    previewed = world.post(f"{FORM}/preview", world.typed(question=SCHOOL[0], answer="Oakton <b>Middle</b>"))
    assert "My children go to Oakton &lt;b&gt;Middle&lt;/b&gt;." in previewed.body
    world.confirmed(answer="Oakton Middle")
    world.week()
    assert "My children go to Oakton Middle." in world.deliveries[-1].printed


@pytest.mark.parametrize("files", [{}, question(SCHOOL)])
def test_a_letter_whose_answer_may_be_missing_is_a_mistake(files: dict[str, str]) -> None:
    letters = {
        name: f"{text}\n{{{{ signer.answer }}}}\n" for name, text in files_of_campaign().items() if "letter" in name
    }
    with pytest.raises(MistakesError, match=r"{{ signer\.answer }} needs a question that everybody answers"):
        compile_campaign(files_of_campaign() | files | letters)


# The workshop


@pytest.mark.parametrize("required", ["true", "false"])
def test_a_question_is_written_in_the_browser_seen_in_the_preview_and_published(world: World, required: str) -> None:
    author = author_of(world)
    assert "A question of your own to signers, and then its choices." in author.open("settings").words
    typed = {"question": "Do you rent  your home?\r\n Yes, I rent\r\n\r\nNo\r\n", "es.question": "\n".join(HOME_ES)}
    saved = author.send("settings", {**typed, "question_required": required, "do": "save"})
    assert saved.headers["location"].endswith("done=saved")
    for language, words in (("en", HOME), ("es", HOME_ES)):
        shown = Page(author.see(f"{author.base}/preview/page?in={language}").body)
        assert [it["value"] for it in shown.all("input", name="answer") if it["value"]] == words[1:]
    author.publish()
    world.clock.advance(minutes=2)
    assert field_of(world)["choices"] == HOME[1:]
    assert field_of(world, "es")["label"] == HOME_ES[0]
    assert field_of(world)["required"] is (required == "true")


def test_the_workshop_shows_the_letter_with_a_sample_answer(world: World) -> None:
    publish_files(world, question(HOME, required=True, letter="Whether I rent: {{ signer.answer }}."))
    author = author_of(world)
    assert f"Whether I rent: {HOME[1]}." in author.open("letter").words
    assert "[your answer]" in author.open("letter").body
    publish_files(world, question(SCHOOL, required=True, letter="My school: {{ signer.answer }}."))
    assert "My school: A sample answer." in author_of(world).open("letter").words


@pytest.mark.parametrize("words", [SCHOOL, HOME, PARENT, [HOSTILE, f"{HOSTILE}!"]])
def test_the_form_to_paste_into_a_website_asks_the_question(world: World, words: list[str]) -> None:
    publish_files(world, question(words, required=True))
    page = author_of(world).open("publish?where=developer").body
    snippet = html.unescape(page.partition('id="snippet-own-form"')[2].partition(">")[2].partition("</textarea>")[0])
    assert "<script" not in snippet
    pasted = Page(snippet)
    assert [it.text.strip() for it in pasted.all("label") if it.text.strip().startswith(words[0])]
    assert [it.text for it in pasted.all("option")][1:] == words[1:]
    assert "required" in pasted.field("answer")
