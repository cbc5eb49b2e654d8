"""Packets of a delivery to Evanston: who is in them, and what erasing a letter does to them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.search.invariants import words_of
from tests.support.cast import at_once
from tests.support.organizers import someone
from tests.support.world import CAMPAIGN, CONTEXT, PERIOD, client_of, load_event
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.office import cover_url, office_url
from undersigned.delivering.rules.deliveries import DeliveryKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.world import Answer, World

KEY = DeliveryKey(CAMPAIGN, "evanston", PERIOD)
PEOPLE = ("Ada", "Ben", "Cyd", "Dan", "Eve")
NAMES = PEOPLE[:3]


def confirm(world: World, *names: str) -> None:
    """Let people sign and confirm, a minute after each other."""
    for name in names:
        world.confirmed(name=name, signature=name, email=f"{name}@signers.example", address_line=f"7 {name} Place")
        world.clock.advance(minutes=1)


def organizer(world: World, path: str, values: Mapping[str, object] | None = None) -> Answer:
    """Press a button of the dashboard, or without values, open a page."""
    browser = someone(world, "editor")
    return browser.see(path) if values is None else browser.press(path, values)


def erase(world: World, name: str) -> Answer:
    return at_once(world).erase(name)


def links(world: World) -> list[str]:
    """Return the links of the page that the email links to."""
    page = world.get(world.deliveries[-1].link("packets"))
    assert page.status == 200
    return re.findall(r'href="(/packets/[^"]+/\d+)"', page.body)


def links_of_office(world: World, of: str = "evanston") -> tuple[str, str]:
    """Return the paths of an office's page, and of the page behind its covers' link."""
    target, sender = Campaigns(world.stack.table).target(CAMPAIGN, of), world.stack.settings.sender
    office = office_url(sender, world.stack.links, CAMPAIGN, target)
    cover = cover_url(sender, world.stack.links, CAMPAIGN, target.id)
    return office.removeprefix(sender.public_url), cover.removeprefix(sender.public_url)


def letters_at(world: World, path: str, **options: Any) -> list[str]:
    answer = world.get(path, **options)
    assert answer.status == 302
    return names_in(world.stack.bucket.get(urlsplit(answer.headers["location"]).path.removeprefix("/")))


def names_in(*pdfs: bytes) -> list[str]:
    """Return whose letters are in PDFs."""
    words = " ".join(words_of(pdf) for pdf in pdfs)
    return [name for name in PEOPLE if f"7 {name} Place" in words]


def stored_letters(world: World) -> list[str]:
    """Return the letters in all stored PDFs."""
    s3, bucket = client_of("s3"), world.stack.settings.packet_bucket
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return sorted(name for item in found for name in names_in(world.stack.bucket.get(item["Key"])))


def repack(world: World) -> Any:
    """Pass the message that comes a minute after an erasure to `deliver`."""
    event = load_event("deliver_repacking_message")
    message = {"key": {"campaign": KEY.campaign, "target": KEY.target, "period": KEY.period}, "is_repacking": True}
    event["Records"][0]["body"] = json.dumps(message)
    return world.handlers["deliver"](event, CONTEXT)
