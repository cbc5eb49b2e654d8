"""The form's page, and those after it, as the server writes them: what a browser without scripts gets, and a frame."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from tests.world import ADA, CAMPAIGN
from undersigned.web.assets import asset_path

if TYPE_CHECKING:
    from tests.world import World

FORM = f"/campaigns/{CAMPAIGN}"
STROKES = [[40, 120, 80, 30, 110, 150, 180, 60]]


@dataclass
class Element:
    """An element with its attributes; `text` is all that stands in it."""

    name: str
    attributes: dict[str, str | None]
    text: str = ""

    def __getitem__(self, attribute: str) -> str | None:
        return self.attributes[attribute]

    def __contains__(self, attribute: str) -> bool:
        return attribute in self.attributes


_VOID = {"base", "br", "input", "link", "meta"}


@dataclass
class Page(HTMLParser):
    """A page as its elements."""

    html: str
    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open.pop().name != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, /, **attributes: str) -> list[Element]:
        return [
            element
            for element in self.elements
            if element.name == tag and attributes.items() <= element.attributes.items()
        ]

    def one(self, tag: str, /, **attributes: str) -> Element:
        [found] = self.all(tag, **attributes)
        return found

    def field(self, name: str) -> Element:
        [found] = [element for element in self.elements if element.attributes.get("name") == name]
        return found


def test_each_field_has_its_name_as_id_and_a_label(world: World) -> None:
    page = Page(world.get(FORM).body)
    labelled = {label["for"] for label in page.all("label") if "for" in label}
    for name in ("name", "email", "address_line", "locality", "region", "postal_code", "signature", "note", "topic"):
        assert page.field(name)["id"] == name
        assert name in labelled
    assert page.field("updates")["type"] == "checkbox"
    assert "checked" not in page.field("updates")


def test_people_and_their_screen_readers_do_not_meet_the_trap(world: World) -> None:
    page = Page(world.get(FORM).body)
    hidden = page.one("div", **{"class": "away"})
    assert (hidden["aria-hidden"], page.field("topic")["tabindex"]) == ("true", "-1")
    assert hidden.text == "Leave this field empty"


def test_a_mistake_stands_in_a_summary_that_leads_to_its_field(world: World) -> None:
    page = Page(world.sign(name="", postal_code="99999").body)
    summary = page.one("div", **{"class": "summary"})
    assert summary["role"] == "alert"
    assert {"autofocus", "tabindex", "data-reveal"} <= summary.attributes.keys()
    for name in ("name", "postal_code"):
        link, mistaken = page.one("a", href=f"#{name}"), page.field(name)
        assert mistaken["aria-invalid"] == "true"
        described = (mistaken["aria-describedby"] or "").split()
        assert f"{name}-error" in described
        assert page.one("p", id=f"{name}-error").text == f"Error: {link.text}"
    assert "aria-invalid" not in page.field("email")
    assert page.one("title").text.startswith("Error: ")


def test_a_choice_of_towns_is_led_to_by_its_first_radio(world: World) -> None:
    page = Page(world.sign(postal_code="60203").body)
    towns = page.one("fieldset", id="towns")
    assert "hidden" not in towns
    assert towns["aria-describedby"] == "target-error"
    radios = [radio for radio in page.all("input", type="radio", name="target") if radio["value"]]
    assert [(radio["value"], radio.attributes.get("id")) for radio in radios] == [
        ("evanston", "target"),
        ("skokie", None),
    ]


def test_a_choice_that_the_postal_code_no_longer_allows_is_asked_for_again(world: World) -> None:
    page = Page(world.sign(target="skokie").body)
    assert "hidden" not in page.one("fieldset", id="towns")
    assert page.one("input", id="target")["value"] == "evanston"


def test_without_a_choice_there_is_none_to_see(world: World) -> None:
    assert "hidden" in Page(world.get(FORM).body).one("fieldset", id="towns")


def test_a_form_with_a_mistake_comes_back_with_its_own_letter(world: World) -> None:
    answer = world.sign(email="", note="My own words", drawing=json.dumps(STROKES))
    page = Page(answer.body)
    assert "Dear Police Chief Avery Sample," in page.one("div", id="letter").text
    assert "My own words" in page.one("div", id="letter").text
    assert page.one("p", id="found").text == "Your letter goes to Police Chief Avery Sample, Evanston"
    assert json.loads(page.field("drawing")["value"] or "") == STROKES


def test_a_drawing_that_cannot_be_read_is_let_go_so_that_the_form_can_be_mended(world: World) -> None:
    page = Page(world.sign(drawing="[[1,2,3]]").body)
    assert page.one("a", href="#drawing").text.startswith("We can’t read your drawing. ")
    assert page.field("drawing")["value"] == ""


@pytest.mark.parametrize(
    ("posted", "agreed"), [("yes", True), ("on", True), ("no", False), ("false", False), ("0", False)]
)
def test_a_form_that_comes_back_is_ticked_for_who_has_agreed_and_nobody_else(
    world: World, posted: str, *, agreed: bool
) -> None:
    box = Page(world.sign(name="", updates=posted).body).field("updates")
    assert ("checked" in box) is agreed


def test_the_script_face_is_for_what_is_typed_and_not_for_the_specimen(world: World) -> None:
    specimen, own = Page(world.get(FORM).body), Page(world.post(f"{FORM}/preview", ADA).body)
    assert specimen.one("div", id="letter")["class"] == "letter"
    assert own.one("div", id="letter")["class"] == "letter typed"
    assert asset_path("caveat.woff2") in specimen.one("style").text


@pytest.mark.parametrize("answer", ["signatures", "preview"])
def test_an_answer_to_a_form_that_is_loaded_anew_or_passed_on_leads_to_the_form(world: World, answer: str) -> None:
    moved = world.get(f"{FORM}/{answer}?lang=es&embedded=1&more=x")
    assert (moved.status, moved.headers["location"]) == (303, f"{FORM}?lang=es&embedded=1")
    assert world.get(moved.headers["location"]).status == 200
    assert world.get(f"/campaigns/nowhere/{answer}").status == 404


def test_a_letter_that_was_taken_back_is_still_there_when_its_page_is_loaded_anew(world: World) -> None:
    links = world.post(world.confirmed().link("confirm"), as_json=True).json["links"]
    looked_at = world.get(links["withdraw"])
    assert (looked_at.status, looked_at.headers["location"]) == (303, links["letter"])
    assert "Waiting" in world.get(links["letter"]).body, "looking takes nothing back"
    assert world.get("/letters/forged/withdraw").status == 404


def test_a_preview_without_scripts_begins_at_the_letter(world: World) -> None:
    title = Page(world.post(f"{FORM}/preview", ADA).body).one("h2", id="letter-title")
    assert title.text == "Your letter to Police Chief Avery Sample"
    assert {"autofocus", "tabindex"} <= title.attributes.keys()


@pytest.mark.parametrize(("path", "kept"), [("", "lang=es"), ("/embed", "lang=es&embedded=1")])
def test_each_step_keeps_the_language_and_the_frame(world: World, path: str, kept: str) -> None:
    page = Page(world.get(f"{FORM}{path}?lang=es").body)
    assert page.one("form")["action"] == f"{FORM}/signatures?{kept}"
    assert page.one("button", id="preview")["formaction"] == f"{FORM}/preview?{kept}"
    assert page.one("a", hreflang="en")["href"] == f"{FORM}{path}?lang=en"
    signed = world.post(f"{FORM}/signatures?{kept}", {**ADA, "form": world.form()}).headers["location"]
    assert signed == f"{FORM}/signed?{kept}"
    assert Page(world.get(signed).body).one("html")["lang"] == "es"
    assert f'href="{FORM}{path}?lang=es"' in world.get(signed).body


def test_what_leads_away_from_a_frame_opens_beside_it_and_what_stays_stays(world: World) -> None:
    for page in (
        Page(world.get(f"{FORM}/embed").body),
        Page(world.post(f"{FORM}/signatures?embedded=1", {**ADA, "name": ""}).body),
        Page(world.get(f"{FORM}/signed?embedded=1").body),
    ):
        assert page.one("base")["target"] == "_blank"
        for link in page.all("a"):
            leads_away = (link["href"] or "").startswith("http")
            assert ("target" in link) is not leads_away, link["href"]


def test_a_frames_page_says_which_sites_may_hear_of_its_height(world: World) -> None:
    path = asset_path("frame.js")
    for framed in (f"{FORM}/embed", f"{FORM}/signed?embedded=1"):
        page = Page(world.get(framed).body)
        assert page.one("html")["data-hosts"] == "https://enddemand.example"
        assert page.one("script", src=path)
    page = Page(world.get(FORM).body)
    assert "data-hosts" not in page.one("html")
    assert page.all("script", src=path) == []


def test_a_challenge_comes_only_with_a_form_that_must_bring_a_proof(world: World) -> None:
    assert "data-challenge" not in Page(world.get(FORM).body).one("form")
    campaigns, campaign = world.wiring.campaigns, world.wiring.catalog.entry(CAMPAIGN).campaign
    campaigns.put_campaign(replace(campaign, proof_of_work="always"))
    world.clock.turn(minutes=2)
    form = Page(world.get(FORM).body).one("form")
    assert json.loads(form["data-challenge"] or "")["parameters"]["algorithm"] == "PBKDF2/SHA-256"
    assert form["data-worker"] == asset_path("pbkdf2.js")


def test_no_page_has_a_script_or_a_style_of_its_own_but_the_one_sheet(world: World) -> None:
    mail = world.confirmed(note="My own words", drawing=json.dumps(STROKES))
    own = world.press(mail.link("confirm"))
    for answer in (world.get(FORM), world.sign(name=""), world.get(f"{FORM}/signed"), own, world.get("/nowhere")):
        page = Page(answer.body)
        assert len(page.all("style")) == 1
        assert all(script["src"] and not script.text for script in page.all("script"))
        attributes = {name for element in page.elements for name in element.attributes}
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
    assert Page(own.body).all("script") == []
    assert "script-src" not in own.headers["content-security-policy"]


def test_who_has_confirmed_can_ask_others_by_plain_links(world: World) -> None:
    world.sign()
    world.run_stream()
    page = Page(world.press(world.sent[-1].link("confirm")).body)
    assert "1 person has signed" in page.one("main").text
    address = f"https://letters.example{FORM}"
    assert page.one("input", id="address")["value"] == address
    shared = [link for link in page.all("a") if link.attributes.get("rel") == "noopener noreferrer"]
    assert {re.split("[:/?]+", link["href"] or "")[1] for link in shared if link["href"]} >= {
        "wa.me",
        "www.facebook.com",
        "x.com",
        "bsky.app",
    }
    assert all("letters.example/campaigns" in (link["href"] or "") for link in shared)
    assert not any("/letters/" in (link["href"] or "") for link in shared), "a signer's own page is theirs alone"


def test_taking_a_letter_back_is_asked_twice(world: World) -> None:
    page = Page(world.press(world.confirmed().link("confirm")).body)
    assert page.one("summary").text == "Withdraw my letter"
    assert page.one("button").text == "Yes, withdraw my letter"


def test_a_page_in_a_right_to_left_language_is_written_that_way(world: World) -> None:
    campaign = world.wiring.catalog.entry(CAMPAIGN).campaign
    world.wiring.campaigns.put_campaign(replace(campaign, language="ar", translations={}, letter=campaign.letter))
    world.clock.turn(minutes=2)
    html = Page(world.get(FORM).body).one("html")
    assert (html["lang"], html["dir"]) == ("ar", "rtl")


def test_a_letter_in_json_is_compressed_for_whoever_asks_while_typing(world: World) -> None:
    headers = {"accept": "application/json", "accept-encoding": "gzip"}
    answer = world.post(f"{FORM}/preview", ADA, headers=headers)
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
