"""What people do in the searches is what they can do: each act has its form, with its fields, on its page."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from tests.support.cast import Cast, at_once, path_of
from tests.support.organizers import read
from tests.support.world import PERIOD, Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

    type People = Cast[str, Answer]

SHOW_A_PAGE = {"sign", "press_link", "withdraw", "end_news", "stop"}
"""The acts whose answer is a page that says what was done. All others lead back to their page."""

FIRST = path_of(PERIOD, "evanston")

MADE_OF = {"organizer", "press", "office", "read"}
"""What acts are made of, and what a program reads."""


def release_letter(world: World, people: People) -> Answer:
    world.signed(topic="looks like a bot's")
    return people.release_letter("Ada")


def end_news(world: World, people: People) -> Answer:
    world.confirmed(updates="yes")
    return people.end_news("Ada")


def lift_stop(_world: World, people: People) -> Answer:
    people.stop()
    return people.lift_stop()


def send_now(world: World, people: People) -> Answer:
    world.change_and_wait(send_now_only=True)
    world.confirmed()
    return people.send_now()


def receive(world: World, people: People) -> Answer:
    sent(world)
    return people.receive(PERIOD)


def answer(world: World, people: People) -> Answer:
    sent(world)
    return people.answer("They read it.")


def let_tell(world: World, people: People) -> Answer:
    answer(world, people)
    return people.let_tell()


def retry(world: World, people: People) -> Answer:
    sent(world, "bounce")
    return people.retry(FIRST)


def hand_over(world: World, people: People) -> Answer:
    people.set_address("")
    sent(world)
    return people.hand_over(FIRST, revision(world), PERIOD, "at the desk")


def decide(world: World, people: People) -> Answer:
    sent(world, "bounce")
    return people.decide(FIRST, "close-unsent", why="nobody is there", revision=revision(world))


def sent(world: World, *cases: str) -> None:
    """Deliver a letter of somebody who wants news; SES reports about the email."""
    world.confirmed(updates="yes")
    world.week()
    for mail in world.deliveries:
        for case in cases or ("delivery",):
            world.feedback(case, mail)
    world.run_stream()


def revision(world: World) -> str:
    return str(read(world, FIRST)["revision"])


def confirmed(world: World, act: Callable[[], Answer]) -> Answer:
    world.confirmed()
    return act()


def after(first: Callable[[], Answer], then: Callable[[], Answer]) -> Answer:
    first()
    return then()


ACTS: dict[str, Callable[[World, People], Answer]] = {
    "sign": lambda _world, people: people.sign("Ada", "Ada", updates="yes"),
    "press_link": lambda world, people: people.press_link(world.signed().link("confirm")),
    "withdraw": lambda world, people: confirmed(world, lambda: people.withdraw("Ada")),
    "end_news": end_news,
    "stop": lambda _world, people: people.stop(reason="Use our form."),
    "receive": receive,
    "erase": lambda world, people: confirmed(world, lambda: people.erase("Ada")),
    "release_letter": release_letter,
    "pause": lambda _world, people: people.pause(),
    "resume": lambda _world, people: after(people.pause, people.resume),
    "hold": lambda _world, people: people.hold(),
    "release": lambda _world, people: after(people.hold, people.release),
    "lift_stop": lift_stop,
    "set_address": lambda _world, people: people.set_address("new@evanston.example"),
    "answer": answer,
    "let_tell": let_tell,
    "send_now": send_now,
    "retry": retry,
    "hand_over": hand_over,
    "decide": decide,
}


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_a_form_of_its_page(world: World, name: str) -> None:
    answered = ACTS[name](world, at_once(world, opens_pages=True))
    # An organizer who sees a page instead is asked again, or told why not.
    assert answered.status == (200 if name in SHOW_A_PAGE else 303), answered.words


def test_each_act_of_the_cast_is_tried() -> None:
    acts = {name for name, _ in inspect.getmembers(Cast, inspect.isfunction) if not name.startswith("_")}
    assert acts - MADE_OF == ACTS.keys()
