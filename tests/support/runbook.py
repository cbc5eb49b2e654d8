"""The commands in docs/runbook.md."""

from __future__ import annotations

import re

from tests.support.commands import commands
from undersigned_cli.local.template import ROOT

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


DEFINED, *BLOCKS = re.findall(r"```sh\n(.*?)```", RUNBOOK, flags=re.DOTALL)
"""The shell functions that the runbook begins with, and its other blocks of shell commands."""

FUNCTIONS = re.findall(r"^(\w+)\(\)", DEFINED, flags=re.MULTILINE)


def of_the_shell() -> list[str]:
    """Return every piece of the runbook that an operator runs in a shell with the AWS CLI: blocks and spans."""
    text = re.sub(r"```.*?```", "", RUNBOOK, flags=re.DOTALL)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]
    calls = re.compile(rf"(?<![\w/.=-])aws [a-z]|^({'|'.join(FUNCTIONS)})( |$)|; do ({'|'.join(FUNCTIONS)}) ")
    return list(dict.fromkeys(piece for piece in (*BLOCKS, *spans) if calls.search(piece)))


OF_AWS = commands("aws", RUNBOOK)
OURS = commands("undersigned", RUNBOOK)

NAMED_ONLY = {
    "undersigned confirmations",
    "undersigned deliveries",
    "undersigned key list",
    # It asks CloudFormation about the stack: tests/smoke/test_doctor.py runs it.
    "undersigned doctor",
}
"""The text only names these commands, and says elsewhere how to run them; or another test runs them."""
