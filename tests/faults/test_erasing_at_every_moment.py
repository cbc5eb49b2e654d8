"""Erase a letter just before each AWS call of its delivery, and of making its packet again."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, override

import pytest

from tests.packets import KEY, NAMES, confirm, erase, letters_at, links, names_in, stored_letters
from tests.world import Watch, world
from undersigned.base.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.world import World

_MOST_CALLS = 200


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


@pytest.mark.parametrize("attaches", [True, False])
def test_an_erased_letter_is_in_no_later_email_and_in_no_file_whenever_it_is_erased(
    monkeypatch: pytest.MonkeyPatch, *, attaches: bool
) -> None:
    """And the others arrive once. A letter in an email that is being sent can't be erased, until that has left."""
    refused = calls = 0
    for call in range(1, _MOST_CALLS):
        with monkeypatch.context() as patch, world(patch, fast=True) as stack:
            stack.limit(packet_size=2, attached=Limits.attached if attaches else 0)
            confirm(stack, *NAMES)
            answers: list[tuple[int, int]] = []
            moment = At(stack, call, lambda: answers.append((erase(stack, "Ada").status, len(stack.deliveries))))  # noqa: B023
            stack.week()
            if not moment.has_acted:
                break
            [(status, emails)] = answers
            calls, refused = call, refused + (status == HTTPStatus.CONFLICT)
            stack.week()
            finish(stack)
            sent = [mail for mail in stack.deliveries if mail.tags["target"] == KEY.target]
            assert len(sent) == 1, f"call {call}"
            if attaches:
                has_ada = [name for pdf in sent[0].pdfs for name in names_in(pdf)][:1] == ["Ada"]
                assert has_ada == (status == HTTPStatus.CONFLICT or emails == 1), f"call {call}"
            assert status == HTTPStatus.SEE_OTHER or erase(stack, "Ada").status == HTTPStatus.SEE_OTHER
            finish(stack)
            assert stored_letters(stack) == ["Ben", "Cyd"], f"call {call}"
            if not attaches:
                shown = [name for link in links(stack) for name in letters_at(stack, link)]
                assert shown == ["Ben", "Cyd"], f"call {call}"
    assert calls > 20, "a delivery makes more calls than this"
    assert refused, "one of them asks SES"


def test_a_second_letter_is_in_no_file_whenever_it_is_erased_while_the_packet_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = 0
    for call in range(1, _MOST_CALLS):
        with monkeypatch.context() as patch, world(patch, fast=True) as stack:
            stack.limit(attached=0)
            confirm(stack, *NAMES)
            stack.week()
            assert erase(stack, "Ada").status == 303
            moment = At(stack, call, lambda: erase(stack, "Ben"))
            stack.clock.advance(minutes=2)
            stack.run_queue()
            if not moment.has_acted:
                break
            calls = call
            finish(stack)
            assert stored_letters(stack) == ["Cyd"], f"call {call}"
            assert [letters_at(stack, link) for link in links(stack)] == [["Cyd"]], f"call {call}"
    assert calls > 10, "making a packet again takes more calls than this"


def finish(stack: World) -> None:
    """Let what is queued happen, without a reconciliation."""
    stack.watch = None
    stack.clock.advance(minutes=16)
    stack.run_queue()
