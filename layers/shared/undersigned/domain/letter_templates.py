"""A letter's template: what it may hold, and its compiling in a sandbox.

Jinja2 is imported here and by the pages' environment alone, when a letter or page is first rendered: a function that
starts in order to answer with a number need not load it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment

from undersigned.domain.errors import LetterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FIELDS: Mapping[str, str] = {
    "target.title": "the addressee's title, such as Police Chief",
    "target.name": "the addressee's name",
    "target.department": "the addressee's department",
    "target.locality": "the addressee's town",
    "signer.name": "the signer's name",
    "signer.address": "the signer's address, on two lines",
    "signer.address_line": "street and number",
    "signer.locality": "the signer's town",
    "signer.region": "the signer's state",
    "signer.postal_code": "the signer's postal code",
    "signature": "the signature",
    "date": "the day of signing",
    "note": "the signer's own words; only a letter with this field offers them",
}
"""The merge fields that a letter may use, with what each stands for."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a template, by line (1-based) of the template."""

    line: int
    message: str


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment


_ENVIRONMENT = _environment()


def _field_name(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name(name=name):
            return name
        case nodes.Getattr(node=nodes.Name(name=name), attr=attr):
            return f"{name}.{attr}"
        case _:
            return None


def mistakes_in(template: str) -> tuple[Mistake, ...]:
    """Find whatever a letter may not hold: unknown fields, and any code but `{% if field %}`.

    A letter has no loops, calls, filters or assignments, so its output is bounded by its own length.
    """
    try:
        tree = _ENVIRONMENT.parse(template)
    except TemplateError as error:
        return (Mistake(getattr(error, "lineno", 1), f"{error.message}; write merge fields as {{{{ signer.name }}}}"),)
    return tuple(_mistakes(tree.body))


def _mistakes(body: Iterable[nodes.Node]) -> Iterator[Mistake]:
    for node in body:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    if not isinstance(part, nodes.TemplateData):
                        yield from _field_mistakes(part)
            case nodes.If():
                yield from _field_mistakes(node.test)
                yield from _mistakes([*node.body, *node.elif_, *node.else_])
            case _:
                yield Mistake(
                    node.lineno,
                    "a letter may hold merge fields and {% if field %} … {% endif %} only; take this tag out",
                )


def _field_mistakes(node: nodes.Node) -> Iterator[Mistake]:
    name = _field_name(node)
    if name is None:
        yield Mistake(node.lineno, "a merge field is a plain name such as {{ signer.name }}; take the rest out")
    elif name not in FIELDS:
        known = ", ".join(FIELDS)
        yield Mistake(node.lineno, f"unknown merge field {{{{ {name} }}}}; the known ones are {known}")


@lru_cache(maxsize=64)
def fields_of(template: str) -> frozenset[str]:
    """Return the merge fields that a template uses. Raises LetterError when it does not parse."""
    try:
        tree = _ENVIRONMENT.parse(template)
    except TemplateError as error:
        raise LetterError(str(error)) from error
    found = (_field_name(node) for node in tree.find_all((nodes.Name, nodes.Getattr)))
    return frozenset(name for name in found if name is not None and name in FIELDS)


@lru_cache(maxsize=64)
def compiled(template: str) -> Template:
    """Compile a template. Raises LetterError when it holds what `mistakes_in` finds."""
    if mistakes := mistakes_in(template):
        raise LetterError("; ".join(f"line {mistake.line}: {mistake.message}" for mistake in mistakes))
    return _ENVIRONMENT.from_string(template)
