"""Every page of organizers in Spanish: no English is left but what the campaign itself says."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from tests.organizer_routes import PEOPLE, add_everyone, ask, routes_of_organizers
from tests.organizers import signed_in
from tests.world import ADMINISTRATOR, CAMPAIGN, files_of_campaign
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop import drafting
from undersigned.workshop.regions import STATES
from undersigned.workshop.setting_kinds import TIME_ZONE

if TYPE_CHECKING:
    from tests.organizer_routes import Route
    from tests.world import World

ENGLISH = re.compile(r"\b(the|and|with|this|that|your|you|are|is|from|for|not|of|by|to)\b", re.IGNORECASE)
UNSEEN = re.compile(r"<(style|script|pre|textarea|bdi|code)\b.*?</\1>", re.DOTALL)
"""Code, and what the campaign and its emails say."""
PLACES = {*STATES.values(), *(words for _, words in TIME_ZONE.choices("es"))}
"""Names, as on an envelope and in the database of time zones."""
SAMPLE = "Here are the signer’s own words."
"""It is in the letter beside its text, and so in the letter's language."""


def is_page_of_the_dashboard(route: Route) -> bool:
    is_shown = route.method == "GET" and not route.is_api
    # Form and emails are in the campaign's language.
    return is_shown and not route.path.endswith("/email") and "/preview/" not in route.path


def sentences(body: str) -> list[str]:
    """Return the texts of a page, and those that only screen readers and scripts tell."""
    told = re.findall(r'(?:aria-label|title|alt|placeholder|data-done)="([^"]*)"', UNSEEN.sub(" ", body))
    parts = [*re.split(r"<[^>]*>", UNSEEN.sub(" ", body)), *told]
    return [" ".join(html.unescape(part).split()) for part in parts]


def test_no_page_of_organizers_has_english_in_spanish(world: World) -> None:
    add_everyone(world)
    files = files_of_campaign()
    own = " ".join(f"{files['letter.md']} {files['campaign.toml']}".replace("\\", "").split())
    drafting.write(world.stack, CAMPAIGN, 0, {}, "ann", {"goal": 77, "send_now_only": True})
    Campaigns(world.stack.table).hold(CAMPAIGN, "evanston", "motivo")
    world.clock.advance(minutes=2)
    left, seen = set(), 0
    for browser in (signed_in(world, PEOPLE["owner"]), signed_in(world, ADMINISTRATOR)):
        browser.see("/organizer?lang=es")
        for route in filter(is_page_of_the_dashboard, routes_of_organizers()):
            answer = ask(browser, route)
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            seen += 1
            assert '<html lang="es"' in answer.body, route
            left |= {
                (route.path, part)
                for part in sentences(answer.body)
                if ENGLISH.search(part) and part.strip(" .,") not in own and part not in {SAMPLE, *PLACES}
            }
    assert seen > 30
    assert left == set()
