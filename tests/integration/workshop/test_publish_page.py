"""The step that publishes: what it changes, in words, and how people then get to the form."""

from __future__ import annotations

import html
import io
import re
import struct
from typing import TYPE_CHECKING

from pypdf import PdfReader

from tests.support.pdfs import boxes_of
from tests.support.world import CAMPAIGN, PUBLIC_URL, files_of_campaign, publish_files
from undersigned.base.qr_codes import qr_code
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop import sampling
from undersigned.workshop.campaigns import compile_campaign

if TYPE_CHECKING:
    from tests.support.workshop import Author
    from tests.support.world import World

OLD, NEW = "chief@evanston-police.example", "new.chief@evanston-police.example"
ADDRESS = f"{PUBLIC_URL}/campaigns/{CAMPAIGN}"


def test_a_changed_letter_is_for_those_who_sign_from_now_on(world: World, author: Author) -> None:
    for number in range(2):
        world.confirmed(email=f"s{number}@signers.example")
    author.open("letter")
    text = author.form("letter")["text"]
    author.send("letter", {"text": text.replace("Sincerely", "With hope"), "do": "save"})
    said = author.open("publish").words
    assert "People who sign from now on sign the new letter. Letters that are signed stay as they are." in said
    author.send("publish", {"why": ""})
    world.restart("public_api")
    world.confirmed(email="later@signers.example")
    world.week()
    [delivery] = world.deliveries
    assert (delivery.printed.count("Sincerely,"), delivery.printed.count("With hope,")) == (2, 1)


def test_a_push_after_the_list_of_changes_was_read_is_listed_before_it_is_undone(world: World, author: Author) -> None:
    author.open("settings")
    author.send("settings", {"goal": "700", "do": "save"})
    author.open("publish")
    table = files_of_campaign()["targets.csv"]
    for name in ("Robin", "Sasha"):
        publish_files(world, {"targets.csv": table.replace("Avery Sample", f"{name} Sample")})
        answer = author.send("publish", {"why": "A new goal"})
        assert answer.status == 409
        assert "What publishing changes Goal Recipient Avery Sample: Name" in answer.words
        assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").name == f"{name} Sample"
        author.pages["publish"] = answer.body
    assert author.send("publish", {}).status == 303
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").name == "Avery Sample"


def test_a_bounced_delivery_goes_again_to_a_changed_address(world: World, author: Author) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    world.confirmed(email="bo@signers.example")
    author.open("recipients")
    [cell] = [name for name, value in author.form("recipients").items() if value == OLD]
    author.send("recipients", {cell: NEW, "do": "save"})
    assert "Recipient Avery Sample: Email" in author.open("publish").words
    author.send("publish", {"why": ""})

    page = author.see("/deliveries/2026-11-24/evanston").body
    revision = re.search(r'name="revision" value="([^"]+)"', page)
    assert revision
    assert "Send again" in page
    assert author.press("/deliveries/2026-11-24/evanston/retry", {"revision": revision[1]}).status == 303
    world.run_queue()
    assert [sent.to for sent in world.deliveries] == [OLD, NEW]


def test_a_change_of_a_published_campaign_can_have_a_reason(author: Author) -> None:
    author.open("settings")
    author.send("settings", {"goal": "700", "do": "save"})
    assert "Why? (optional) Your colleagues can read this in the activity log. Publish" in author.open("publish").words


def test_what_was_just_published_leads_on_to_the_overview(author: Author) -> None:
    author.open("settings")
    author.send("settings", {"goal": "700", "do": "save"})
    leads_on = f'<a class="button" href="{author.base.removesuffix("/workshop")}">Go on to the overview</a>'
    assert leads_on not in author.open("publish").body
    answer = author.send("publish", {})
    assert leads_on in author.see(answer.headers["location"]).body


def test_the_qr_code_leads_to_the_form_on_the_page_and_as_a_file(author: Author) -> None:
    assert qr_code(ADDRESS) in author.open("publish?where=page").body
    answer = author.see(f"{author.base}/qr")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.decode() == qr_code(ADDRESS, border=4)
    assert qr_code(ADDRESS) != qr_code(f"{ADDRESS}x")


def test_each_snippet_leads_to_pages_that_there_are(author: Author) -> None:
    page = "".join(author.open(f"publish?where={where}").body for where in ("page", "builder", "developer"))
    snippets = dict(re.findall(r'<textarea id="snippet-([\w-]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL))
    assert snippets.keys() == {"script", "frame", "button", "own-form"}
    for name in ("script", "frame", "button"):
        addresses = re.findall(r'(?:src|href)="([^"]+)"', html.unescape(snippets[name]))
        assert ADDRESS in addresses
        for address in addresses:
            assert author.world.get(address.removeprefix(PUBLIC_URL)).status == 200, address
    assert f'data-campaign="{CAMPAIGN}"' in html.unescape(snippets["script"])


def test_the_paper_form_is_a_file_for_all_recipients_or_for_one(world: World, author: Author) -> None:
    assert f'href="{author.base}/paper"' in author.open("publish?where=paper").body
    [link] = re.findall(r'href="([^"]+/paper\?target=evanston)"', author.see("/targets/evanston").body)

    for address, name, says in (
        (f"{author.base}/paper", f"{CAMPAIGN}-paper.pdf", "[recipient’s name]"),
        (link, f"{CAMPAIGN}-evanston-paper.pdf", "Dear Police Chief Avery Sample,"),
    ):
        answer = author.see(address)
        assert answer.headers["content-type"] == "application/pdf"
        assert f'filename="{name}"' in answer.headers["content-disposition"]
        assert says in PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert author.see(f"{author.base}/paper?target=nowhere").status == 404


def test_a_campaign_is_printed_on_the_paper_that_its_page_says(world: World, author: Author) -> None:
    author.open("settings")
    author.send("settings", {"paper_size": "a4", "do": "save"})
    picture = author.see(f"{author.base}/preview/paper?page=1").content
    assert struct.unpack_from(">II", picture, 16) == (827, 1169)
    compiled = compile_campaign(author.draft().files)
    [test] = sampling.test_email(
        world.stack, world.stack.settings.sender, compiled, "ann@enddemand.example"
    ).attachments
    assert boxes_of(test.pdf) == {(595, 842)}
    assert "What publishing changes Paper size" in author.open("publish").words
    author.send("publish", {"why": "A4"})
    world.clock.advance(minutes=2)
    assert boxes_of(author.see(f"{author.base}/paper").content) == {(595, 842)}
    world.confirmed()
    world.week()
    assert boxes_of(world.deliveries[0].pdfs[0]) == {(595, 842)}


def test_the_form_that_was_made_can_be_pasted_as_a_new_letter(author: Author) -> None:
    pages = PdfReader(io.BytesIO(author.see(f"{author.base}/paper?target=evanston").content)).pages[:2]
    author.open("letter")
    author.send("letter", {"text": "\n".join(page.extract_text() for page in pages), "do": "save"})

    saved = author.form("letter")["text"]
    assert "[your own words]" in saved
    assert "Or sign on the web" not in saved
    assert "____" not in saved
