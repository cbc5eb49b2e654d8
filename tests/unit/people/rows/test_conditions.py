"""What a write of a role or a key depends on: each fact that another person can have changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.support.memory import Memory
from undersigned.base.errors import ChangedError
from undersigned.base.table import Table
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rows.people import People
from undersigned.people.rules.api_keys import KEY_WORKS_FOR, ApiKey
from undersigned.people.rules.people import Member

if TYPE_CHECKING:
    from undersigned.people.rules.people import Role

NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
ANN = Member("trees", "a" * 32, "ann@walkers.example", "owner", by="bo", at=NOW)
BO = replace(ANN, id="b" * 32, email="bo@walkers.example")
KEY = ApiKey("trees", "0" * 64, "counts", "", NOW, NOW + KEY_WORKS_FOR, ANN.email, ANN.id)


@pytest.fixture
def table() -> Table:
    made = Table(Memory(lambda: NOW).client("dynamodb", None), "table")
    for owner in (ANN, BO):
        People(made).put(owner, None)
    return made


def make(table: Table, member: Member, role: Role) -> None:
    """Give a person another role, as somebody else does meanwhile."""
    People(table).put(replace(member, role=role), member)


def test_a_role_that_somebody_else_changed_is_neither_written_nor_removed(table: Table) -> None:
    make(table, ANN, "editor")
    with pytest.raises(ChangedError):
        People(table).put(replace(ANN, role="viewer"), ANN)
    with pytest.raises(ChangedError):
        People(table).remove(ANN)
    assert People(table).members("trees") == (replace(ANN, role="editor"), BO)


def test_an_owner_goes_only_while_the_other_one_is_still_an_owner(table: Table) -> None:
    make(table, BO, "editor")
    with pytest.raises(ChangedError):
        People(table).remove(ANN, another_owner=BO)
    with pytest.raises(ChangedError):
        People(table).put(replace(ANN, role="viewer"), ANN, another_owner=BO)
    assert People(table).member("trees", ANN.id) == ANN


def test_a_person_who_is_no_owner_any_more_makes_no_key(table: Table) -> None:
    make(table, ANN, "editor")
    with pytest.raises(ChangedError):
        ApiKeys(table).put_api_key(KEY, ANN)
    assert ApiKeys(table).api_keys("trees") == ()
