"""The commands in docs/runbook.md and the other pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


def code(page: str) -> Iterator[str]:
    """Return every piece of code in a page, in one line each and without comments."""
    for block in re.findall(r"^ *```(?:sh)?\n(.*?)```", page, flags=re.DOTALL | re.MULTILINE):
        yield " ".join(re.sub(r"( +# .*)?\n", " ; ", block.replace("\\\n", " ")).split())
    for span in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL)):
        yield " ".join(span.split())


DEFINED, *BLOCKS = re.findall(r"```sh\n(.*?)```", RUNBOOK, flags=re.DOTALL)
"""The shell functions that the runbook begins with, and its other blocks of shell commands."""

FUNCTIONS = re.findall(r"^(\w+)\(\)", DEFINED, flags=re.MULTILINE)


def of_the_shell() -> list[str]:
    """Return every piece of the runbook that an operator runs in a shell with the AWS CLI: blocks and spans."""
    text = re.sub(r"```.*?```", "", RUNBOOK, flags=re.DOTALL)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]
    calls = re.compile(rf"(?<![\w/.=-])aws [a-z]|^({'|'.join(FUNCTIONS)})( |$)|; do ({'|'.join(FUNCTIONS)}) ")
    return list(dict.fromkeys(piece for piece in (*BLOCKS, *spans) if calls.search(piece)))


def commands(program: str, page: str = RUNBOOK) -> list[str]:
    """Return a program's commands in a page, each up to the next program or the end."""
    one = re.compile(rf"(?<![\w/.=[-]){program} [a-z].*?(?=(?<![\w/.=-])(?:aws|undersigned) [a-z]|$)")
    return sorted({match[0].strip() for text in code(page) for match in one.finditer(text)})


OF_AWS = commands("aws")
OURS = commands("undersigned")

NAMED_ONLY = {
    "undersigned confirmations",
    "undersigned deliveries",
    "undersigned key list",
    # It asks CloudFormation about the stack: tests/smoke/test_doctor.py runs it.
    "undersigned doctor",
}
"""The text only names these commands, and says elsewhere how to run them; or another test runs them."""
