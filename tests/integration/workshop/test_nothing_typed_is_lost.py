"""Test that what was typed in a page is saved, or stands there again, whatever button of the page is pressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support import world as worlds
from tests.support.filled_pages import Button, FilledPage, Typed, send
from tests.support.logos import SIGNATURE
from tests.support.organizers import Browser, signed_in
from tests.support.workshop import ANN, NEW, OWN_HEADINGS
from tests.support.world import ADMINISTRATOR, CAMPAIGN, files_of_campaign
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop import drafting
from undersigned.workshop.logos import read_logo
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.starting import empty_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import Answer, World

type Press = Callable[[Button, Typed], tuple[str, FilledPage]]
"""Presses a button with fields filled in, and returns what is stored then, and the page that follows."""

COMPLETE = "complete"
WORKSHOP = "/organizer/dashboard/{}/workshop/"
PUBLISHED, DRAFT = WORKSHOP.format(CAMPAIGN), WORKSHOP.format(NEW)
"""The campaign that is published, with changes, and one that never was."""


@dataclass
class Opened:
    """A page that a person opened. `presses` are the buttons, with a typed text, that led to it from its address."""

    path: str
    presses: tuple[tuple[str, dict[str, str]], ...] = ()


PAGES = {
    "new": Opened("/organizer/new"),
    "letter": Opened(f"{PUBLISHED}letter"),
    "empty letter": Opened(f"{DRAFT}letter"),
    "details": Opened(f"{PUBLISHED}settings"),
    "recipients": Opened(f"{PUBLISHED}recipients"),
    "no recipients": Opened(f"{DRAFT}recipients"),
    "columns": Opened(f"{PUBLISHED}recipients", (("recipients paste", {"pasted": OWN_HEADINGS}),)),
    "rows taken": Opened(
        f"{PUBLISHED}recipients", (("recipients paste", {"pasted": OWN_HEADINGS}), ("recipients columns", {}))
    ),
    "preview": Opened(f"{PUBLISHED}preview"),
    "publish": Opened(f"{PUBLISHED}publish?where=developer"),
    "closed": Opened(f"{PUBLISHED}publish?where=developer", (("close", {}),)),
    "first publishing": Opened(f"{WORKSHOP.format(COMPLETE)}publish"),
    "nothing to publish yet": Opened(f"{DRAFT}publish"),
}

GONE = {
    "discard: why",  # There is nothing to publish any more.
    "reopen: campaign",  # A campaign that is open can't be deleted.
    "settings save: region.other",  # The page shows this field only while no state is chosen.
    "settings show: region.other",
    *(f"recipients headings: column-{place}" for place in range(7)),  # The button chooses the columns again.
}
"""What a button makes void, so that it needs not stand there again."""


def stage(world: World) -> Browser:
    """Make a campaign with changes that are not published, and a draft, and return their owner."""
    owner = signed_in(world, ADMINISTRATOR)
    stack = world.stack
    drafting.write(stack, CAMPAIGN, 0, {}, ANN, {"goal": 777})
    drafting.create(stack, NEW, ANN, empty_files(NEW))
    drafting.create(stack, COMPLETE, ANN, files_of_campaign())
    return owner


def opened(owner: Browser, page: Opened) -> FilledPage:
    answer, path = owner.see(page.path), page.path
    for pressed, typed in page.presses:
        before = FilledPage(path, answer.body).finish()
        [button] = [it for it in before.buttons if it.id == pressed]
        places = {place: typed[it.name] for place, it in enumerate(before.fields) if it.name in typed}
        answer = send(owner, before, button, places)
        if answer.status == 303:
            answer = owner.see(page.path)
    assert answer.status == 200, answer.body
    return FilledPage(path, answer.body).finish()


def after(owner: Browser, button: Button, answer: Answer) -> FilledPage:
    """Return the page that follows a press."""
    path = button.address
    if answer.status == 303:
        path = answer.headers["location"]
        answer = owner.see(path.partition("#")[0])
    assert answer.status in {200, 422, 409}, (answer.status, answer.body)
    return FilledPage(path, answer.body).finish()


def stored(world: World) -> str:
    """Return what is stored of the campaigns: their drafts, the reasons in their logs, and whether they are closed."""
    campaigns = Campaigns(world.stack.table)
    known = sorted({*campaigns.campaign_ids(), *Drafts(world.stack).campaigns()})
    return repr(
        [
            (
                one,
                drafting.draft_of(world.stack, one).files,
                [entry.why for entry in campaigns.audit(one)],
                campaigns.controls(one).closed_at,
            )
            for one in known
        ]
    )


@pytest.mark.parametrize("name", PAGES)
def test_what_was_typed_is_saved_or_stands_there_again(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with worlds.world(monkeypatch, fast=True) as world:
        owner = stage(world)
        page = opened(owner, PAGES[name])
        memory = world.memory
        assert memory
        restore = memory.save()

        def press(button: Button, typed: Typed) -> tuple[str, FilledPage]:
            restore()
            world.restart("organizer_api")
            following = after(owner, button, send(owner, page, button, typed))
            return stored(world), following

        lost = {
            f"{button.id}: {page.fields[place].name}"
            for button in page.buttons
            for place in lost_by(button, page, press)
        }
    assert page.buttons
    # A form that is sent by GET shows another page without what was typed in this one.
    assert not page.to_fill_in or all(page.forms.values())
    assert lost <= GONE, "\n".join(sorted(lost - GONE))


def kept_of(file: bytes) -> str:
    """Return the text by which a file is kept: a picture's, or the first cell of a table."""
    return read_logo(file).text if file.startswith(SIGNATURE) else file.decode().split("\n")[1].split("\t")[0]


def lost_by(button: Button, page: FilledPage, press: Press) -> list[int]:
    """Return the places of the fields that are neither saved nor shown again by a button.

    All texts are filled in together. Of choices, each is made alone: it has an effect, or it is still made.
    """
    texts = {place: it.typed(place) for place, it in page.to_fill_in if not it.is_choice}
    marks = {place: text if isinstance(text, str) else kept_of(text) for place, text in texts.items()}
    kept, following = press(button, texts)
    lost = [place for place, mark in marks.items() if mark not in kept and not following.holds(mark)]
    kept, following = press(button, {})
    for place, it in page.to_fill_in:
        if it.is_choice:
            also_kept, then = press(button, {place: it.another})
            lost += [place] if (also_kept, then.state) == (kept, following.state) else []
    return lost


@pytest.mark.parametrize("pressed", ["close", "discard", "reopen", "delete"])
def test_a_dangerous_button_saves_nothing_that_was_typed_for_others(world: World, pressed: str) -> None:
    owner = stage(world)
    page = opened(owner, PAGES["closed" if pressed in {"reopen", "delete"} else "publish"])
    [place] = [place for place, it in page.to_fill_in if it.name == "website"]
    [button] = [it for it in page.buttons if it.id == pressed]
    following = after(owner, button, send(owner, page, button, {place: "https://other.example"}))
    assert following.holds("https://other.example")
    assert "other.example" not in stored(world)
