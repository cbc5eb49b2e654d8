"""A campaign whose every text is hostile: nothing of it runs, or is styled, in any page, email, picture or packet."""

from __future__ import annotations

import csv
import html
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pypdf import PdfReader

from tests.doors.doors import add_everyone, ask, check_harmless, doors
from tests.support.acting import Decisions, decide
from tests.support.organizers import signed_in
from tests.support.packets import links_of_office
from tests.support.world import ADMINISTRATOR, CAMPAIGN, FORM, PERIOD, files_of_campaign, publish_files
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.printing.share_pictures import share_pictures
from undersigned.workshop.settings import values_of

if TYPE_CHECKING:
    from tests.support.world import World

MARK = "<img src=x onerror=alert(1)><style>*{color:red}</style>\"'&"
LOGIC = "{{ 7*7 }}{% raw %}"
TYPST = '#panic("x") $a$ *b* `c` \\'


def publish_hostile(world: World, *, send_now_only: bool) -> None:
    files = files_of_campaign()
    settings = DraftSettings(values_of(files["campaign.toml"])).changed(
        {
            "title": f"{MARK} {TYPST}",
            "summary": f"{MARK} {LOGIC}",
            "organizer.name": f"{MARK} {LOGIC} {TYPST}",
            "es.title": MARK,
            "es.summary": MARK,
            "sources": ["flyer"],
            "send_now_only": send_now_only,
        }
    )
    rows = list(csv.DictReader(io.StringIO(files["targets.csv"])))
    for number, row in enumerate(rows):
        row |= {"name": f"{MARK} {TYPST} {number}", "title": f"{LOGIC} {MARK}", "title_es": MARK}
        row |= {"department": f"{TYPST} {MARK}", "locality": f"{row['locality']} {MARK}"}
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    publish_files(world, {"settings": settings.text, "targets.csv": table.getvalue()})
    world.restart("public_api")


def deliver(world: World) -> None:
    """Run the week, whose letters wait for *Send now*, and send them."""
    world.hour()
    world.clock.now = datetime(2026, 11, 30, 15, tzinfo=UTC)
    world.hour()
    Decisions(world.stack).deliver(CAMPAIGN, world.period, "command line", "", seen_at=world.clock.now)
    world.run_queue()


def test_hostile_texts_of_a_campaign_run_in_no_page_email_or_packet(world: World) -> None:
    publish_hostile(world, send_now_only=True)
    for path in ("", "?lang=es&source=flyer", "/embed", "/privacy", "/signed"):
        answer = world.get(f"{FORM}{path}")
        assert answer.status == 200, path
        check_harmless(answer.body, path)
    assert MARK in html.unescape(world.get(FORM).body)
    assert share_pictures(Campaigns(world.stack.table).campaign(CAMPAIGN)).keys() == {"en", "es"}

    world.sign()
    world.run_stream()
    link = world.sent[-1].link("confirm")
    check_harmless(world.get(link).body, "the page that confirms")
    check_harmless(world.press(link).body, "the signer's own page")
    world.run_stream()
    deliver(world)
    for page in map(world.get, links_of_office(world)):
        check_harmless(page.body, "a page of what was sent")
        assert MARK in html.unescape(page.body)
    kinds = {sent.tags["kind"] for sent in world.sent}
    assert {"confirmation", "waiting", "delivery"} <= kinds, kinds
    for sent in world.sent:
        check_harmless(sent.html, sent.tags["kind"])
        assert "\n" not in str(sent.mail["subject"])
    [delivery] = world.deliveries
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(delivery.pdfs[0])).pages).split())
    for hostile in ('#panic("x")', "$a$ *b* `c`", "<img src=x", "{{ 7*7 }}{% raw %}"):
        assert hostile in words, hostile


def test_hostile_texts_of_a_campaign_its_signers_and_organizers_run_behind_no_door(world: World) -> None:
    publish_hostile(world, send_now_only=False)
    typed = dict.fromkeys(("name", "signature", "address_line", "locality", "note"), f"{MARK} {LOGIC}")
    add_everyone(world, **typed)
    decide(world, "hold", "evanston", why=f"{MARK} {LOGIC}")
    decide(world, "record answer", "evanston", day=PERIOD, text=f"{MARK} {LOGIC}", public="yes")
    decide(world, "pause", why=MARK)
    administrator, shown = signed_in(world, ADMINISTRATOR), set[str]()
    assert administrator.press("/keys", {"scope": "counts", "label": MARK}).status == 200
    for function in ("public_api", "organizer_api"):
        world.restart(function)
    for door in doors("public_api", "organizer_api"):
        if door.method == "GET" and not door.is_api:
            answer = ask(administrator, door)
            if answer.headers.get("content-type", "").startswith("text/html"):
                check_harmless(answer.body, str(door))
                shown |= {door.path} if MARK in html.unescape(answer.body) else set()
    assert len(shown) > 25, shown
