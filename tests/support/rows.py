"""The classes of rows, and how to make any row of one."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeAliasType, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from tests.support.product_files import PRODUCT, RULES, product_files
from undersigned.base.rows import ELSEWHERE, Row

PARTS = st.text(st.characters(exclude_characters="#\n", codec="utf-8"), min_size=1)
"""Texts that can be in a key."""

SIGNERS = st.text("0123456789abcdef", min_size=32, max_size=32)
"""Ids of signers, which choose a shard."""

FOLLOWING = ("due", "due_at", "listed", "listed_at", "expires_at")
"""The keys of the indexes, and the attribute by which the table deletes rows."""

_MOMENTS = st.datetimes(
    datetime(1901, 1, 1),  # noqa: DTZ001  (the zone is drawn)
    datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(codec="utf-8")),
    bool: st.booleans(),
    int: st.integers(-(10**37), 10**37),
    bytes: st.binary(),
    date: st.dates(),
    datetime: _MOMENTS,
}


@cache
def row_classes() -> tuple[type[Row], ...]:
    """Return every class of rows."""
    for file in product_files("*/rows/*.py", *RULES):
        importlib.import_module(".".join(("undersigned", *file.relative_to(PRODUCT).with_suffix("").parts)))
    # A dataclass with slots is made twice. Its module has the second one.
    found = {each for each in _below(Row) if getattr(sys.modules[each.__module__], each.__name__, None) is each}
    found = {each for each in found if each.__module__.startswith("undersigned.")}
    assert found
    return tuple(sorted(found, key=lambda each: each.__name__))


def _below(kind: type[Row]) -> set[type[Row]]:
    return {each for direct in kind.__subclasses__() for each in (direct, *_below(direct))}


def names_in_key(kind: type[Row]) -> set[str]:
    """Return the fields that are parts of a row's key."""
    return set(re.findall(r"{(\w+)", kind.pk + kind.sk))


def attributes_of(kind: type[Row]) -> set[str]:
    """Return the names of the attributes that a class writes."""
    following = {name for name in FOLLOWING if hasattr(kind, name)}
    return {"pk", "sk", *following} | {each.name for each in fields(kind)} - names_in_key(kind)  # type: ignore[arg-type]


def names_within(kind: type[Row]) -> set[str]:
    """Return the names in the maps that are attributes of a class."""
    maps = (hint for hint in get_type_hints(kind).values() if is_dataclass(hint))
    return {each.name for hint in maps for each in fields(hint)}


@cache
def unwritten(pk: str, sk: str, names: frozenset[str]) -> set[str]:
    """Return those of some attributes that the class of a key's row doesn't write. A key of no class has none.

    `pk` and `sk` are the beginnings of the key, up to a `#`.
    """
    for kind in row_classes():
        if kind.pk.startswith(pk) and kind.sk.partition("{")[0] in {sk, ""}:
            return {*names} - attributes_of(kind) - names_within(kind)
    return set()


def parts_of(kind: type[Row]) -> st.SearchStrategy[dict[str, str]]:
    """Return any parts of a row's key that no field has."""
    given = names_in_key(kind) - {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return st.fixed_dictionaries(dict.fromkeys(given, PARTS))


def rows_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return any object of a dataclass that annotations allow."""
    hints = get_type_hints(kind)
    in_key = names_in_key(kind) if issubclass(kind, Row) else set()
    given = {
        each.name: (SIGNERS if each.name == "signer" else PARTS)
        if each.name in in_key and hints[each.name] is str
        else _values_of(hints[each.name])
        for each in fields(kind)
        if each.metadata != ELSEWHERE
    }
    if "expires_at" in given:
        given["expires_at"] = st.integers(0, 10**11).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
    return st.builds(kind, **given)


def _values_of(hint: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911  (one for each kind of type)
    if isinstance(hint, TypeAliasType):
        return _values_of(hint.__value__)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return st.one_of(*(st.none() if each is NoneType else _values_of(each) for each in inner))
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple:
        return st.lists(_values_of(inner[0]), max_size=3).map(tuple)
    if origin is frozenset:
        return st.frozensets(_values_of(inner[0]), max_size=3)
    if origin is Mapping:
        return st.dictionaries(_values_of(inner[0]), _values_of(inner[1]), max_size=3)
    return rows_of(hint) if is_dataclass(hint) else _SIMPLE[hint]
