"""A stack keeps what rooms make of it."""

from __future__ import annotations

from undersigned.base.settings import Settings
from undersigned.base.stack import Stack


def seen(stack: Stack) -> list[Stack]:
    return [stack]


def test_what_a_room_makes_of_a_stack_is_made_once_for_each_stack() -> None:
    one, other = (Stack(Settings({"TABLE_NAME": "t"}), client=lambda *_, **__: None) for _ in range(2))

    assert one.once(seen) is one.once(seen)
    assert one.once(seen) == [one]
    assert other.once(seen) == [other]
