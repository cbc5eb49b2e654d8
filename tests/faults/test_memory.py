"""AWS in memory answers like moto, call by call."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from tests import world as worlds
from undersigned.aws.dynamodb import (
    NEW,
    Check,
    ConditionFailedError,
    Key,
    Put,
    TransactionCanceledError,
    Update,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3.dynamodb.conditions import ConditionBase

    from tests.world import World
    from undersigned.aws.dynamodb import Table, Write

    type Call = Callable[[Table], Any]

CALLS = 600


def random_key(rng: random.Random) -> Key:
    return Key(f"PK#{rng.randrange(3)}", f"SK#{rng.randrange(4)}")


def random_values(rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"n": rng.randrange(5), "s": rng.choice("abc")}
    if rng.random() < 0.6:
        made |= {"due": f"DUE#{rng.randrange(2)}", "due_at": f"{rng.randrange(10**6):06d}"}
    if rng.random() < 0.4:
        made["set"] = {rng.choice("xyz"), rng.choice("xyz")}
    return made


def random_condition(rng: random.Random) -> ConditionBase:
    return rng.choice(
        [
            NEW,
            NEW | Attr("n").lte(rng.randrange(5)),
            Attr("s").eq(rng.choice("abc")),
            ~Attr("s").eq("a") & Attr("n").gt(1),
            Attr("s").is_in(["a", "b"]) & Attr("due").not_exists(),
            ~Attr("set").contains("x") & (Attr("set").not_exists() | Attr("set").size().lt(2)),
            Attr("set").eq({"x", "y"}),
            Attr("pk").exists(),
        ]
    )


def random_update(rng: random.Random) -> Update:
    return Update(
        random_key(rng),
        assign=rng.choice([{}, {"s": rng.choice("abc"), "n": None}, random_values(rng)]),
        add=rng.choice([{"count": rng.randrange(-2, 3)}, {"tags": {rng.choice("xyz")}}]),
        remove=rng.choice([(), ("due", "due_at"), ("set",)]),
        when=rng.choice([None, random_condition(rng)]),
    )


def random_write(rng: random.Random) -> Write:
    writes: list[Write] = [
        Put({**random_key(rng)._asdict(), **random_values(rng)}, random_condition(rng)),
        _without_overlap(random_update(rng)),
        Check(random_key(rng), random_condition(rng)),
    ]
    return rng.choice(writes)


def _without_overlap(change: Update) -> Update:
    """DynamoDB refuses an update that names an attribute twice."""
    kept = {name: value for name, value in change.assign.items() if name not in change.remove}
    return Update(change.key, assign=kept, add=change.add, remove=change.remove, when=change.when)


def random_call(rng: random.Random) -> Call:
    """Return a call that gives the same to each table."""
    key, values, condition = random_key(rng), random_values(rng), random_condition(rng)
    change = _without_overlap(random_update(rng))
    writes: dict[Key, Write] = {}
    for write in (random_write(rng) for _ in range(rng.randint(1, 4))):
        writes.setdefault(Key(write.values["pk"], write.values["sk"]) if isinstance(write, Put) else write.key, write)
    index, ahead, newest = f"DUE#{rng.randrange(2)}", rng.choice([None, 1, 2]), rng.random() < 0.5
    keys = [random_key(rng) for _ in range(3)]
    cut = rng.randrange(1, 6)

    def by_key(found: Any) -> Any:
        return sorted(found, key=lambda values: (values["pk"], values["sk"]))

    calls: list[Call] = [
        lambda table: table.get(key),
        lambda table: table.put({**key._asdict(), **values}, condition),
        lambda table: table.put_new({**key._asdict(), **values}),
        lambda table: table.update(change, returns="ALL_NEW"),
        lambda table: table.transact(list(writes.values())),
        lambda table: table.delete(key),
        lambda table: by_key(table.batch_get(keys)),
        lambda table: list(table.query(key.pk, begins_with="SK#", newest_first=newest, read_ahead=ahead)),
        lambda table: list(table.query(key.pk, at_least="SK#1")),
        lambda table: list(table.query(key.pk, below="SK#2", newest_first=newest)),
        lambda table: by_key(table.query(index, index="tray", read_ahead=ahead)),
        lambda table: table.count(index, "tray"),
        lambda table: sorted(table.partitions("tray", index[:cut], 1) or []),
    ]
    return rng.choice(calls)


def answer_of(call: Call, world: World) -> Any:
    """Return a call's answer, or its error."""
    try:
        return call(world.wiring.table)
    except ConditionFailedError as error:
        return "condition failed", error.values
    except TransactionCanceledError as error:
        return "canceled", error.reasons


def test_memory_answers_like_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[list[Any]] = []
    for fast in (False, True):
        rng = random.Random(1)  # noqa: S311
        with worlds.world(monkeypatch, fast=fast, empty=True) as world:
            answers.append([answer_of(random_call(rng), world) for _ in range(CALLS)])
    for number, (theirs, ours) in enumerate(zip(*answers, strict=True)):
        assert ours == theirs, f"call {number}"


@pytest.mark.parametrize("fast", [False, True])
def test_nothing_is_added_to_a_text(monkeypatch: pytest.MonkeyPatch, *, fast: bool) -> None:
    with worlds.world(monkeypatch, fast=fast, empty=True) as world:
        key = Key("PK#1", "SK#1")
        world.wiring.table.put({**key._asdict(), "n": "three"})
        with pytest.raises(ClientError, match="ValidationException"):
            world.wiring.table.update(Update(key, add={"n": 1}))


def test_an_index_gets_changes_late_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    with worlds.world(monkeypatch, fast=True, empty=True) as world:
        assert world.memory
        table, late = world.wiring.table, [timedelta(minutes=5), timedelta()]
        world.memory.lag = lambda: late.pop(0)
        key = Key("PK", "SK")
        table.put({**key._asdict(), "due": "DUE", "due_at": "1"})
        table.update(Update(key, assign={"due_at": "2"}))
        assert table.count("DUE", "tray") == 0
        world.clock.advance(minutes=5)
        assert [values["due_at"] for values in table.query("DUE", index="tray")] == ["2"]
