"""Letter templates: what they may contain, and how they are compiled in a sandbox.

Only this module and the pages' environment import Jinja2, when a letter or page is first rendered. A function that
answers with a number doesn't load it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from undersigned.domain.authoring.letter_fields import DEEPEST, FIELDS, LONGEST_LETTER, TOO_DEEP, too_much_in
from undersigned.domain.errors import LetterError
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_LONGEST_TEMPLATE = 5 * LONGEST_LETTER
"""The most characters in a compiled letter, where `&` takes five."""


@dataclass(frozen=True, slots=True)
class TemplateMistake:
    """Something wrong in a template; `line` is 1-based."""

    line: int
    says: Message


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment


_ENVIRONMENT = _environment()


def _parsed(template: str) -> nodes.Template:
    """Parse a template; raises TemplateError."""
    try:
        return _ENVIRONMENT.parse(template)
    except RecursionError as error:
        message = "tags or parentheses are nested too deeply"
        raise TemplateSyntaxError(message, 1) from error


def _field_name(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name(name=name):
            return name
        case nodes.Getattr(node=nodes.Name(name=name), attr=attr):
            return f"{name}.{attr}"
        case _:
            return None


def mistakes_in(template: str) -> tuple[TemplateMistake, ...]:
    """Find everything that a letter may not contain: unknown fields, and any code except `{% if field %}`.

    A letter is short and has no loops, calls, filters or assignments, so its output has a limit.
    """
    if too_much := too_much_in(template, _LONGEST_TEMPLATE):
        return (TemplateMistake(1, too_much),)
    try:
        tree = _parsed(template)
    except TemplateError as error:
        return (
            TemplateMistake(
                getattr(error, "lineno", 1),
                Message("a tag can't be read here; write merge fields as {{ signer.name }}"),
            ),
        )
    return tuple(_mistakes(tree.body))


def _mistakes(body: Iterable[nodes.Node], depth: int = 0) -> Iterator[TemplateMistake]:
    for node in body:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    if not isinstance(part, nodes.TemplateData):
                        yield from _field_mistakes(part)
            case nodes.If() if depth == DEEPEST:
                yield TemplateMistake(node.lineno, TOO_DEEP)
            case nodes.If():
                yield from _field_mistakes(node.test)
                yield from _mistakes([*node.body, *node.else_], depth + 1)
                yield from _mistakes(node.elif_, depth)
            case _:
                yield TemplateMistake(
                    node.lineno,
                    Message("a letter may have only merge fields and {% if field %} … {% endif %}; remove this tag"),
                )


def _field_mistakes(node: nodes.Node) -> Iterator[TemplateMistake]:
    name = _field_name(node)
    if name is None:
        message = Message("a merge field is a plain name such as {{ signer.name }}; remove the rest")
        yield TemplateMistake(node.lineno, message)
    elif name not in FIELDS:
        message = Message(
            "unknown merge field %(field)s; use one of %(names)s",
            {"field": f"{{{{ {name} }}}}", "names": ", ".join(FIELDS)},
        )
        yield TemplateMistake(node.lineno, message)


@lru_cache(maxsize=64)
def fields_of(template: str) -> frozenset[str]:
    """Return the merge fields that a template uses. Raises LetterError if it can't be parsed."""
    try:
        tree = _parsed(template)
    except TemplateError as error:
        raise LetterError(str(error)) from error
    found = (_field_name(node) for node in tree.find_all((nodes.Name, nodes.Getattr)))
    return frozenset(name for name in found if name is not None and name in FIELDS)


def always_shown(template: str) -> frozenset[str]:
    """Return a template's merge fields outside conditions. Raises LetterError if it can't be parsed."""
    try:
        body = _parsed(template).body
    except TemplateError as error:
        raise LetterError(str(error)) from error
    parts = (part for node in body if isinstance(node, nodes.Output) for part in node.nodes)
    return frozenset(name for part in parts if (name := _field_name(part)) is not None)


@lru_cache(maxsize=64)
def compiled(template: str) -> Template:
    """Compile a template. Raises LetterError if `mistakes_in` finds a mistake."""
    if mistakes := mistakes_in(template):
        raise LetterError("; ".join(f"line {mistake.line}: {mistake.says}" for mistake in mistakes))
    return _ENVIRONMENT.from_string(template)


def marked(template: str, fields: Mapping[str, Markup], holding: Collection[str]) -> Markup:
    """Return a template's HTML for a browser to fill in, with `fields` in place of the merge fields.

    The content of a condition is in `<template data-if="note">`, and its other branch in one with `data-unless`. If its
    field is in `holding`, the condition holds at first, and has `data-holds`. Raises LetterError.
    """
    compiled(template)
    return Markup("").join(_marked(_parsed(template).body, fields, holding))


def _marked(body: Iterable[nodes.Node], fields: Mapping[str, Markup], holding: Collection[str]) -> Iterator[Markup]:
    for node in body:
        match node:
            case nodes.Output(nodes=parts):
                for part in parts:
                    if isinstance(part, nodes.TemplateData):
                        yield Markup(part.data)  # noqa: S704  (the compiler's HTML)
                    else:
                        yield fields[str(_field_name(part))]
            case nodes.If(test=test, body=inside, elif_=others, else_=last):
                name = str(_field_name(test))
                yield when(name, Markup("").join(_marked(inside, fields, holding)), holds=name in holding)
                # `elif` is an `if` in the other branch.
                rest = [nodes.If(others[0].test, others[0].body, others[1:], last)] if others else last
                if rest:
                    otherwise = Markup("").join(_marked(rest, fields, holding))
                    yield when(name, otherwise, holds=name in holding, word="unless")
            case _:
                pass


def when(name: str, content: Markup, *, holds: bool, word: Literal["if", "unless"] = "if") -> Markup:
    """Return the part of a letter that a browser shows if a field is filled in, or unless it is."""
    state = Markup(" data-holds") if holds else ""
    return Markup('<template data-{}="{}"{}>{}</template>').format(word, name, state, content)
