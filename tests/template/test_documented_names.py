"""Check that each command, option, target of make and name that a page of the docs mentions exists."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
import typer
from babel.messages.pofile import read_po

from tests.support.commands import code, commands, mistakes_in, our_mistakes
from tests.support.product_files import PRODUCT
from undersigned_cli.local.template import ROOT
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = {
    str(page.relative_to(ROOT)): page.read_text("utf-8")
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
    if page.name != "CHANGELOG.md"
}

OF_THE_CLI = re.compile("aws (?:s3|dynamodb wait) ")
"""Commands that the AWS CLI adds to those of AWS's models."""


def leaves(command: Any, *names: str) -> Iterator[tuple[str, Any]]:
    """Yield the commands of `undersigned` that do something, by their names."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, *names, name)
    if not hasattr(command, "commands"):
        yield " ".join(names), command


COMMANDS = dict(leaves(typer.main.get_command(app)))


def commands_in(cell: str) -> set[str]:
    """Return the commands that a row's first cell names: `key create/list CAMPAIGN` names two."""
    found = set()
    for span in re.findall("`([^`]+)`", cell):
        first, *rest = span.split()
        found |= {first, *(f"{first} {then}" for then in (rest[0].split("/") if rest else ()))}
    return found & COMMANDS.keys()


@pytest.mark.parametrize("page", PAGES)
def test_each_command_of_a_page_exists(page: str) -> None:
    ours = {each: our_mistakes(each) for each in commands("undersigned", PAGES[page])}
    of_aws = {each: mistakes_in(each) for each in commands("aws", PAGES[page]) if not OF_THE_CLI.match(each)}
    assert {each: found for each, found in {**ours, **of_aws}.items() if found} == {}


def test_each_target_of_make_exists() -> None:
    made = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = {
        name for page in PAGES.values() for text in code(page) for name in re.findall(r"(?:^|; )make ([a-z-]+)", text)
    }
    assert {"demo", "deploy", "figures", "nightly"} <= named
    assert named - {*made} == set()


def test_the_page_of_the_command_line_has_each_command_and_only_options_that_it_has() -> None:
    said = [line.replace("\\|", "/").split(" | ") for line in PAGES["docs/command-line.md"].splitlines()]
    rows = [(commands_in(line[0]), set(re.findall(r"(?<![\w-])--[a-z-]+", line[0]))) for line in said if len(line) == 2]
    wrong = {
        (*sorted(names), option)
        for names, options in rows
        for option in options
        if names and not any(option in parameter.opts for name in names for parameter in COMMANDS[name].params)
    }
    assert set().union(*(names for names, _ in rows)) == COMMANDS.keys()
    assert wrong == set()


def test_each_button_that_a_page_has_pressed_exists() -> None:
    catalog = BytesIO((PRODUCT / "catalogs" / "organizers" / "es.po").read_bytes())
    labels = {message.id for message in read_po(catalog)}
    pressed = {
        label
        for page in PAGES.values()
        for label in re.findall(r"\b[Pp]ress(?:es)? \*\*(.+?)\*\*", " ".join(page.split()))
    }
    assert {"New campaign", "Send now"} <= pressed
    assert pressed - labels == set()


def test_each_name_in_capitals_exists() -> None:
    sources = [
        ROOT / "template.yaml",
        *(file for folder in ("cli", "functions", "layers") for file in (ROOT / folder).rglob("*.py")),
    ]
    known = set(re.findall(r"\w+", " ".join(file.read_text("utf-8") for file in sources)))
    named = {text for page in PAGES.values() for text in code(page) if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", text)}
    assert {"RowsMinusCounters", "PublicUrl", "DeliveriesFailed"} <= named
    assert named - known == {"HttpOnly"}
