"""Erase a letter just before each AWS call of its delivery, and of making its packet again."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, override

import pytest

from tests.support.packets import KEY, NAMES, confirm, erase, letters_at, links, names_in, stored_letters
from tests.support.world import Watch
from undersigned.base.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.world import World

_MOST_CALLS = 200


pytestmark = pytest.mark.slow


class At(Watch):
    """Acts once, just before the nth call of `deliver` from now on."""

    def __init__(self, stack: World, call: int, act: Callable[[], object]) -> None:
        self._stack, self._left, self._act = stack, call, act
        stack.watch = self

    @property
    def has_acted(self) -> bool:
        return self._left <= 0

    @override
    def before(self, function: str, _operation: str, _params: Mapping[str, Any]) -> None:
        if function != "Deliver":
            return
        self._left -= 1
        if self._left == 0:
            self._act()


def before_each_call(world: World) -> Iterator[int]:
    """Yield the number of each call that `deliver` may make, with the world as it is now."""
    memory, now, sent = world.memory, world.clock.now, len(world.sent)
    assert memory
    restore = memory.save()
    for call in range(1, _MOST_CALLS):
        yield call
        restore()
        world.clock.now, world.watch = now, None
        del world.sent[sent:]
        for function in ("deliver", "organizer_api", "public_api"):
            world.restart(function)


@pytest.mark.parametrize("attaches", [True, False])
def test_an_erased_letter_is_in_no_later_email_and_in_no_file_whenever_it_is_erased(
    world: World, *, attaches: bool
) -> None:
    """And the others arrive once. A letter in an email that is being sent can't be erased, until that has left."""
    refused = calls = 0
    world.limit(packet_size=2, attached=Limits.attached if attaches else 0)
    confirm(world, *NAMES)
    for call in before_each_call(world):
        answers: list[tuple[int, int]] = []
        moment = At(world, call, lambda: answers.append((erase(world, "Ada").status, len(world.deliveries))))  # noqa: B023
        world.week()
        if not moment.has_acted:
            break
        [(status, emails)] = answers
        calls, refused = call, refused + (status == HTTPStatus.CONFLICT)
        world.week()
        finish(world)
        sent = [mail for mail in world.deliveries if mail.tags["target"] == KEY.target]
        assert len(sent) == 1, f"call {call}"
        if attaches:
            has_ada = [name for pdf in sent[0].pdfs for name in names_in(pdf)][:1] == ["Ada"]
            assert has_ada == (status == HTTPStatus.CONFLICT or emails == 1), f"call {call}"
        assert status == HTTPStatus.SEE_OTHER or erase(world, "Ada").status == HTTPStatus.SEE_OTHER
        finish(world)
        assert stored_letters(world) == ["Ben", "Cyd"], f"call {call}"
        if not attaches:
            shown = [name for link in links(world) for name in letters_at(world, link)]
            assert shown == ["Ben", "Cyd"], f"call {call}"
    assert calls > 20, "a delivery makes more calls than this"
    assert refused, "one of them asks SES"


def test_a_second_letter_is_in_no_file_whenever_it_is_erased_while_the_packet_is_made_again(world: World) -> None:
    calls = 0
    world.limit(attached=0)
    confirm(world, *NAMES)
    world.week()
    assert erase(world, "Ada").status == 303
    for call in before_each_call(world):
        moment = At(world, call, lambda: erase(world, "Ben"))
        world.clock.advance(minutes=2)
        world.run_queue()
        if not moment.has_acted:
            break
        calls = call
        finish(world)
        assert stored_letters(world) == ["Cyd"], f"call {call}"
        assert [letters_at(world, link) for link in links(world)] == [["Cyd"]], f"call {call}"
    assert calls > 10, "making a packet again takes more calls than this"


def finish(stack: World) -> None:
    """Let what is queued happen, without a reconciliation."""
    stack.watch = None
    stack.clock.advance(minutes=16)
    stack.run_queue()
