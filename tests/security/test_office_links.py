"""Links of offices: what somebody reads who has one, and whether *Received* counts, by what became of the link."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.acting import Decisions
from tests.support.damage import damage_delivery, put
from tests.support.packets import KEY, confirm, links_of_office
from tests.support.world import CAMPAIGN, PERIOD
from undersigned.base.purposes import PURPOSES
from undersigned.campaigns.rows.offices import office_key
from undersigned.campaigns.rules.campaigns import Campaign
from undersigned.delivering.rows.deliveries import delivery_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

BUTTON, OTHER_SITE = "Received: we have the letters of November 24, 2026", {"origin": "https://evil.example"}


@pytest.fixture
def sent(world: World) -> World:
    confirm(world, "Ada")
    world.week()
    return world


def moved_to(world: World, email: str) -> None:
    Decisions(world.stack).set_address(CAMPAIGN, "evanston", email, "cli", "")


def grow_old(world: World) -> None:
    world.clock.advance(days=PURPOSES["office"].valid_for.days + 1)


def with_ended_key(_world: World, rotate: Any) -> None:
    rotate()
    rotate("--yes")


@pytest.mark.parametrize(
    ("becomes", "statuses", "words", "counts"),
    [
        ("forwarded", (200, 303), BUTTON, True),
        ("forged", (404, 404), "This link is not complete", False),
        ("a cover's", (404, 404), "This link is not complete", False),
        ("old", (410, 410), "This link has expired", False),
        ("of an ended key", (404, 404), "This link is not complete", False),
        ("of another mailbox", (200, 409), "The letters no longer go to the address that got this link", False),
        ("of no mailbox, by hand", (200, 409), "The letters no longer go to the address that got this link", False),
        ("of the same mailbox in capitals", (200, 303), BUTTON, True),
        ("of a deleted campaign", (404, 404), "Page not found", False),
        ("of a damaged delivery", (200, 303), "Nothing yet.", False),
        ("beside a damaged delivery", (200, 303), BUTTON, True),
    ],
)
def test_who_has_a_link_reads_this_and_may_do_that(
    sent: World, rotate: Any, becomes: str, statuses: tuple[int, int], words: str, *, counts: bool
) -> None:
    office, cover = links_of_office(sent)
    if becomes == "of no mailbox, by hand":
        moved_to(sent, "")
        office, _ = links_of_office(sent)
    become: dict[str, Callable[[], object]] = {
        "old": lambda: grow_old(sent),
        "of an ended key": lambda: with_ended_key(sent, rotate),
        "of another mailbox": lambda: moved_to(sent, "new@evanston-police.example"),
        "of the same mailbox in capitals": lambda: moved_to(sent, "Chief@evanston-police.example"),
        "of a deleted campaign": lambda: sent.stack.table.delete(Campaign.locate(id=CAMPAIGN)),
        "of a damaged delivery": lambda: put(sent, {**delivery_key(KEY)._asdict(), "state": "sent"}),
        "beside a damaged delivery": lambda: damage_delivery(sent),
    }
    become.get(becomes, bool)()
    link = {"forged": f"{office}x", "a cover's": cover.replace("packets-sent", "office")}.get(becomes, office)
    page = sent.get(link)
    answer = sent.post(f"{link}/received", {"period": PERIOD})
    assert ((page.status, answer.status), answer.headers["cache-control"]) == (statuses, "no-store")
    assert words in page.words
    assert (BUTTON in page.words) == counts
    assert ("Anyone who has its link can use its buttons." in page.words) == ("<form" in page.body)
    said = sent.stack.table.get(office_key(CAMPAIGN, "evanston"), consistent=True) or {}
    assert (f"received_{PERIOD}" in said) == counts
    shown = sent.get(cover)
    if becomes not in {"of an ended key", "of a deleted campaign"}:
        assert (shown.status, "<form" in shown.body) == (200, False), "a cover is read years later"


def test_a_cover_opens_no_office_and_reads_nothing_else(sent: World) -> None:
    """The page behind a cover's link is the same, however old the cover is."""
    _, cover = links_of_office(sent)
    before = sent.get(cover).body
    sent.clock.now += timedelta(days=3650)
    assert sent.get(cover).body == before


@pytest.mark.asvs("3.5.1")
def test_only_a_post_of_our_own_page_counts_and_it_is_short(sent: World) -> None:
    """A gateway follows links, and another website's page can't press a button."""
    office, _ = links_of_office(sent)
    path, values = f"{office}/received", {"period": PERIOD}
    assert [sent.request(method, office).status for method in ("GET", "HEAD")] == [200, 200]
    assert sent.request("HEAD", office).body == ""
    assert sent.get(path).status == 404
    assert sent.post(path, values, headers=OTHER_SITE).status == 403
    assert sent.post(path, {**values, "more": "x" * 4096}).status == 413
    assert sent.post(path, {"period": "2026-11-24\ud800"}, as_json=True).status == 303
    assert sent.post(path, {}).status == 303
    assert "The office said" not in sent.get(office).words
    assert sent.post(path, values, headers={"origin": "null"}).status == 303
    assert "The office said on November 24, 2026 that it has these letters." in sent.get(office).words
