"""Test how rows are written and read: by a class with every kind of attribute, and by every class of the product."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import combinations, product
from pathlib import Path
from typing import Any, Literal, get_type_hints

import pytest
from hypothesis import given

from tests.support.product_files import product_files
from tests.support.rows import (
    FOLLOWING,
    attributes_of,
    names_in_key,
    names_within,
    parts_of,
    row_classes,
    rows_of,
    unwritten,
)
from undersigned.base.errors import DamagedRowsError
from undersigned.base.rows import ELSEWHERE, Key, Row, Values, built, plain
from undersigned.base.table import from_item, read_row, to_item
from undersigned.people.rows.people import SessionOfPerson
from undersigned.workshop.rules.drafts import Draft

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 25, 9, 0, 0, 250_000, UTC)

type Taste = Literal["sweet", "sour"]


@dataclass(frozen=True, slots=True)
class Leaf:
    color: str
    holes: int = 0
    turned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tree(Row):
    pk, sk = "WOOD#{wood}", "TREE#{planted}#{id}"

    wood: str
    planted: date
    id: str
    name: str
    taste: Taste = "sweet"
    mark: str = ""
    height: int = 0
    is_felled: bool = False
    seen_at: datetime | None = None
    birds: tuple[str, ...] = ()
    owners: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    leaf: Leaf | None = None
    leaves: Mapping[str, Leaf] = field(default_factory=dict)
    picture: bytes = b""
    nests: Mapping[str, str] = field(default_factory=dict, metadata=ELSEWHERE)

    @property
    def listed(self) -> str | None:
        return None if self.is_felled else f"TREES#{self.wood}"

    @property
    def expires_at(self) -> datetime | None:
        return self.seen_at + timedelta(days=1) if self.seen_at else None


@dataclass(frozen=True, slots=True)
class Letter(Row):
    pk, sk = "CAMPAIGN#{campaign}", "LETTER#{version}"

    version: str
    text: str


BARE = Tree("north", date(2026, 3, 1), "oak", "Old oak")
FULL = replace(
    BARE,
    taste="sour",
    mark="x",
    height=12,
    seen_at=NOW,
    birds=("owl", "owl"),
    owners=frozenset({"Ada", "Ben"}),
    names={"es": "Roble"},
    leaf=Leaf("red", 2, NOW),
    leaves={"top": Leaf("red")},
    picture=b"\x89PNG",
)
BARE_ITEM = {"pk": "WOOD#north", "sk": "TREE#2026-03-01#oak", "name": "Old oak", "listed": "TREES#north"}


def through_the_table(values: Values) -> Values:
    return from_item(to_item(values))


def test_a_row_is_its_key_and_what_differs_from_the_defaults() -> None:
    assert BARE.item() == BARE_ITEM
    assert (
        BARE.own_key()
        == Tree.locate(wood="north", planted=date(2026, 3, 1), id="oak")
        == Key(BARE_ITEM["pk"], BARE_ITEM["sk"])
    )
    assert Tree.partition(wood="north") == "WOOD#north"


def test_each_attribute_has_its_form() -> None:
    assert FULL.item() == BARE_ITEM | {
        "taste": "sour",
        "mark": "x",
        "height": 12,
        "seen_at": "2026-11-25T09:00:00.250000+00:00",
        "birds": ["owl", "owl"],
        "owners": {"Ada", "Ben"},
        "names": {"es": "Roble"},
        "leaf": {"color": "red", "holes": 2, "turned_at": "2026-11-25T09:00:00.250000+00:00"},
        "leaves": {"top": {"color": "red"}},
        "picture": b"\x89PNG",
        "expires_at": 1795683600,
    }
    kinds = {name: next(iter(value)) for name, value in to_item(FULL.item()).items()}
    assert {kinds["owners"], kinds["birds"], kinds["height"], kinds["leaf"]} == {"SS", "L", "N", "M"}


@pytest.mark.parametrize("tree", [BARE, FULL, replace(FULL, is_felled=True)], ids=["bare", "full", "felled"])
def test_a_row_comes_back_as_it_was_written(tree: Tree) -> None:
    assert Tree.read(through_the_table(tree.item())) == tree


def test_what_follows_from_the_fields_is_written_and_goes_with_them() -> None:
    assert "listed" not in replace(FULL, is_felled=True).item()
    assert "expires_at" not in replace(FULL, seen_at=None).item()


def test_what_another_row_has_is_neither_written_nor_read() -> None:
    assert replace(BARE, nests={"top": "owl"}).item() == BARE_ITEM
    assert Tree.read(BARE_ITEM | {"nests": {"top": "owl"}}) == BARE
    with pytest.raises(KeyError, match="nests"):
        Tree.written(nests={})


def test_a_part_of_the_key_that_no_field_has_is_given_when_the_row_is_written() -> None:
    item = Letter("v1", "Dear").item(campaign="oaks")
    assert item == {"pk": "CAMPAIGN#oaks", "sk": "LETTER#v1", "text": "Dear"}
    assert Letter.read(item) == Letter("v1", "Dear")
    assert Letter.beginning() == "LETTER#"
    with pytest.raises(AttributeError, match="campaign"):
        Letter("v1", "Dear").item()


def test_single_attributes_are_written_in_the_same_forms() -> None:
    assert Tree.written(seen_at=NOW, mark="", leaf=Leaf("red")) == {
        "seen_at": "2026-11-25T09:00:00.250000+00:00",
        "mark": None,
        "leaf": {"color": "red"},
    }
    with pytest.raises(KeyError, match="marks"):
        Tree.written(marks="x")


def test_a_moment_without_a_zone_is_not_written() -> None:
    naive = NOW.replace(tzinfo=None)
    for row in (
        replace(FULL, seen_at=naive),
        replace(BARE, leaf=Leaf("red", turned_at=naive)),
        SessionOfPerson("ada", "1", "ada@a.example", expires_at=naive),
    ):
        with pytest.raises(ValueError, match="needs a zone"):
            row.item()
    with pytest.raises(ValueError, match="needs a zone"):
        Tree.written(seen_at=naive)


def test_a_moment_keeps_its_zone() -> None:
    chicago = NOW.astimezone(timezone(timedelta(hours=-6)))
    assert replace(BARE, seen_at=chicago).item()["seen_at"] == "2026-11-25T03:00:00.250000-06:00"


def test_attributes_of_a_later_version_are_ignored() -> None:
    values = BARE.item() | {"roots": 7, "leaf": {"color": "red", "veins": 3}}
    assert Tree.read(through_the_table(values)) == replace(BARE, leaf=Leaf("red"))


@pytest.mark.parametrize(
    "damage",
    [
        {"name": None},
        {"name": 5},
        {"taste": "bitter"},
        {"taste": ["sour"]},
        {"mark": {"nobody": "wrote this"}},
        {"height": "12"},
        {"height": True},
        {"height": Decimal("1.5")},
        {"is_felled": 1},
        {"is_felled": "yes"},
        {"seen_at": "yesterday"},
        {"seen_at": "2026-11-25T09:00:00"},
        {"seen_at": 5},
        {"birds": "owl"},
        {"birds": {"owl"}},
        {"birds": ["owl", 5]},
        {"owners": ["Ada"]},
        {"names": ["es"]},
        {"names": {"es": 5}},
        {"leaf": "red"},
        {"leaf": {"holes": 2}},
        {"leaf": {"color": "red", "holes": "two"}},
        {"leaves": {"top": {"color": 5}}},
        {"picture": "text"},
        {"picture": 5},
        {"sk": "TREE#2026-03-01"},
        {"sk": "TREE#spring#oak"},
        {"sk": "TREE#2026-03-01#oak#2"},
        {"sk": "BUSH#2026-03-01#oak"},
    ],
    ids=str,
)
def test_an_attribute_of_another_type_makes_a_damaged_row(damage: dict[str, Any]) -> None:
    with pytest.raises(DamagedRowsError):
        read_row(Tree.read, through_the_table(BARE.item() | damage))


# Every class of the product


@pytest.mark.parametrize("kind", row_classes())
def test_any_row_comes_back_as_it_was_written(kind: type[Row]) -> None:
    @given(rows_of(kind), parts_of(kind))
    def comes_back(row: Row, parts: dict[str, str]) -> None:
        item = row.item(**parts)
        assert None not in item.values()
        assert kind.read(through_the_table(item)) == row

    comes_back()


@pytest.mark.parametrize("kind", row_classes())
def test_the_formats_of_a_key_name_fields(kind: type[Row]) -> None:
    names = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    assert names_in_key(kind) - names <= {"campaign", "id", "job", "period", "target"}, "these are given"
    assert not names & {"pk", "sk", *FOLLOWING} - {"expires_at"}, "these follow from the fields"
    assert get_type_hints(kind).get("expires_at", datetime) is datetime


@given(rows_of(Draft))
def test_any_draft_comes_back_from_its_document(draft: Draft) -> None:
    assert astuple(built(Draft, json.loads(json.dumps(plain(draft))))) == astuple(draft)


def keys_of_the_data_model() -> dict[tuple[str, str], str]:
    """Return the keys in the table of docs/data-model.md, with * for each part, and what their rows hold."""
    found: dict[tuple[str, str], str] = {}
    pks = [""]
    for line in (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8").splitlines():
        cells = line.strip("|").split("|")
        if len(cells) == 5:
            known, sks = ([re.sub("<[^>]+>", "*", key) for key in re.findall("`([^`]+)`", cell)] for cell in cells[2:4])
            pks = known or pks
            found |= dict.fromkeys(product(pks, sks), cells[4])
    return found


def test_a_name_that_no_class_of_a_key_writes_is_found() -> None:
    assert unwritten("CAMPAIGN#", "TARGET#", frozenset({"pk", "hold", "paused"})) == {"paused"}
    assert unwritten("CAMPAIGN#", "META", frozenset({"listed", "hold"})) == {"hold"}
    assert unwritten("PEOPLE#", "0123", frozenset({"role", "rolle"})) == {"rolle"}
    assert unwritten("OFFICE#", "oakton", frozenset({"stop_0123"})) == set()


@pytest.mark.parametrize("kind", row_classes())
def test_the_data_model_says_the_key_of_each_class_and_whether_it_expires(kind: type[Row]) -> None:
    key = re.sub("{[^}]+}", "*", kind.pk), re.sub("{[^}]+}", "*", kind.sk)
    assert hasattr(kind, "expires_at") == ("expires" in keys_of_the_data_model()[key])


def test_no_two_classes_have_the_same_key() -> None:
    for one, other in combinations(row_classes(), 2):
        assert (one.pk.partition("{")[0], one.sk.partition("{")[0]) != (
            other.pk.partition("{")[0],
            other.sk.partition("{")[0],
        ), f"{one.__name__} and {other.__name__}"


PATTERNS = re.findall(" Pattern: '(.*\"pk\".*)'", (ROOT / "template.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_filter_of_the_stream_asks_for_what_the_rows_of_its_keys_write(pattern: str) -> None:
    images = json.loads(pattern)["dynamodb"]
    [prefix] = (each["prefix"] for each in images.pop("Keys")["pk"]["S"])
    [kind] = (each for each in row_classes() if each.pk.startswith(prefix))
    assert set(images) <= {"NewImage", "OldImage"}
    for image in images.values():
        [(name, wanted)] = image.items()
        [(form, values)] = wanted.items()
        whole = [each["prefix"] if isinstance(each, dict) else each for each in values]
        assert [to_item(kind.written(**{name: each})) for each in whole] == [{name: {form: each}} for each in whole]


NAMED_BY_DATA = {"counters", "mail_budgets", "mail_claims", "offices"}
"""Modules whose rows have attributes that data name: docs/data-model.md lists them."""

NAMES_NONE = {"campaign_rows", "drafts"}
"""Modules without a row of their own: one deletes by keys, and a draft is a document in a bucket."""

ROWS = {file.stem: file for file in product_files("*/rows/*.py")}
MODULES = [file for name, file in ROWS.items() if name not in NAMED_BY_DATA | NAMES_NONE]


def test_each_module_that_is_left_out_exists() -> None:
    assert ROWS.keys() >= NAMED_BY_DATA
    assert MODULES
    assert not any(named_in(ROWS[name])[0] for name in NAMES_NONE)


def named_in(file: Path) -> tuple[set[str], set[str]]:
    """Return the attributes that a module's conditions and updates name, and all names that it has for itself."""
    attributes: set[str] = set()
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="Attr"), args=[ast.Constant(value=str(name))]):
                attributes |= {*name.split(".")}
            case (
                ast.keyword(arg="assign" | "add", value=ast.Dict(keys=keys))
                | ast.Call(func=ast.Name(id="as_read"), args=[ast.Dict(keys=keys)])
            ):
                texts = (str(key.value) for key in keys if isinstance(key, ast.Constant))
                attributes |= {name for text in texts for name in text.split(".")}
            case ast.ImportFrom(names=imported):
                names |= {each.name for each in imported}
            case ast.ClassDef(name=name):
                names.add(name)
    return attributes, names


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_conditions_and_updates_name_only_attributes_that_a_row_of_their_module_writes(file: Path) -> None:
    attributes, names = named_in(file)
    kinds = [kind for kind in row_classes() if kind.__name__ in names]
    assert kinds
    assert attributes or "as_read" in names, "what `written` returns has its names checked there"
    assert attributes <= {name for kind in kinds for name in attributes_of(kind) | names_within(kind)}
