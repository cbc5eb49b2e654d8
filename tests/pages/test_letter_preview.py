"""The letter that the browser fills in while somebody types is the one that the server then shows to confirm."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect
from werkzeug.wrappers import Response

from tests.support.served_world import served
from tests.support.world import ADA, CAMPAIGN, files_of_campaign, publish_files
from tests.support.world import world as make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.world import World
    from undersigned_cli.local.serving import HttpService

LETTER = """\
{{ target.title }} {{ target.name }}, {{ target.department }}
{{ target.locality }}

Dear {{ target.title }} {{ target.name }},

I live in {{ signer.locality }}, and write to the *{{ target.department }}*.

My own words: {{ note }}

> {{ note }}

- {{ signer.region }} {{ signer.postal_code }}

{{ signature }}
{{ date }}
{{ signer.name }}
{{ signer.address }}
"""
TARGETS = """\
id,title,name,department,locality,email,postal_codes,title_es
evanston,Police Chief,Avery Sample,Evanston Police,Evanston,chief@evanston.example,60201; 60203,Jefa de Policía
skokie,Police Chief,Blake <Placeholder>,Skokie Police,Skokie,chief@skokie.example,60203; 60076,
"""
# HTML as this browser writes it.
SERIALIZED = """(html) => {
  const part = document.createElement("template");
  part.innerHTML = html;
  return part.innerHTML.trim();
}"""
FILLED = """(values) => {
  const { letter_language, ...texts } = values;
  for (const [name, text] of Object.entries(texts)) document.querySelector(`[name=${name}]`).value = text;
  document.querySelector(`[name=letter_language][value=${letter_language}]`).checked = true;
  document.querySelector("form").dispatchEvent(new Event("input", { bubbles: true }));
}"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with make_world(monkeypatch, fast=True) as made:
        settings_file = files_of_campaign()["campaign.toml"]
        changed = settings_file.replace('street_address = "required"', 'street_address = "optional"')
        assert changed != settings_file
        letters = {"letter.md": LETTER, "letter.es.md": LETTER}
        publish_files(made, {"campaign.toml": changed, "targets.csv": TARGETS, **letters})
        yield made


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[HttpService]:
    """Serve the stack in memory to a browser."""
    with served(world, tmp_path) as made:
        yield made.service


WORDS = st.text(
    st.sampled_from("abcdeXYZ éßñ李ע&<>\"'{}%-.,") | st.characters(codec="utf-8", categories=["L"]),
    min_size=1,
    max_size=12,
).map(lambda text: f"A{text}")
LINES = st.lists(WORDS | st.just(""), max_size=4).map("\n".join)
FORMS = st.fixed_dictionaries(
    {
        "name": WORDS,
        "address_line": WORDS | st.just(""),
        "locality": WORDS,
        "region": WORDS,
        "postal_code": st.sampled_from(["60201", " 60201-1234", "60076"]),
        "signature": WORDS,
        "note": LINES,
        "letter_language": st.sampled_from(["en", "es"]),
    }
)


def test_the_browsers_letter_is_the_one_to_confirm(world: World, site: HttpService, visitor: Visitor) -> None:
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}")

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(FORMS)
    def same(form: dict[str, str]) -> None:
        email = f"signer-{len(world.sent)}@signers.example"
        answer = world.sign(**{**ADA, **form, "email": email})
        if answer.status != 200:
            # Such as a name with too many digits: nothing to confirm.
            return
        world.run_stream()
        confirming = world.get(world.sent[-1].link("confirm")).body

        page.evaluate(FILLED, form)
        name = "Avery Sample" if "60201" in form["postal_code"] else "Blake <Placeholder>"
        expect(page.locator("#found")).to_contain_text(name)
        shown = page.evaluate("document.getElementById('letter').innerHTML.trim()")

        [letter] = re.findall(r'<div class="letter typed"[^>]*>(.*?)</div>', confirming, re.DOTALL)
        assert shown == page.evaluate(SERIALIZED, letter)

    same()


PARTS = ("address_line", "locality", "region")


@pytest.mark.parametrize("state", ["optional", "no"])
def test_the_browsers_letter_has_the_parts_of_the_address_that_are_typed(
    world: World, site: HttpService, visitor: Visitor, state: str
) -> None:
    letter = "{{ signer.address }}\n{{ signer.name }}\n{{ signer.address }}\n\n{{ signature }} {{ target.name }}\n"
    asked = f'street_address = "optional"\ntown = "optional"\nstate = "{state}"\n\n[organizer]'
    kept = re.sub(r"(?m)^(street_address|town|state) = .*\n", "", files_of_campaign()["campaign.toml"])
    files = {"campaign.toml": kept.replace("[organizer]", asked, 1), "letter.md": letter, "letter.es.md": letter}
    publish_files(world, files | {"targets.csv": TARGETS})
    world.restart("public_api")
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}")
    parts = [name for name in PARTS if name != "region" or state != "no"]
    for texts in itertools.product(("", "Typed"), repeat=len(parts)):
        typed = dict(zip(parts, texts, strict=True))
        email = f"signer-{len(world.sent)}@signers.example"
        assert world.sign(**{**ADA, **typed, "email": email}).status == 200
        world.run_stream()
        confirming = world.get(world.sent[-1].link("confirm")).body
        [letter] = re.findall(r'<div class="letter typed"[^>]*>(.*?)</div>', confirming, re.DOTALL)
        named = {name: str(ADA[name]) for name in ("name", "signature", "postal_code")}
        page.evaluate(FILLED, named | typed | {"letter_language": "en"})
        expect(page.locator("#found")).to_contain_text("Avery Sample")
        assert page.evaluate("document.getElementById('letter').innerHTML.trim()") == page.evaluate(SERIALIZED, letter)


QUESTION = 'question = ["Do you rent?", "I <b>rent</b>", "I own"]\nquestion_required = true\n\n[organizer]'
QUESTION_ES = '[es]\nquestion = ["¿Alquila?", "Alquilo", "Es mía"]\n'
TICK = 'question = ["Are you a parent?", "I am a parent"]\nquestion_required = true\n\n[organizer]'


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_answer_that_somebody_chooses_is_in_the_letter_at_once(
    world: World, site: HttpService, visitor: Visitor, language: str
) -> None:
    text = files_of_campaign()["campaign.toml"].replace("[organizer]", QUESTION, 1).replace("[es]\n", QUESTION_ES, 1)
    letters = dict.fromkeys(("letter.md", "letter.es.md"), "Dear {{ target.name }}, {{ signer.answer }}.")
    publish_files(world, {"campaign.toml": text, "targets.csv": TARGETS, **letters})
    world.restart("public_api")
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}?lang={language}")
    visitor.assert_accessible(page)
    choices = {"en": ["I <b>rent</b>", "I own"], "es": ["Alquilo", "Es mía"]}[language]
    for answer in choices:
        page.get_by_role("radio", name=answer).check()
        expect(page.locator("#letter")).to_contain_text(f", {answer}.")
    for name, value in ADA.items():
        if name != "signature":
            page.locator(f"[name={name}]").fill(str(value))
    page.locator("#send").click()
    expect(page.locator("h1[data-sent]")).to_be_visible()
    world.run_stream()
    page.goto(f"{site.url}{world.sent[-1].link('confirm')}")
    expect(page.locator(".letter")).to_contain_text(f"Dear Avery Sample, {choices[-1]}.")
    expect(page.locator("main")).to_contain_text({"en": "Do you rent?", "es": "¿Alquila?"}[language])
    visitor.assert_accessible(page)


def test_a_box_that_somebody_ticks_is_in_the_letter_until_it_is_not_ticked(
    world: World, site: HttpService, visitor: Visitor
) -> None:
    text = files_of_campaign()["campaign.toml"].replace("[organizer]", TICK, 1)
    letters = dict.fromkeys(("letter.md", "letter.es.md"), "Dear {{ target.name }}, {{ signer.answer }}.")
    publish_files(world, {"campaign.toml": text, "targets.csv": TARGETS, **letters})
    world.restart("public_api")
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}")
    box = page.get_by_role("checkbox", name="I am a parent")
    for ticked, shown in ((True, "I am a parent."), (False, "(answer).")):
        box.set_checked(ticked)
        expect(page.locator("#letter")).to_contain_text(shown)
    page.locator("#send").click()
    expect(page.get_by_role("alert")).to_contain_text("Answer the question")
    page.get_by_role("link", name="Answer the question").click()
    expect(box).to_be_focused()


def test_a_form_with_three_fields_is_signed(world: World, site: HttpService, visitor: Visitor) -> None:
    asked = 'street_address = "no"\ntown = "no"\nstate = "no"\n\n[organizer]'
    kept = re.sub(r"(?m)^(street_address|town|state) = .*\n", "", files_of_campaign()["campaign.toml"])
    to_all = (
        "id,title,name,department,locality,email,postal_codes\noak,Chief,Avery Sample,Police,Oakton,a@oak.example,\n"
    )
    files = dict.fromkeys(("letter.md", "letter.es.md"), "Dear {{ target.name }},")
    publish_files(world, {"campaign.toml": kept.replace("[organizer]", asked, 1), "targets.csv": to_all, **files})
    world.restart("public_api")
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}")
    page.get_by_label("Full name").fill("Robin Three")
    expect(page.locator("#letter")).to_contain_text("Robin Three")
    page.get_by_label("Email address").fill("robin@signers.example")
    expect(page.get_by_label("Signature", exact=True)).to_have_value("Robin Three")
    visitor.assert_accessible(page)
    page.get_by_role("button", name="Sign the letter").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    world.run_stream()
    link = world.sent[-1].link("confirm")
    page.goto(f"{site.url}{link}")
    expect(page.locator(".letter")).to_have_text(re.compile(r"Robin Three\s*Robin Three$|Robin Three\s*$"))


def test_a_choice_of_town_and_a_code_that_nobody_serves_change_the_letter(site: HttpService, visitor: Visitor) -> None:
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}")
    code, letter = page.locator("[name=postal_code]"), page.locator("#letter")
    code.fill("60203")
    page.get_by_role("radio", name="Skokie").check()
    expect(letter).to_contain_text("Dear Police Chief Blake <Placeholder>")
    code.fill("99999")
    code.blur()
    expect(page.locator("#found")).to_contain_text("doesn’t cover 99999")
    contact = page.locator("#found a")
    expect(contact).to_have_text("letters@enddemand.example")
    expect(contact).to_have_attribute("href", "mailto:letters@enddemand.example")
    expect(letter).to_contain_text("Dear Police Chief (name)")


def _sent_by(page: Page) -> list[tuple[str, str]]:
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
    return sent


def test_only_the_postal_code_leaves_the_page_before_it_is_sent(site: HttpService, visitor: Visitor) -> None:
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}")
    sent = _sent_by(page)
    for name in ("name", "email", "address_line", "locality", "signature", "postal_code"):
        page.locator(f"[name={name}]").press_sequentially(str(ADA[name]))
    expect(page.locator("#letter")).to_contain_text("Avery Sample")

    words = [(url.rpartition("?")[2], body) for url, body in sent if "/assets/" not in url]
    assert words == [("lang=en&postal_code=60201", "")]


def test_a_busy_server_gets_the_form_again_by_itself(site: HttpService, visitor: Visitor) -> None:
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}")
    for name in ("name", "email", "address_line", "locality", "signature", "postal_code"):
        page.locator(f"[name={name}]").fill(str(ADA[name]))
    refusals = iter([Response('{"message":"Too Many Requests"}', 429, content_type="application/json")])
    ordinary = site.answer
    site.answer = lambda request: (next(refusals, None) if request.method == "POST" else None) or ordinary(request)
    page.get_by_role("button", name="Sign the letter").click()
    expect(page.get_by_role("status").filter(has_text=re.compile(r"is kept, and .* in \d+ seconds"))).to_be_visible()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible(timeout=15_000)


def test_own_words_are_counted_and_a_letter_without_them_is_filled_in(
    world: World, site: HttpService, visitor: Visitor
) -> None:
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}")
    page.locator("[name=note]").fill(" two words ")
    expect(page.locator("#note-count")).to_have_text("You have used 9 of 500 characters")
    publish_files(world, dict.fromkeys(("letter.md", "letter.es.md"), "Dear {{ target.name }},\n\n{{ signer.name }}"))
    world.restart("public_api")
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}?without=note")
    expect(page.locator("[name=note]")).to_have_count(0)
    page.locator("[name=name]").fill("Ada Specimen")
    expect(page.locator("#letter")).to_contain_text("Ada Specimen")


def test_the_signature_is_the_name_until_it_is_changed(site: HttpService, visitor: Visitor) -> None:
    page = visitor.open(f"{site.url}/campaigns/{CAMPAIGN}")
    name, signature = page.locator("[name=name]"), page.locator("[name=signature]")
    name.press_sequentially("Ada Specimen")
    expect(signature).to_have_value("Ada Specimen")
    expect(page.locator("#letter .signature")).to_have_text("Ada Specimen")
    signature.fill("A. Specimen")
    name.fill("Ada B. Specimen")
    expect(signature).to_have_value("A. Specimen")
