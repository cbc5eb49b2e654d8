"""Test the HTML of the form's page and the pages after it, without scripts and in a frame."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.pages import Page
from tests.support.world import ADA, CAMPAIGN, FORM, PUBLIC_URL, files_of_campaign, publish_files
from undersigned.base.assets import asset_path
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from tests.support.world import World

STROKES = [[40, 120, 80, 30, 110, 150, 180, 60]]


def test_each_field_has_its_name_as_id_and_a_label(world: World) -> None:
    page = Page(world.get(FORM).body)
    labelled = {label["for"] for label in page.all("label") if "for" in label}
    for name in ("name", "email", "address_line", "locality", "region", "postal_code", "signature", "note", "topic"):
        assert page.field(name)["id"] == name
        assert name in labelled
    assert page.field("updates")["type"] == "checkbox"
    assert "checked" not in page.field("updates")


def test_the_trap_field_is_hidden_from_people_and_screen_readers(world: World) -> None:
    page = Page(world.get(FORM).body)
    hidden = page.one("div", **{"class": "away"})
    assert (hidden["aria-hidden"], page.field("topic")["tabindex"]) == ("true", "-1")
    assert hidden.text == "Leave this field empty"


def test_a_mistake_is_in_the_summary_with_a_link_to_its_field(world: World) -> None:
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


def test_the_summary_links_to_the_first_radio_button_of_the_towns(world: World) -> None:
    page = Page(world.sign(postal_code="60203").body)
    towns = page.one("fieldset", id="towns")
    assert "hidden" not in towns
    assert towns["aria-describedby"] == "target-error"
    radios = [radio for radio in page.all("input", type="radio", name="target") if radio["value"]]
    assert [(radio["value"], radio.attributes.get("id")) for radio in radios] == [
        ("evanston", "target"),
        ("skokie", None),
    ]


def test_a_town_without_the_postal_code_must_be_chosen_again(world: World) -> None:
    page = Page(world.sign(target="skokie").body)
    assert "hidden" not in page.one("fieldset", id="towns")
    assert page.one("input", id="target")["value"] == "evanston"


def test_the_choice_of_towns_is_hidden_at_first(world: World) -> None:
    assert "hidden" in Page(world.get(FORM).body).one("fieldset", id="towns")


def test_a_form_with_a_mistake_keeps_the_signers_letter(world: World) -> None:
    answer = world.sign(email="", note="My own words", drawing=json.dumps(STROKES))
    page = Page(answer.body)
    assert "Dear Police Chief Avery Sample," in page.one("div", id="letter").text
    assert "My own words" in page.one("div", id="letter").text
    assert page.one("p", id="found").text == "Your letter goes to Police Chief Avery Sample, Evanston"
    assert json.loads(page.field("drawing")["value"] or "") == STROKES


def test_an_unreadable_drawing_is_removed_from_the_form(world: World) -> None:
    page = Page(world.sign(drawing="[[1,2,3]]").body)
    assert page.one("a", href="#drawing").text.startswith("We can’t read your drawing. ")
    assert page.field("drawing")["value"] == ""


@pytest.mark.parametrize(
    ("posted", "agreed"), [("yes", True), ("on", True), ("no", False), ("false", False), ("0", False)]
)
def test_a_form_with_a_mistake_keeps_the_box_ticked_only_if_it_was(world: World, posted: str, *, agreed: bool) -> None:
    box = Page(world.sign(name="", updates=posted).body).field("updates")
    assert ("checked" in box) is agreed


def test_only_a_typed_letter_uses_the_script_font(world: World) -> None:
    specimen, own = Page(world.get(FORM).body), Page(world.post(f"{FORM}/preview", ADA).body)
    assert specimen.one("div", id="letter")["class"] == "letter"
    assert own.one("div", id="letter")["class"] == "letter typed"
    style = specimen.one("style").text
    for name in ("caveat.woff2", "caveat-rare.woff2"):
        assert f"url({asset_path(name)})" in style
    assert "url(caveat" not in style


@pytest.mark.parametrize("answer", ["signatures", "preview"])
def test_a_get_of_an_answers_address_redirects_to_the_form(world: World, answer: str) -> None:
    moved = world.get(f"{FORM}/{answer}?lang=es&embedded=1&more=x")
    assert (moved.status, moved.headers["location"]) == (303, f"{FORM}?lang=es&embedded=1")
    assert world.get(moved.headers["location"]).status == 200
    assert world.get(f"/campaigns/nowhere/{answer}").status == 404


def test_a_get_of_the_withdrawal_address_redirects_to_the_letter(world: World) -> None:
    links = world.post(world.confirmed().link("confirm"), as_json=True).json["links"]
    answer = world.get(links["withdraw"])
    assert (answer.status, answer.headers["location"]) == (303, links["letter"])
    assert "Waiting" in world.get(links["letter"]).body, "a GET withdraws nothing"
    assert world.get("/letters/forged/withdraw").status == 404


def test_a_preview_without_scripts_focuses_the_letter(world: World) -> None:
    title = Page(world.post(f"{FORM}/preview", ADA).body).one("h2", id="letter-title")
    assert title.text == "Your letter to Police Chief Avery Sample"
    assert {"autofocus", "tabindex"} <= title.attributes.keys()


@pytest.mark.parametrize(
    ("page", "color_scheme", "dark_rules"),
    [
        ("", "light dark", "@media(prefers-color-scheme:dark)"),
        ("?theme=%22%3E", "light dark", "@media(prefers-color-scheme:dark)"),
        ("?theme=light", "light", ""),
        ("/embed", "light", ""),
        ("/embed?theme=%22%3E", "light", ""),
        ("/embed?theme=light", "light", ""),
        ("/embed?theme=dark", "dark", "@media all"),
        ("/embed?theme=auto", "light dark", "@media(prefers-color-scheme:dark)"),
    ],
)
def test_a_page_has_the_theme_that_its_address_asks_for_and_is_light_in_a_frame(
    world: World, page: str, color_scheme: str, dark_rules: str
) -> None:
    answer = world.get(f"{FORM}{page}")
    style = Page(answer.body).one("style").text
    assert f":root{{color-scheme:{color_scheme};" in style
    assert style.count("--paper:#232323") == (1 if dark_rules else 0)
    assert style.count("{") == style.count("}")
    assert not dark_rules or style.count(dark_rules) == 3
    assert ("prefers-color-scheme" in style) is ("prefers" in dark_rules)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("theme", "kept_theme", "color_scheme"),
    [("light", "", "light"), ("dark", "&theme=dark", "dark"), ("auto", "&theme=auto", "light dark")],
)
def test_each_step_in_a_frame_keeps_its_theme(world: World, theme: str, kept_theme: str, color_scheme: str) -> None:
    kept = f"lang=en&embedded=1{kept_theme}"
    page = Page(world.get(f"{FORM}/embed?theme={theme}").body)
    assert page.one("form")["action"] == f"{FORM}/signatures?{kept}#top"
    assert page.one("a", hreflang="es")["href"] == f"{FORM}/embed?lang=es{kept_theme}"
    signed = world.post(f"{FORM}/signatures?{kept}", {**ADA, "form": world.form()})
    assert page.one("form")["data-signed"] == f"{FORM}/signed?{kept}"
    mistaken = world.post(f"{FORM}/signatures?{kept}", {"name": ""})
    refused = world.post(f"{FORM}/signatures?{kept}", {}, headers={"origin": "https://foreign.example"})
    assert (mistaken.status, refused.status) == (422, 403)
    for answer in (signed, world.get(f"{FORM}/signed?{kept}"), mistaken, refused):
        assert f":root{{color-scheme:{color_scheme};" in answer.body
    assert f'href="{FORM}/embed?lang=en{kept_theme.replace("&", "&amp;")}"' in signed.body


def metas(page: Page) -> dict[str | None, str | None]:
    found = page.all("meta")
    return {
        element.attributes.get("property", element.attributes.get("name")): element.attributes.get("content")
        for element in found
    }


@pytest.mark.parametrize(
    ("link", "query"), [("?source=flyer&postal_code=60201", ""), ("?lang=es&theme=dark", "?lang=es")]
)
def test_a_shared_link_says_what_the_page_is_about(world: World, link: str, query: str) -> None:
    page = Page(world.get(FORM + link).body)
    campaign = catalog_of(world.stack).entry(CAMPAIGN).campaign.texts("es" if query else "en")
    said = metas(page)
    assert said["og:title"] == campaign.title == page.one("title").text
    assert said["og:description"] == campaign.summary
    assert page.one("meta", name="description")["content"] == campaign.summary
    assert said["og:url"] == page.one("link", rel="canonical")["href"] == f"{PUBLIC_URL}{FORM}{query}"
    assert said["og:image"] == f"{PUBLIC_URL}{FORM}/share.png{query}"
    assert (said["og:image:width"], said["og:image:height"]) == ("1200", "630")
    assert said["twitter:card"] == "summary_large_image"
    assert world.get(f"{FORM}/share.png{query}").content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        ("Ask your council to repair the bridge at Mill Lane!", " It has been closed for two years."),
        ("Ask Rep. Specimen to vote for clean water.", " It is time."),
        ("Ask the 3.5 million people of the county about the bridge", ""),
        ('Ask <b>&amp; "all"</b> of them about the old bridge.', "\nIt has been closed."),
    ],
)
def test_a_shared_link_has_the_first_sentence_only(world: World, first: str, rest: str) -> None:
    text = files_of_campaign()["campaign.toml"]
    line = f"summary = {json.dumps(first + rest)}"
    publish_files(world, {"campaign.toml": re.sub(r"(?m)^summary = .*", lambda _: line, text, count=1)})

    assert metas(Page(world.get(FORM).body))["og:description"] == first


def test_only_the_form_describes_itself_to_other_sites(world: World) -> None:
    framed = Page(world.get(f"{FORM}/embed").body)
    assert framed.one("link", rel="canonical")["href"] == f"{PUBLIC_URL}{FORM}"
    own = world.press(world.confirmed().link("confirm"))
    for page in (framed, Page(own.body), Page(world.get(f"{FORM}/signed").body)):
        assert not [name for name in metas(page) if (name or "").startswith(("og:", "twitter:"))]


def test_without_a_domain_of_its_own_the_stack_names_the_host_of_the_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(world.stack.settings.__dict__, "public_url", "")
    page = Page(world.get(FORM).body)
    assert (page.one("link", rel="canonical")["href"] or "").endswith(f".example{FORM}")


@pytest.mark.parametrize(("path", "kept"), [("", "lang=es"), ("/embed", "lang=es&embedded=1")])
def test_each_step_keeps_the_language_and_the_frame(world: World, path: str, kept: str) -> None:
    page = Page(world.get(f"{FORM}{path}?lang=es").body)
    mark, letter = ("#top", "#letter-title") if path else ("", "")
    assert page.one("form")["action"] == f"{FORM}/signatures?{kept}{mark}"
    assert page.one("button", id="preview")["formaction"] == f"{FORM}/preview?{kept}{letter}"
    assert page.one("a", hreflang="en")["href"] == f"{FORM}{path}?lang=en"
    assert page.one("form")["data-signed"] == f"{FORM}/signed?{kept}"
    sent = world.post(f"{FORM}/signatures?{kept}", {**ADA, "form": world.form()})
    for signed in (sent, world.get(f"{FORM}/signed?{kept}")):
        assert Page(signed.body).one("html")["lang"] == "es"
        assert f'href="{FORM}{path}?lang=es"' in signed.body


def test_links_in_a_frame_open_a_new_tab_if_they_leave_the_form(world: World) -> None:
    for page in (
        Page(world.get(f"{FORM}/embed").body),
        Page(world.post(f"{FORM}/signatures?embedded=1", {**ADA, "name": ""}).body),
        Page(world.get(f"{FORM}/signed?embedded=1").body),
    ):
        assert page.one("base")["target"] == "_blank"
        for link in page.all("a"):
            leads_away = re.match("http|.*/privacy", link["href"] or "") is not None
            assert ("target" in link) is not leads_away, link["href"]


def test_a_frames_page_names_the_sites_that_may_know_its_height(world: World) -> None:
    path = asset_path("frame.js")
    for framed in (f"{FORM}/embed", f"{FORM}/signed?embedded=1"):
        page = Page(world.get(framed).body)
        assert page.one("html")["data-hosts"] == "https://enddemand.example"
        assert page.one("script", src=path)
    page = Page(world.get(FORM).body)
    assert "data-hosts" not in page.one("html")
    assert page.all("script", src=path) == []


@pytest.mark.asvs("3.4.3")
def test_pages_have_one_style_sheet_and_only_the_forms_own_inline_script(world: World) -> None:
    mail = world.confirmed(note="My own words", drawing=json.dumps(STROKES))
    own = world.press(mail.link("confirm"))
    for answer in (world.get(FORM), world.sign(name=""), world.get(f"{FORM}/signed"), own, world.get("/nowhere")):
        page = Page(answer.body)
        assert len(page.all("style")) == 1
        for script in page.all("script"):
            inline = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
            assert bool(script.text) != ("src" in script)
            if script.text:
                assert f"'sha256-{inline}'" in answer.headers["content-security-policy"]
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        attributes = {name for element in page.elements for name in element.attributes}
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
    assert Page(own.body).all("script") == []
    assert "script-src" not in own.headers["content-security-policy"]


def test_a_confirmed_letters_page_has_plain_links_to_share(world: World) -> None:
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
    assert not any("/letters/" in (link["href"] or "") for link in shared), (
        "shared links must not lead to a signer's own page"
    )


def test_withdrawing_a_letter_needs_two_steps(world: World) -> None:
    page = Page(world.press(world.confirmed().link("confirm")).body)
    assert [step.text for step in page.all("summary")] == ["Withdraw my letter"]
    assert [step.text for step in page.all("button")] == ["Yes, withdraw my letter"]


def test_a_page_in_a_right_to_left_language_has_that_direction(world: World) -> None:
    campaign = catalog_of(world.stack).entry(CAMPAIGN).campaign
    Campaigns(world.stack.table).put_campaign(replace(campaign, language="ar", translations={}, letter=campaign.letter))
    world.clock.advance(minutes=2)
    html = Page(world.get(FORM).body).one("html")
    assert (html["lang"], html["dir"]) == ("ar", "rtl")


def test_a_preview_in_json_is_compressed(world: World) -> None:
    headers = {"accept": "application/json", "accept-encoding": "gzip"}
    answer = world.post(f"{FORM}/preview", ADA, headers=headers)
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
