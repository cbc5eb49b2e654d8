"""Rows: a frozen dataclass is its own item in the table. Its annotations say how each attribute is written and read.

A class has the formats of its key, `pk` and `sk`. The fields that they name are in the key, and are no attributes. A
part that no field has, such as the campaign of a letter that is only a draft, is given when the row is written:

    @dataclass(frozen=True, slots=True)
    class Member(Row):
        pk, sk = "PEOPLE#{campaign}", "{id}"

        campaign: str
        id: str
        role: Literal["owner", "viewer"]
        at: datetime | None = None

A field that has its default is not written, and None never is: conditions ask whether an attribute exists. Moments are
ISO 8601 with a zone, tuples are lists, and sets stay sets, of which DynamoDB has no empty ones. Attributes that no
field has are ignored, because a later version may write them. Rows whose attributes are named by data have no class:
docs/data-model.md lists them.

Rules know this module, so it knows only the standard library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, partial
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Self,
    TypeAliasType,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

type Values = dict[str, Any]
"""An item's attributes as Python values."""

EXPIRES = "expires_at"
"""The attribute by which the table deletes rows (Unix time, whole seconds). In Python it is a moment."""

_FOLLOWING = ("due", "due_at", "listed", "listed_at", EXPIRES)
"""Attributes that can be properties of a class: the keys of the indexes, and the end. They follow from its fields."""

ELSEWHERE: Mapping[str, bool] = {"in_row": False}
"""The metadata of a field whose value another row has, or the keys of an index."""


class Key(NamedTuple):
    """A primary key."""

    pk: str
    sk: str

    def __str__(self) -> str:
        """Return the key as logs and errors name a row."""
        return f"{self.pk} {self.sk}"


class Row:
    """An item of the table: the base of dataclasses."""

    __slots__ = ()

    pk: ClassVar[str]
    sk: ClassVar[str]

    @classmethod
    def partition(cls, **parts: object) -> str:
        """Return the partition key with these parts."""
        return cls.pk.format(**{name: plain(part) for name, part in parts.items()})

    @classmethod
    def locate(cls, **parts: object) -> Key:
        """Return the key with these parts."""
        return Key(cls.partition(**parts), cls.sk.format(**{name: plain(part) for name, part in parts.items()}))

    @classmethod
    def beginning(cls) -> str:
        """Return how the sort keys of the class begin."""
        return cls.sk.partition("{")[0]

    def own_key(self, **parts: object) -> Key:
        """Return the row's key. `parts` are the values in it that no field holds."""
        names = _key_pattern(self.pk, self.sk).groupindex
        return self.locate(**{name: parts[name] if name in parts else getattr(self, name) for name in names})

    def item(self, **parts: object) -> Values:
        """Return the whole item. `parts` are the values in its key that no field holds.

        Raises ValueError for a moment without a zone.
        """
        return self.own_key(**parts)._asdict() | _present(self.attributes())

    def attributes(self) -> Values:
        """Return all attributes but the key, to change an item. None removes an attribute.

        Raises ValueError for a moment without a zone.
        """
        kind: type = type(self)
        known, in_key = _attributes_of(kind), _key_pattern(self.pk, self.sk).groupindex
        fields_ = {name: getattr(self, name) for name in known if name not in in_key}
        following = (name for name in _FOLLOWING if name not in known and hasattr(kind, name))
        return self.written(**fields_) | {name: _stored(name, getattr(self, name)) for name in following}

    @classmethod
    def written(cls, **values: object) -> Values:
        """Return attributes as the table has them, to change these alone; a default is None, which removes it.

        Raises KeyError for a name that no field has, and ValueError for a moment without a zone.
        """
        return _written(cls, values)

    @classmethod
    def read(cls, item: Values) -> Self:
        """Read an item. Raises LookupError, TypeError or ValueError if something else wrote it."""
        found = _key_pattern(cls.pk, cls.sk).fullmatch(f"{item['pk']}\n{item['sk']}")
        if found is None:
            message = f"a {cls.__name__} has another key"
            raise ValueError(message)
        kind: type = cls
        known = _attributes_of(kind)
        parts = {
            name: int(part) if name in known and known[name].read is _read_int else part
            for name, part in found.groupdict().items()
        }
        row: Self = built(cls, item | parts)
        return row


@cache
def _key_pattern(pk: str, sk: str) -> re.Pattern[str]:
    """Return the pattern of the keys of two formats. No part of a key has a `#`."""
    return re.compile(re.sub(r"\\{(\w+)(?::\w+)?\\}", r"(?P<\1>[^#]+)", re.escape(f"{pk}\n{sk}")))


class _Attribute(NamedTuple):
    """How an attribute is read, and its default, or MISSING."""

    read: Callable[[Any], Any]
    default: object


@cache
def _attributes_of(kind: type) -> Mapping[str, _Attribute]:
    """Return the attributes of a dataclass. This reads its annotations: at its first row, not when a process starts."""
    hints = get_type_hints(kind)
    return {
        each.name: _Attribute(
            _read_seconds if each.name == EXPIRES else _reader(hints[each.name]),
            each.default if each.default_factory is MISSING else each.default_factory(),
        )
        for each in fields(kind)
        if each.metadata.get("in_row", True)
    }


def _written(kind: type, values: Mapping[str, Any]) -> Values:
    known = _attributes_of(kind)
    return {name: None if value == known[name].default else _stored(name, value) for name, value in values.items()}


def _stored(name: str, value: Any) -> Any:  # noqa: ANN401  (a value of any attribute)
    stored = plain(value)
    return int(value.timestamp()) if name == EXPIRES and value else stored


def _present(values: Values) -> Values:
    return {name: value for name, value in values.items() if value is not None}


def plain(value: Any) -> Any:  # noqa: ANN401  (a value of any attribute, and one form for each kind)
    """Return a value as the table has it. Raises ValueError for a moment without a zone."""
    match value:
        case datetime() if value.tzinfo is None:
            message = "a moment needs a zone"
            raise ValueError(message)
        case date():
            return value.isoformat()
        case tuple():
            return [plain(each) for each in value]
        case frozenset():
            return {*value} or None
        case Mapping():
            return {name: plain(each) for name, each in value.items()}
        case _ if is_dataclass(value):
            return _present(_written(type(value), {each.name: getattr(value, each.name) for each in fields(value)}))
    return value


def built(kind: Any, values: object) -> Any:  # noqa: ANN401  (a dataclass, and an object of it)
    """Return the object of a dataclass that `plain` wrote. Raises LookupError, TypeError or ValueError for another."""
    given = _checked(dict, values)
    return kind(
        **{
            name: attribute.read(given[name])
            for name, attribute in _attributes_of(kind).items()
            if name in given or attribute.default is MISSING
        }
    )


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:  # noqa: ANN401, PLR0911  (a type, and one way to read each kind)
    """Return how to read a value of a type. It raises TypeError or ValueError for another value."""
    if isinstance(hint, TypeAliasType):
        return _reader(hint.__value__)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        [read] = (_reader(each) for each in inner if each is not NoneType)
        return lambda value: None if value is None else read(value)
    if origin is Literal:
        return partial(_read_choice, inner)
    if origin in {tuple, frozenset}:
        stored, read = list if origin is tuple else set, _reader(inner[0])
        return lambda value: origin(read(each) for each in _checked(stored, value))
    if origin is Mapping:
        read = _reader(inner[1])
        return lambda value: {name: read(each) for name, each in _checked(dict, value).items()}
    if is_dataclass(hint):
        return partial(built, hint)
    return {int: _read_int, bytes: _read_bytes, date: date.fromisoformat, datetime: read_moment}.get(
        hint, partial(_checked, hint)
    )


def _checked[T](kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        message = f"an attribute is no {kind.__name__}"
        raise TypeError(message)
    return value


def _read_choice(choices: Iterable[object], value: object) -> object:
    if value not in choices:
        message = f"an attribute is none of {choices}"
        raise ValueError(message)
    return value


def _read_int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        message = "an attribute is no whole number"
        raise TypeError(message)
    return int(value)


def _read_bytes(value: Any) -> bytes:  # noqa: ANN401  (what boto3 wraps)
    return _checked(bytes, getattr(value, "value", value))


def read_moment(value: str) -> datetime:
    """Read a moment. Raises TypeError or ValueError for anything else, and for one without a zone."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        message = "a moment has no zone"
        raise ValueError(message)
    return moment


def _read_seconds(value: object) -> datetime:
    return datetime.fromtimestamp(_read_int(value), UTC)
