"""Letter templates: what they may contain, and how they are compiled in a sandbox.

Only this module and the pages' environment import Jinja2, when a letter or page is first rendered. A function that
answers with a number doesn't load it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from undersigned.domain.errors import LetterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FIELDS: Mapping[str, str] = {
    "target.title": "the recipient's title, such as Police Chief",
    "target.name": "the recipient's name",
    "target.department": "the recipient's department",
    "target.locality": "the recipient's town",
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
"""The merge fields of letters, each with its meaning."""

LONGEST_LETTER = 20_000
"""The most characters in a letter's Markdown: about seven pages of a packet for each signer."""

_LONGEST_TEMPLATE = 5 * LONGEST_LETTER
"""The most characters in a compiled letter, where `&` takes five."""

MOST_TAGS = 200
"""The most merge fields and conditions in a letter. No field is longer than the note, so the output has a limit."""

DEEPEST = 5
"""How deeply conditions may be nested. Python compiles at most a hundred levels."""

TOO_DEEP = f"more than {DEEPEST} conditions are nested here; put them side by side"


@dataclass(frozen=True, slots=True)
class TemplateMistake:
    """Something wrong in a template; `line` is 1-based."""

    line: int
    message: str


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment


_ENVIRONMENT = _environment()


def too_much_in(text: str, longest: int = LONGEST_LETTER) -> str | None:
    """Return an error message if a letter is too long or has too many tags, else None. Parses nothing."""
    if len(text) > longest:
        return f"the letter has {len(text):,} characters, more than the maximum of {longest:,}; shorten it"
    tags = text.count("{{") + text.count("{%")
    if tags > MOST_TAGS:
        return f"the letter has {tags:,} merge fields and tags, more than the maximum of {MOST_TAGS}; remove some"
    return None


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
                getattr(error, "lineno", 1), f"{error.message}; write merge fields as {{{{ signer.name }}}}"
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
                    "a letter may have only merge fields and {% if field %} … {% endif %}; remove this tag",
                )


def _field_mistakes(node: nodes.Node) -> Iterator[TemplateMistake]:
    name = _field_name(node)
    if name is None:
        yield TemplateMistake(node.lineno, "a merge field is a plain name such as {{ signer.name }}; remove the rest")
    elif name not in FIELDS:
        known = ", ".join(FIELDS)
        yield TemplateMistake(node.lineno, f"unknown merge field {{{{ {name} }}}}; use one of {known}")


@lru_cache(maxsize=64)
def fields_of(template: str) -> frozenset[str]:
    """Return the merge fields that a template uses. Raises LetterError if it can't be parsed."""
    try:
        tree = _parsed(template)
    except TemplateError as error:
        raise LetterError(str(error)) from error
    found = (_field_name(node) for node in tree.find_all((nodes.Name, nodes.Getattr)))
    return frozenset(name for name in found if name is not None and name in FIELDS)


@lru_cache(maxsize=64)
def compiled(template: str) -> Template:
    """Compile a template. Raises LetterError if `mistakes_in` finds a mistake."""
    if mistakes := mistakes_in(template):
        raise LetterError("; ".join(f"line {mistake.line}: {mistake.message}" for mistake in mistakes))
    return _ENVIRONMENT.from_string(template)
