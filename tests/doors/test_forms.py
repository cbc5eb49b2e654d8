"""Every form of every page and every field of an action: hostile text stays text, and damage is told and not kept."""

from __future__ import annotations

import html
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.doors.doors import PAGES, Door, add_everyone, ask, check_harmless, doors, filled
from tests.support.filled_pages import FilledPage, send
from tests.support.organizers import signed_in
from tests.support.world import ADA, ADMINISTRATOR
from undersigned.organizing.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.filled_pages import Button
    from tests.support.organizers import Browser
    from tests.support.world import World

DAMAGE = ("a\u202eb", "x" * 50_000)
HOSTILE = """<img src=x onerror=alert(1)></textarea><style>*{}</style>"'&{{ 7*7 }}"""
KEEPS_WHAT_WAS_TYPED = re.compile("/organizer/(new|.*/workshop/(letter|recipients|settings))")
"""A draft keeps damaged words, so that nothing typed is lost, and says what to correct before it can be published."""

USUAL = {
    "why": "asked for",
    "seen_at": "2026-11-24T18:00:00+00:00",
    "revision": "1-sent",
    "day": "2026-11-24",
    "letters": "7",
    "email": "a@b.example",
    "scope": "counts",
    "role": "editor",
    "text": "Thank you.",
}
"""Fields of actions without mistakes."""
NOT_TYPED = {"target", "revision", "to", "who"}
"""What a form sends along, and what a command alone has."""


@pytest.fixture
def administrator(world: World) -> Browser:
    """Return the browser of the one who sees every page."""
    add_everyone(world)
    return signed_in(world, ADMINISTRATOR)


def forms_of(browser: Browser) -> Iterator[tuple[FilledPage, Button]]:
    """Yield each button of each page, with its page; of alike buttons only one."""
    seen = set()
    for door in doors("public_api", "organizer_api"):
        if door.method == "GET" and not door.is_api:
            answer = ask(browser, door)
            if answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
                continue
            page = FilledPage(door.path, answer.body).finish()
            for button in page.buttons:
                kind = re.sub(
                    r"\b[0-9a-f]{12,}|\d", "", f"{button.address.partition('#')[0]} {button.name} {button.value}"
                )
                if kind not in seen and not button.address.endswith("/sign-out"):
                    seen.add(kind)
                    yield page, button


def without_mistakes(page: FilledPage) -> dict[int, str]:
    """Return what a person types in a page who makes no mistake."""
    chosen = {place: it.options[0] for place, it in page.to_fill_in if it.kind == "radio" and not it.is_on}
    known = {**ADA, **USUAL}
    return chosen | {place: str(known[it.name]) for place, it in page.to_fill_in if it.name in known and not it.value}


@contextmanager
def not_kept(world: World, damage: str) -> Iterator[None]:
    """Check that no row has what is posted, and undo what else it does."""
    memory = world.memory
    assert memory
    restore, before = memory.save(), {id(item) for item in memory.items()}
    yield
    assert not [item for item in memory.items() if id(item) not in before and repr(damage)[1:-1] in repr(item)]
    restore()


@pytest.mark.parametrize("damage", DAMAGE, ids=["a character that hides", "far too long"])
def test_a_damaged_field_of_a_form_is_kept_in_no_row(administrator: Browser, damage: str) -> None:
    fields = 0
    # What a form's other buttons do, they do with the same fields.
    for page, button in {of.address.partition("?")[0]: (page, of) for page, of in forms_of(administrator)}.values():
        for place, field in page.to_fill_in:
            # Tables of recipients have the same fields in each row.
            if field.form == button.form and field.kind != "file" and not re.search("[1-9]", field.name):
                fields += 1
                with not_kept(administrator.world, damage):
                    answer = send(administrator, page, button, {**without_mistakes(page), place: damage})
                assert answer.status in {200, 400, 404, 409, 413, 422} or (
                    answer.status == 303 and KEEPS_WHAT_WAS_TYPED.match(button.address)
                ), (button, field.name, answer.status)
    assert fields > 80


@pytest.mark.parametrize("damage", DAMAGE, ids=["a character that hides", "far too long"])
def test_a_damaged_field_of_an_action_is_told(administrator: Browser, damage: str) -> None:
    world, token = administrator.world, administrator.post_token
    for name, deed in ACTIONS.items():
        path = filled(world, Door("POST", PAGES + re.sub(r"<(\w+)>", r"{\1}", deed.page)))
        for field, _ in deed.fields() if deed.page else ():
            given = {"token": token, **USUAL, **deed.sends, field: damage}
            with not_kept(world, damage):
                answer = administrator.post(path, given)
            # Closing has a form of its own, and an answer is kept without such a character.
            told = 400 <= answer.status < 500 if field in {*NOT_TYPED, "text"} else answer.status in {400, 422}
            assert told or name in {"close", "reopen"} or field in {"to", "who"}, (name, field, answer.status)


def test_hostile_text_in_every_field_of_a_form_stays_text(administrator: Browser) -> None:
    memory, shown = administrator.world.memory, 0
    assert memory
    for page, button in list(forms_of(administrator)):
        restore = memory.save()
        typed = {place: HOSTILE for place, it in page.to_fill_in if it.kind in {"text", "textarea"}}
        answer = send(administrator, page, button, typed)
        if answer.status == 303:
            address = html.unescape(answer.headers["location"]).partition("#")[0]
            answer = administrator.see(address)
        assert answer.status in {200, 400, 409, 422}, (button, answer.status)
        check_harmless(answer.body, str(button))
        shown += "<img src=x" in html.unescape(answer.body)
        check_harmless(administrator.see("/audit").body, str(button))
        restore()
    assert shown > 9
