"""Read the API's OpenAPI document, and check answers against it."""

from __future__ import annotations

import gzip
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openapi_schema_validator import OAS31Validator, oas31_format_checker

if TYPE_CHECKING:
    from undersigned.base.routes import Route

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "layers/shared/undersigned/assets/openapi.json").read_text(encoding="utf-8")
)

OPERATIONS: dict[tuple[str, str], dict[str, Any]] = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
"""Operations by method and path, such as `/campaigns/{campaign}`."""

_FITS = {
    (method, template): re.compile(re.sub(r"\{\w+\}", "[^/]+", template.replace(".", r"\."))).fullmatch
    for method, template in OPERATIONS
}

PAGES = re.compile(r"/organizer(?!/campaigns/).*")
"""The dashboard's addresses. These pages are for people; tests/doors covers them."""


def operation_of(method: str, path: str) -> tuple[str, str] | None:
    """Return the operation that answers a request: the matching path with the fewest parameters."""
    wanted = "GET" if method == "HEAD" else method
    fitting = [operation for operation, fits in _FITS.items() if operation[0] == wanted and fits(path)]
    return min(fitting, key=lambda operation: operation[1].count("{"), default=None)


def routes(function: str) -> list[tuple[str, str, Route]]:
    """Return method and path of each route of a function, and the route, from its tables.

    The function must be imported already.
    """
    listed = [route for table in sys.modules[f"functions.{function}.app"].TABLES for route in table.routes]
    assert listed, f"{function} has no routes"
    return [(route.method, re.sub(r"<(\w+)>", r"{\1}", route.path), route) for route in listed]


def routed(function: str) -> set[tuple[str, str]]:
    """Return the API's operations among the routes of a function, which must be imported already."""
    return {(method, path) for method, path, _ in routes(function) if not PAGES.fullmatch(path)}


def route_of(function: str, method: str, path: str) -> tuple[str, str]:
    """Return the method and the address of the route that answers a request: the one with the fewest parameters."""
    fitting = [
        (of, template)
        for of, template, _ in routes(function)
        if of == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template.replace(".", r"\.")), path)
    ]
    return min(fitting, key=lambda route: route[1].count("{"))


def breach_of(method: str, path: str, status: int, headers: dict[str, str], content: bytes) -> str | None:  # noqa: PLR0911  (a list of rules)
    """Return how an answer differs from the document in status, type, headers or JSON, or None."""
    operation = operation_of(method, path)
    media_type = headers.get("content-type", "").partition(";")[0]
    # Pages, and redirects of forms, are not in it.
    if operation is None or media_type == "text/html" or status in {301, 302, 303}:
        return None
    responses = OPERATIONS[operation]["responses"]
    if str(status) not in responses:
        return f"{operation} answers {status}, which is not in the document"
    response = resolved(responses[str(status)])
    for name, header in response.get("headers", {}).items():
        if header.get("required") and name.lower() not in headers:
            return f"{operation} answers {status} without {name}"
    described = response.get("content", {})
    if not described or method == "HEAD":
        return None
    if media_type not in described and "*/*" not in described:
        return f"{operation} answers {status} as {media_type}, which is not in the document"
    if path == "/openapi.json" or "*/*" in described:
        return None
    body = gzip.decompress(content) if headers.get("content-encoding") == "gzip" else content
    errors = sorted(_validator(*operation, str(status), media_type).iter_errors(json.loads(body)), key=str)
    return f"{operation} answers {status} with {errors[0].json_path}: {errors[0].message[:500]}" if errors else None


@cache
def _validator(method: str, path: str, status: str, media_type: str) -> Any:
    response = resolved(OPERATIONS[method, path]["responses"][status])
    schema = {**_closed(response["content"][media_type]["schema"]), "components": _closed(DOCUMENT["components"])}
    return OAS31Validator(schema, format_checker=oas31_format_checker)


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    """Return what a `$ref` points to. Return any other value unchanged."""
    if "$ref" not in value:
        return value
    found: Any = DOCUMENT
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _closed(value: Any) -> Any:
    """Return the schema without room for additional fields, so that fields missing from the document are found too."""
    match value:
        case dict():
            closed = {name: _closed(part) for name, part in value.items()}
            if closed.get("type") == "object" and "properties" in closed:
                closed.setdefault("additionalProperties", False)
            return closed
        case list():
            return [_closed(part) for part in value]
        case _:
            return value
