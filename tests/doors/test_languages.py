"""Every page in Spanish: each leads to it, and of organizers' no English is left but what the campaign itself says."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from tests.doors.doors import Door, add_everyone, ask, doors, everyone_who_sees_pages, filled
from tests.support.organizers import signed_in
from tests.support.world import CAMPAIGN, files_of_campaign
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop import drafting
from undersigned.workshop.regions import STATES
from undersigned.workshop.setting_kinds import TIME_ZONE

if TYPE_CHECKING:
    from tests.support.world import World

ENGLISH = re.compile(r"\b(the|and|with|this|that|your|you|are|is|from|for|not|of|by|to)\b", re.IGNORECASE)
UNSEEN = re.compile(r"<(style|script|pre|textarea|bdi|code)\b.*?</\1>", re.DOTALL)
"""Code, and what the campaign and its emails say."""
PLACES = {*STATES.values(), *(words for _, words in TIME_ZONE.choices("es"))}
"""Names, as on an envelope and in the database of time zones."""
SAMPLE = "Here are the signer’s own words."
"""It is in the letter beside its text, and so in the letter's language."""
SWITCH = re.compile(r'<a href="([^"]*[?;]lang=es[^"]*)" lang="es" hreflang="es"')


def is_page_of_the_dashboard(door: Door) -> bool:
    is_shown = door.method == "GET" and not door.is_api
    # Form and emails are in the campaign's language.
    return is_shown and not door.path.endswith("/email") and "/preview/" not in door.path


def sentences(body: str) -> list[str]:
    """Return the texts of a page, and those that only screen readers and scripts tell."""
    told = re.findall(r'(?:aria-label|title|alt|placeholder|data-done)="([^"]*)"', UNSEEN.sub(" ", body))
    parts = [*re.split(r"<[^>]*>", UNSEEN.sub(" ", body)), *told]
    return [" ".join(html.unescape(part).split()) for part in parts]


def english_in(door: Door, body: str) -> set[tuple[str, str]]:
    """Return the English sentences of a page that the campaign doesn't say itself, with the door."""
    files = files_of_campaign()
    own = " ".join(f"{files['letter.md']} {files['campaign.toml']}".replace("\\", "").split())
    return {
        (door.path, part)
        for part in sentences(body)
        if ENGLISH.search(part) and part.strip(" .,") not in own and part not in {SAMPLE, *PLACES}
    }


def test_no_page_of_organizers_has_english_in_spanish(world: World) -> None:
    add_everyone(world)
    drafting.write(world.stack, CAMPAIGN, 0, {}, "ann", {"goal": 77, "send_now_only": True})
    Campaigns(world.stack.table).hold(CAMPAIGN, "evanston", "motivo")
    world.clock.advance(minutes=2)
    left, seen = set(), 0
    for browser in (signed_in(world, person) for person in everyone_who_sees_pages()):
        for door in filter(is_page_of_the_dashboard, doors()):
            answer = ask(browser, door)
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            seen += 1
            switch = SWITCH.search(answer.body)
            assert switch, (door, answer.body[-2000:])
            spanish = browser.see(html.unescape(switch[1])).body
            assert '<html lang="es"' in spanish, door
            browser.jar.pop("__Host-language", None)
            left |= english_in(door, spanish)
    assert seen > 30
    assert left == set()


def test_every_public_page_is_in_spanish_and_the_first_ones_lead_there(world: World) -> None:
    add_everyone(world)
    left, led = set(), set()
    for door in doors("public_api"):
        address = filled(world, door)
        # An office's pages are in the campaign's language, as its emails are.
        shown = None if door.method != "GET" or re.match("/(office|packet)", door.path) else world.get(address)
        if not shown or shown.status != 200 or "text/html" not in shown.headers["content-type"]:
            continue
        if switch := SWITCH.search(shown.body):
            address = html.unescape(switch[1])
            led.add(door.path)
        else:
            address += "?lang=es"
        spanish = world.get(address).body
        assert '<html lang="es"' in spanish, door
        left |= english_in(door, spanish)
    assert led == {"/", "/campaigns/{campaign}", "/campaigns/{campaign}/embed"}
    assert left == set()
