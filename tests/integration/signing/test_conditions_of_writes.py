"""What a write of a letter or a form depends on: each fact that somebody else can have changed meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.world import CAMPAIGN
from undersigned.base.errors import ChangedError
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.forms import FormMail
from undersigned.signing.rules.signatures import SignatureStateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

HOUR = timedelta(hours=1)


def letters(world: World) -> Signatures:
    return Signatures(world.stack.table)


def forms(world: World) -> Forms:
    return Forms(world.stack.table)


def withdraw(world: World, row: Any) -> None:
    letters(world).withdraw(CAMPAIGN, row.signer, world.clock.now)


LETTERS: dict[str, tuple[Callable[[World, Any], object], Callable[[World, Any], object]]] = {
    "a sealed letter is not put on hold": (
        lambda world, _: world.week(),
        lambda world, row: letters(world).hold(row),
    ),
    "a sealed letter doesn't come back into its tray": (
        lambda world, _: world.week(),
        lambda world, row: letters(world).end_hold(row, world.clock.now),
    ),
    "a letter that was withdrawn is not erased as it was": (
        withdraw,
        lambda world, row: letters(world).erase(row, world.clock.now),
    ),
    "a letter that was withdrawn is not cleared as it was": (
        withdraw,
        lambda world, row: letters(world).clear(row, world.clock.now),
    ),
}
"""What happens after a confirmed letter was read, and a write that knows nothing of it."""

FORMS: dict[str, tuple[Callable[[World, Any], object], Callable[[World, Any], object]]] = {
    "a form that is released is not released again": (
        lambda world, form: forms(world).release(form, "2026-11-24T15:00:00+00:00#1"),
        lambda world, form: forms(world).release(form, "2026-11-24T15:00:00+00:00#2"),
    ),
    "an email is not postponed after another one was requested": (
        lambda world, form: forms(world).release(form, "2026-11-24T15:00:00+00:00#1"),
        lambda world, form: forms(world).postpone_mail(FormMail(form), world.clock.now + HOUR),
    ),
    "an email that was postponed anew is not postponed further": (
        lambda world, form: forms(world).postpone_mail(FormMail(form), world.clock.now + 2 * HOUR),
        lambda world, form: forms(world).postpone_further(form, world.clock.now + 3 * HOUR),
    ),
}
"""The same for a form in quarantine whose email is postponed."""


@pytest.mark.parametrize(("meanwhile", "write"), LETTERS.values(), ids=LETTERS)
def test_a_write_on_a_letter(
    world: World, meanwhile: Callable[[World, Any], object], write: Callable[[World, Any], object]
) -> None:
    world.confirmed()
    read = world.row()
    meanwhile(world, read)
    left = world.row()
    assert left != read
    with pytest.raises(ChangedError):
        write(world, read)
    assert world.row() == left


def sign_again(world: World, row: Any) -> None:
    withdraw(world, row)
    world.clock.advance(seconds=1)
    world.confirmed(updates="yes", note="Anew")


NEWS: dict[str, Callable[[World, Any], object]] = {
    "a withdrawn letter": withdraw,
    "an erased letter": lambda world, row: world.erase(row.signer),
    "a cleared letter": lambda world, row: letters(world).clear(row, world.clock.now),
    "a letter that was signed anew": sign_again,
}


@pytest.mark.parametrize("meanwhile", NEWS.values(), ids=NEWS)
def test_the_news_of_another_letter_are_not_ended(world: World, meanwhile: Callable[[World, Any], object]) -> None:
    world.confirmed(updates="yes")
    read = world.signature()
    meanwhile(world, read)
    left = world.row()
    with pytest.raises(SignatureStateError):
        letters(world).end_news(read, world.clock.now)
    assert world.row() == left


@pytest.mark.parametrize(("meanwhile", "write"), FORMS.values(), ids=FORMS)
def test_a_write_on_a_form(
    world: World, meanwhile: Callable[[World, Any], object], write: Callable[[World, Any], object]
) -> None:
    world.sign(topic="looks like a bot's")
    [form] = world.forms()
    forms(world).postpone_mail(FormMail(form), world.clock.now + HOUR)
    [read] = world.forms()
    meanwhile(world, read)
    left = world.forms()
    assert left != [read]
    with pytest.raises(ChangedError):
        write(world, read)
    assert world.forms() == left
