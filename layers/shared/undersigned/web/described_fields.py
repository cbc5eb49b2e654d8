"""The fields that request bodies may have: those in the API's OpenAPI document."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from undersigned.web.assets import asset

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT = "openapi.json"

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation with a body. `address` matches its addresses, which have `parts` variable parts."""

    method: str
    address: re.Pattern[str]
    parts: int
    fields: tuple[str, ...]


def described_fields(method: str, path: str) -> tuple[str, ...] | None:
    """Return the fields that a request's body may have; None if the document says nothing about its body."""
    fitting = [one for one in _operations() if one.method == method and one.address.fullmatch(path)]
    found = min(fitting, key=lambda one: one.parts, default=None)
    return found.fields if found else None


@cache
def _operations() -> tuple[_Operation, ...]:
    document = json.loads(asset(DOCUMENT).content)
    return tuple(
        _Operation(method.upper(), _address(path), path.count("{"), tuple(schema["properties"]))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if (schema := _body(document, operation)) and schema.get("additionalProperties") is False
    )


def _address(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(re.escape(text) for text in re.split(r"\{\w+\}", path)))


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of an operation's JSON body; None if it has none."""
    schema: Mapping[str, Any] | None = operation.get("requestBody", {}).get("content", {}).get(_JSON, {}).get("schema")
    if schema is None or "$ref" not in schema:
        return schema
    name = str(schema["$ref"]).rpartition("/")[2]
    named: Mapping[str, Any] = document["components"]["schemas"][name]
    return named
