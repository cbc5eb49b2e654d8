"""The workshop in Chromium: the letter beside its text, rows that are added, and every page and state with axe."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from werkzeug.wrappers import Response

from tests.support import looks
from tests.support import world as worlds
from tests.support.looks import reach
from tests.support.organizers import begin_session, code_in
from tests.support.scale import scale
from tests.support.served_world import served, sign_in
from tests.support.workshop import OWN_HEADINGS, PAPER
from undersigned.workshop import drafting
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned.workshop.settings import settings_in
from undersigned.workshop.starting import empty_files, example_files
from undersigned_cli.local.serving import HttpService

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.world import World
    from undersigned.workshop.setting_kinds import Value

CAMPAIGN = worlds.CAMPAIGN
NEW = "safer-streets"
ANN = "ann@organizer.example"

LOOKS = looks.looks(360, 1280, ("en", "es"))
ALWAYS_SEEN = {
    "preview",
    "published-page",
    "website-refused",
    "no-website",
    "letter-mistakes",
    "recipients-mistakes",
    "columns",
    "settings-conflict",
    "settings-unfolded",
    "new-refused",
}
"""One state of each kind. `pytest --scale=nightly` sees all of them."""


@dataclass
class Stack:
    """The handlers on AWS in memory, and their address on this machine."""

    world: World
    address: str

    def workshop(self, campaign: str) -> str:
        return f"{self.address}/organizer/dashboard/{campaign}/workshop"

    def sign_in(self, page: Page, campaign: str) -> None:
        page.goto(f"{self.address}/organizer")
        sign_in(page, begin_session(self.world.stack, "editor", campaign), campaign)

    def write(self, campaign: str, files: Mapping[str, str | None]) -> None:
        """Change files as another person would."""
        stack = self.world.stack
        drafting.write(stack, campaign, drafting.draft_of(stack, campaign).revision, files, ANN)

    def set(self, campaign: str, settings: Mapping[str, Value]) -> None:
        """Change settings as another person would."""
        text = drafting.draft_of(self.world.stack, campaign).files["settings"]
        self.write(campaign, {"settings": DraftSettings.read(text).changed(settings).text})


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stack]:
    with worlds.world(monkeypatch, fast=True) as world, served(world, tmp_path) as site:
        yield Stack(world, site.address)


def test_the_letter_is_shown_while_one_types(stack: Stack, visitor: Visitor) -> None:
    page = visitor.open()
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/letter")
    text, shown = page.locator("#text"), page.locator("#letter-shown")
    text.fill("Dear [recipient's name],\n\nPlease ")
    text.press("Control+End")
    page.get_by_role("button", name="Bold").click()
    page.keyboard.type("hurry")
    expect(shown.locator("strong")).to_have_text("hurry")
    # A mistake is told with its line, and the last letter without one stays.
    text.press("Control+End")
    page.keyboard.type(" {{ nobody }}")
    expect(page.locator("#letter-mistakes")).to_contain_text("{{ nobody }} The signs { and } mean nothing here")
    expect(shown).to_contain_text("hurry")
    page.locator("#letter-mistakes a").click()
    assert text.evaluate("it => it.value.slice(it.selectionStart, it.selectionEnd)").startswith("Please")
    text.fill("x")
    page.get_by_role("button", name="[your name]").click()
    expect(text).to_have_value("x[your name]")
    text.press("Control+z")
    expect(text).to_have_value("x")


def test_the_text_and_what_is_left_to_do_in_it_are_in_the_first_window(stack: Stack, visitor: Visitor) -> None:
    page = visitor.open(width=1280)
    stack.write(CAMPAIGN, {"letter.md": "Dear [Name],\n\n" + "Act in [fill in].\n\n" * 40})
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/letter")
    window = page.viewport_size
    assert window is not None
    for part in ("#text", "#letter-mistakes a >> nth=1"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["y"] + 100 < window["height"], part


def test_what_is_left_to_do_chooses_only_its_blank(stack: Stack, visitor: Visitor) -> None:
    """A button of the toolbar then replaces the blank, and no other word of its line."""
    page = visitor.open()
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/letter")
    text = page.locator("#text")
    line = "Dear [recipient's title], I live in [fill in] and write today, since [why] you lead the police of my town."
    text.fill(f"{line}\n\nSee [our page](https://a.example) on ____.")
    page.locator("#letter-mistakes a").first.click()
    page.get_by_role("button", name="[your town]").click()
    expect(page.locator("#letter-mistakes a").first).to_contain_text("I live in [your town]")
    page.locator("#letter-mistakes a").first.click()
    page.keyboard.type("today")
    expect(page.locator("#letter-mistakes a")).to_have_count(1)
    page.locator("#letter-mistakes a").first.click()
    page.keyboard.press("Delete")
    first = line.replace("[fill in]", "[your town]").replace("[why]", "today")
    expect(text).to_have_value(f"{first}\n\nSee [our page](https://a.example) on .")


WORD = """<html><head><style>p{color:red}</style></head><body><p class=MsoNormal>Dear <b>Mayor</b>,</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·<span>
&nbsp;</span></span><![endif]>Open the <i>records</i>.</p>
<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>o </span>All of them.</p>
<p class=MsoNormal>See <a href="https://a.example/x">the page</a> *</p></body></html>"""
DOCS = """<b style="font-weight:normal" id="docs-internal-guid-1"><p><span style="font-weight:700">Act </span><span
style="font-style:italic">now</span></p><ol><li><p><span>One</span></p></li><ul><li><p><span>In one</span></p></li></ul>
<li><p><span>Two</span></p></li></ol></b>"""
WORD_MARKS = """<p class=MsoNormal><b style='mso-bidi-font-weight:normal'>Buyers</b> and
<i style='mso-bidi-font-style:normal'>not</i></p><p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span
style='mso-list:Ignore'>9.<span>&nbsp;</span></span>Nine</p><p class=MsoListParagraph style='mso-list:l0 level1 lfo1'>
<span style='mso-list:Ignore'>10.<span>&nbsp;</span></span>Ten</p>"""
MAIL = """<div dir="ltr">Hello <a href="javascript:alert(1)">there</a><br>you<div><strong>Now</strong></div></div>"""
HOSTILE_PASTE = """<p><b>a</b><script>document.title='run'</script><img src=x onerror="document.title='run'"></p>"""
NESTED = "<ul><li>1" * 6 + "</ul>" * 6


@pytest.mark.parametrize(
    ("pasted", "typed"),
    [
        (
            WORD,
            "Dear **Mayor**,\n\n- Open the *records*.\n    - All of them.\n\nSee [the page](https://a.example/x) \\*",
        ),
        (DOCS, "**Act** *now*\n\n1. One\n    - In one\n2. Two"),
        (WORD_MARKS, "**Buyers** and *not*\n\n9. Nine\n10. Ten"),
        (MAIL, "Hello there  \nyou\n\n**Now**"),
        (HOSTILE_PASTE, "**a**"),
        (NESTED, "- 1\n    - 1\n        - 1\n        - 1\n        - 1\n        - 1"),
        ("<p>plain</p>", ""),
    ],
    ids=["Word", "Google Docs", "Word's numbers", "an email", "scripts", "nested lists", "no format"],
)
def test_what_is_pasted_keeps_its_lists_bold_italics_and_links(
    stack: Stack, visitor: Visitor, pasted: str, typed: str
) -> None:
    page = visitor.open()
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/letter")
    text = page.locator("#text")
    text.fill("")
    assert paste(page, pasted, "plain") == (typed == ""), "without a format the browser pastes the plain text"
    expect(text).to_have_value(typed)
    expect(page.locator("#paste-says")).to_have_text(
        "Lists in lists in lists became one list." if pasted == NESTED else ""
    )
    assert page.title() != "run"


PAPER_LETTERS = {
    "labels": f"{PAPER}\nSigned ____ Date ____\n",
    "captions": "Keep it open.\n\n_______          _____\n(signature)\t(date)\n\n____\nPrint name\n",
    "markdown": "Dear Mayor,\n\n**Please act.** These are our reasons:\n\n1. We walk here.\n2. Cars drive fast.\n",
    "table": "Dear Senator,\n\nVote.\n\nName:\t____\tDate:\t____\nCity:\t____\tZip code:\t____\n",
}


def as_document(text: str) -> str:
    """Return a typed letter as Google Docs copies it: a paragraph of spans for each one, and breaks within."""
    paragraphs = [escape(paragraph).replace("\n", "<br>") for paragraph in re.split(r"\n{2,}", text.strip())]
    spans = "".join(f'<p dir="ltr"><span style="white-space:pre-wrap">{it}</span></p>' for it in paragraphs)
    return f'<meta charset="utf-8"><b style="font-weight:normal" id="docs-internal-guid-1">{spans}</b>'


@pytest.mark.parametrize("letter", PAPER_LETTERS.values(), ids=PAPER_LETTERS)
def test_a_paper_letter_is_pasted_with_its_blanks(stack: Stack, visitor: Visitor, letter: str) -> None:
    """The result has the words and the blanks of the letter as it was typed."""
    page = visitor.open()
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/letter")
    page.locator("#text").fill("")
    assert not paste(page, as_document(letter), letter)
    pasted = page.locator("#text").input_value()
    # Stars that somebody typed in a document are stars.
    assert words_of(pasted) == words_of(letter)


def words_of(text: str) -> list[str]:
    return pasted_letter(text, "en").replace("\\*", "*").replace("\\\n", "\n").split()


def test_a_paste_of_ten_megabytes_is_refused_with_a_sentence(stack: Stack, visitor: Visitor) -> None:
    page = visitor.open()
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/letter")
    before = page.locator("#text").input_value()
    for html, plain in (("<b>a</b>" * 1_300_000, "a"), ("", "a " * 5_000_000)):
        assert not paste(page, html, plain)
        expect(page.locator("#paste-says")).to_have_text(
            "That is too long for a letter. Nothing was pasted: copy only the letter."
        )
    assert page.locator("#text").input_value() == before


@pytest.mark.parametrize("part", ["<style ", "<script>", "<style></style", "<!", "<p ona", "<br>a<br>"])
def test_a_paste_as_long_as_a_letter_may_have_is_read_whatever_has_no_end_in_it(
    stack: Stack, visitor: Visitor, part: str
) -> None:
    """If each part were read to the end of the text, this would take minutes, and the browser would give up."""
    page = visitor.open()
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/letter")
    page.evaluate(
        """(html) => {
          // Chromium takes long to put thousands of lines in a field.
          document.execCommand = (_command, _ui, words) => (window.pasted = words);
          const data = new DataTransfer();
          data.setData("text/html", html);
          const event = new ClipboardEvent("paste", { clipboardData: data, cancelable: true });
          setTimeout(() => document.getElementById("text").dispatchEvent(event));
        }""",
        f"<b>a{part * (1_900_000 // len(part))}",
    )
    page.wait_for_function("window.pasted")
    assert page.evaluate("window.pasted").strip("*").startswith("a")


@pytest.mark.parametrize(
    ("step", "field", "most", "says"),
    [
        ("settings", "#logo-file", 2_000_000, "The logo has more than 2 MB. Save it smaller."),
        ("recipients", "#file", 4_000_000, "A file can have up to 4 MB."),
    ],
)
def test_a_file_that_is_too_large_is_refused_before_it_is_sent(  # noqa: PLR0917
    stack: Stack, visitor: Visitor, step: str, field: str, most: int, says: str
) -> None:
    page = visitor.open()
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/{step}")
    page.locator("details.fold").evaluate_all("folds => folds.forEach((fold) => (fold.open = true))")
    for more, message in ((1, says), (0, "")):
        upload = {"name": "file", "mimeType": "image/png", "buffer": bytes(most + more)}
        page.locator(field).set_input_files(upload)  # type: ignore[arg-type]
        assert page.locator(field).evaluate("it => it.validationMessage") == message


def paste(page: Page, html: str, plain: str) -> bool:
    """Paste into the letter, and return whether the browser is left to paste the plain text."""
    return bool(
        page.evaluate(
            """([html, plain]) => {
          const data = new DataTransfer();
          data.setData("text/html", html);
          data.setData("text/plain", plain);
          const text = document.getElementById("text");
          text.focus();
          const event = new ClipboardEvent("paste", { clipboardData: data, cancelable: true, bubbles: true });
          return text.dispatchEvent(event);
        }""",
            [html, plain],
        )
    )


def test_a_row_is_added_and_saved(stack: Stack, visitor: Visitor) -> None:
    page = visitor.open()
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/recipients")
    rows = page.locator("#rows tr")
    before = rows.count()
    page.get_by_role("button", name="Add a row").click()
    expect(rows).to_have_count(before + 1)
    expect(rows.last.get_by_role("rowheader")).to_have_text(str(before + 1))
    page.keyboard.type("Sheriff")
    page.get_by_label(f"Name, row {before + 1}", exact=True).fill("Kim New")
    page.get_by_role("button", name="Save and go on").click()
    page.locator("#mistakes").get_by_role("link", name="Row 11").first.click()
    expect(page.get_by_label("Name, row 11", exact=True)).to_have_value("Kim New")


def test_names_towns_and_departments_are_not_cut(stack: Stack, visitor: Visitor) -> None:
    page = visitor.open(width=1280)
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/recipients")
    cut = page.locator("#rows :is(.title, .name, .department, .locality)").evaluate_all(
        "cells => cells.filter((it) => it.scrollWidth > it.clientWidth).map((it) => it.value)"
    )
    assert cut == []
    assert page.locator(".rows").first.evaluate("it => it.scrollWidth - it.clientWidth") == 0


def test_every_cell_of_an_empty_table_has_room_to_type_and_remove_stays_in_view(stack: Stack, visitor: Visitor) -> None:
    drafting.create(stack.world.stack, NEW, ANN, empty_files(NEW))
    page = visitor.open(width=1280)
    stack.sign_in(page, NEW)
    page.goto(f"{stack.workshop(NEW)}/recipients")
    widths = page.locator("#rows td > :is(input:not([type=hidden]), textarea)").evaluate_all(
        "cells => cells.map((it) => [it.name, it.offsetWidth])"
    )
    assert len(widths) == 7
    assert [name for name, width in widths if width < 110] == []

    stack.write(NEW, {"targets.csv": example_files()["targets.csv"]})
    page.reload()
    page.get_by_label("Email, row 1", exact=True).fill(
        "the.superintendent.of.all.schools@a-district-with-a-long-name.example"
    )
    box = page.get_by_label("Remove row 1", exact=True).bounding_box()
    assert box is not None
    assert box["x"] + box["width"] < 1280
    expect(page.get_by_role("region", name="recipients")).to_be_visible()


def test_without_javascript_a_campaign_is_written_and_published(stack: Stack, visitor: Visitor) -> None:
    drafting.create(stack.world.stack, NEW, ANN, example_files())
    page = visitor.open(scripts=False)
    stack.sign_in(page, NEW)
    page.goto(f"{stack.workshop(NEW)}/letter")
    text = page.locator("#text").input_value()
    page.locator("#text").fill(text.replace("Sincerely", "With hope"))
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#letter-shown")).to_contain_text("With hope")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview")
    page.locator("nav.steps a").nth(2).click()
    page.get_by_role("button", name="Add a row").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recipients")
    page.locator("nav.steps a").last.click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Published.")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_website_is_named_and_published_and_then_shows_what_is_pasted(
    stack: Stack, visitor: Visitor, tmp_path: Path, *, scripts: bool
) -> None:
    stack.world.change(allowed_origins=(), any_website=False)
    service, pasted = HttpService("website", 0, tmp_path / "website"), [""]
    service.answer = lambda _: Response(pasted[0], mimetype="text/html")
    website = service.url.replace("127.0.0.1", "localhost")
    page = visitor.open(scripts=scripts)
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/publish")
    page.get_by_role("link", name="A developer puts it into a website").click()
    expect(page.get_by_text("No website may show the form yet.")).to_be_visible()
    expect(page.locator("textarea[readonly]")).to_have_count(0)

    page.get_by_label("On which website?").fill("our website")
    page.get_by_role("button", name="Add website").click()
    expect(page.get_by_label("On which website?")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("On which website?").fill(f"{website}/sign?from=bar#form")
    page.get_by_role("button", name="Add website").click()
    expect(page.get_by_text("Until you publish, the form doesn’t show there.")).to_be_visible()
    visitor.assert_accessible(page)
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("link", name="A developer puts it into a website").click()

    expect(page.get_by_text("and on no other website.")).to_be_visible()
    pasted[0] = page.locator("#snippet-frame").input_value().replace(worlds.PUBLIC_URL, stack.address)
    stack.world.clock.advance(minutes=1)
    service.start()
    page.goto(website)
    expect(page.frame_locator("iframe").locator("#form")).to_be_visible()
    service.stop()


def test_without_javascript_a_spreadsheet_is_taken_by_its_columns_and_undone(stack: Stack, visitor: Visitor) -> None:
    before = drafting.draft_of(stack.world.stack, CAMPAIGN).files["targets.csv"]
    page = visitor.open(scripts=False)
    stack.sign_in(page, CAMPAIGN)
    page.goto(f"{stack.workshop(CAMPAIGN)}/recipients")
    page.locator("#file").set_input_files(
        {"name": "chiefs.csv", "mimeType": "text/csv", "buffer": OWN_HEADINGS.encode("utf-16")}
    )
    page.get_by_role("button", name="Look at these rows").click()

    expect(page.get_by_label("Chief's Full Name")).to_have_value("name")
    expect(page.get_by_label("Phone")).to_have_value("")
    page.get_by_label("Phone").select_option("Name in web addresses")
    page.get_by_label("Phone").select_option("Not used")
    page.get_by_role("button", name="Take these rows").click()

    expect(page.get_by_role("status").last).to_contain_text("2 rows were taken.")
    assert "chief@oakton.example,02134" in drafting.draft_of(stack.world.stack, CAMPAIGN).files["targets.csv"]

    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(re.compile("done="))

    assert drafting.draft_of(stack.world.stack, CAMPAIGN).files["targets.csv"] == before


def test_with_the_keyboard_alone_a_campaign_is_written_checked_and_published(stack: Stack, visitor: Visitor) -> None:
    files = example_files()
    # A few rows are enough, and are faster to go through.
    files["targets.csv"] = "".join(files["targets.csv"].splitlines(keepends=True)[:3])
    drafting.create(stack.world.stack, NEW, ANN, files)
    page = visitor.open()
    stack.sign_in(page, NEW)

    def press(name: str, key: str = "Enter") -> None:
        reach(page, page.get_by_role("button", name=name, exact=True).first)
        page.keyboard.press(key)

    page.goto(f"{stack.workshop(NEW)}/letter")
    # The letter: a button writes where the caret is, and a mistake leads to its line.
    text = page.locator("#text")
    reach(page, text)
    page.keyboard.press("Control+End")
    page.keyboard.type("\n\n{{ nobody }} ")
    expect(page.locator("#letter-mistakes a")).to_be_visible()
    page.locator("body").evaluate("() => document.activeElement.blur()")
    reach(page, page.locator("#letter-mistakes a"))
    page.keyboard.press("Enter")
    expect(text).to_be_focused()
    page.keyboard.press("Control+End")
    for _ in "{{ nobody }} ":
        page.keyboard.press("Backspace")
    page.locator("body").evaluate("() => document.activeElement.blur()")
    press("[your name]", "Space")
    expect(text).to_have_value(re.compile(r"\[your name\]$"))
    press("Save and go on")
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview")
    # A mistake that is left in the table leads to its cell.
    reach(page, page.locator("nav.steps a").nth(2))
    page.keyboard.press("Enter")
    cell = page.get_by_label("Email, row 2", exact=True)
    reach(page, cell)
    page.keyboard.press("Control+a")
    page.keyboard.type("nobody")
    press("Save and go on")
    reach(page, page.get_by_role("link", name="Row 2, Email"))
    page.keyboard.press("Enter")
    expect(cell).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("mayor@oakton.example")
    press("Save and go on")
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview")
    reach(page, page.get_by_role("link", name="Go on to publish"))
    page.keyboard.press("Enter")
    press("Publish")
    expect(page.get_by_role("status")).to_have_text("Published.")


@pytest.mark.parametrize("scripts", [True, False])
def test_the_details_are_filled_in_by_keyboard_on_a_phone(stack: Stack, visitor: Visitor, *, scripts: bool) -> None:
    drafting.create(stack.world.stack, NEW, ANN, empty_files(NEW))
    page = visitor.open(width=360, scripts=scripts)
    stack.sign_in(page, NEW)
    page.goto(f"{stack.workshop(NEW)}/settings")
    expect(page.get_by_label("Not in the United States?")).to_be_visible()
    reach(page, page.get_by_label("One sentence"))
    typed_in_turn = "Ask your mayor for safer streets.", "Please act.", "Walkers", "letters@walkers.example", "Texas"
    for typed in typed_in_turn:
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    expect(page.get_by_label("Not in the United States?")).to_be_hidden()
    expect(page.get_by_label("Goal")).to_be_hidden()
    reach(page, page.locator("summary", has_text="The form"))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("1,200")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("done=saved"))
    campaign = settings_in(drafting.draft_of(stack.world.stack, NEW).files).known
    assert (campaign.goal, campaign.region, campaign.time_zone) == (1200, "TX", "America/Chicago")


@pytest.mark.parametrize(("width", "dark", "language"), LOOKS)
def test_every_page_and_state_is_accessible(  # noqa: PLR0915  (each state leads to the next)
    stack: Stack, visitor: Visitor, width: int, language: str, *, dark: bool
) -> None:
    drafting.create(stack.world.stack, NEW, ANN, example_files())
    letter = drafting.draft_of(stack.world.stack, NEW).files["letter.md"]
    # The pages are in the campaign's language.
    stack.write(NEW, {"letter.es.md": None})
    stack.set(NEW, {"language": language, "title": "Safer streets", "languages": None})
    # A button names it.
    stack.set(NEW, {"organizer.email": "the.people.who.answer@neighbors-for-safer-streets.example"})
    stack.write(
        NEW,
        {
            "targets.csv": drafting.draft_of(stack.world.stack, NEW)
            .files["targets.csv"]
            .replace("title_es,", "")
            .replace("Jefe de Policía,", "")
        },
    )
    page = visitor.open(width=width, dark=dark)
    stack.sign_in(page, NEW)
    base = stack.workshop(NEW)

    def see(state: str) -> None:
        if scale.looks or state in ALWAYS_SEEN:
            looks.see(visitor, page, f"workshop-{state}-{width}-{'dark' if dark else 'light'}-{language}")
            assert page.locator("html").get_attribute("lang") == language

    def go(step: str) -> None:
        page.goto(f"{base}/{step}")
        page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true })")

    def save(step: str = "save") -> None:
        page.locator(f"button[value={step}]:not([hidden])").first.click()
        page.wait_for_load_state()

    for step in ("letter", "settings", "recipients", "preview", "publish"):
        go(step)
        see(step)
    for view in ("form", "email", "paper"):
        go(f"preview?view={view}")
        see(f"preview-{view}")
    # A spreadsheet in two steps, and back.
    go("recipients")
    page.locator("#pasted").fill(OWN_HEADINGS)
    save("paste")
    see("columns")
    page.locator("#column-6").select_option("email")
    save("columns")
    see("columns-mistakes")
    page.locator("#column-6").select_option("")
    save("columns")
    see("recipients-taken")
    save("undo")
    # Each step with mistakes.
    go("letter")
    page.locator("#text").fill("Dear {{ nobody }}")
    save()
    see("letter-mistakes")
    go("recipients")
    page.locator("#cell-0-email").fill("nobody")
    page.locator("#cell-1-postal_codes").fill("6?")
    save()
    see("recipients-mistakes")
    go("settings")
    see("settings")
    page.locator("details.fold").evaluate_all("folds => folds.forEach((fold) => (fold.open = true))")
    see("settings-unfolded")
    page.locator("#setting-goal").fill("many")
    save()
    see("settings-mistakes")
    go("preview")
    see("preview-left")
    # Two people at once.
    go("letter")
    stack.write(NEW, {"letter.md": letter})
    page.locator("#text").fill(letter.replace("Sincerely", "With hope"))
    save()
    see("letter-conflict")
    go("settings")
    stack.set(NEW, {"goal": 700})
    page.locator("details", has=page.locator("#setting-goal")).evaluate("fold => (fold.open = true)")
    page.locator("#setting-goal").fill("800")
    save()
    see("settings-conflict")
    go("recipients")
    table = drafting.draft_of(stack.world.stack, NEW).files["targets.csv"]
    stack.write(NEW, {"targets.csv": table.replace("nobody", "chief@deerfield.example").replace("evanston", "")})
    page.locator("#cell-0-email").fill("mayor@deerfield.example")
    save()
    see("recipients-conflict")
    stack.write(
        NEW,
        {"targets.csv": example_files()["targets.csv"].replace("title_es,", "").replace("Jefe de Policía,", "")},
    )
    go("publish")
    page.locator("form[action$='/publish'] button:not([formaction], [hidden], [type])").click()
    for where in ("page", "wordpress", "builder", "developer", "count"):
        go(f"publish?where={where}")
        see(f"published-{where}")
    go("publish?where=developer")
    page.locator("#site").fill("https://ann.wixsite.com/trees")
    page.locator("[formaction$='/website']").click()
    expect(page.locator("#site")).to_have_attribute("aria-invalid", "true")
    see("website-refused")
    stack.set(NEW, {"allowed_origins": None, "any_website": False})
    go("publish")
    page.locator("form[action$='/publish'] button:not([formaction], [hidden], [type])").click()
    go("publish?where=developer")
    expect(page.locator("#snippet-script")).to_have_count(0)
    see("no-website")
    stack.set(NEW, {"goal": 900, "title": "Safer streets for all"})
    stack.write(NEW, {"letter.md": letter.replace("Sincerely", "With hope")})
    go("publish")
    see("changes")
    go("versions")
    see("versions")
    page.locator(".versions a").last.click()
    see("version")
    page.goto(base.removesuffix("/workshop"))
    see("overview-with-changes")


@pytest.mark.parametrize(("width", "dark", "language"), LOOKS)
def test_a_new_campaign_begins_on_accessible_pages(
    stack: Stack, visitor: Visitor, width: int, language: str, *, dark: bool
) -> None:
    page = visitor.open(width=width, dark=dark, locale={"en": "en-US", "es": "es-MX"}[language])
    page.goto(f"{stack.address}/organizer")
    page.locator("#email").fill(worlds.ADMINISTRATOR)
    page.locator("form[action$='/sign-in'] button").click()
    page.wait_for_url("**/organizer/sign-in/*")
    stack.world.run_people_mails()
    page.locator("#code").fill(code_in(stack.world.sent[-1]))
    page.locator("main form button").click()
    page.wait_for_url("**/organizer")

    def see(state: str) -> None:
        if scale.looks or state in ALWAYS_SEEN:
            looks.see(visitor, page, f"workshop-{state}-{width}-{'dark' if dark else 'light'}-{language}")
            assert page.locator("html").get_attribute("lang") == language

    page.locator("a[href='/organizer/new']").click()
    see("new")
    page.locator("button[value=letter]").click()
    see("new-refused")
    page.locator("#title").fill("Safer streets")
    page.locator("#text").fill(PAPER)
    page.locator("button[value=letter]").click()
    page.wait_for_url(f"**/organizer/dashboard/{NEW}/workshop/letter")
    see("letter-blanks")
    page.goto(f"{stack.address}/organizer")
    see("campaigns")
