"""Check that every command in the runbook exists: those of AWS by AWS's own models, ours by their options."""

from __future__ import annotations

import re

import pytest

from tests.support.commands import mistakes_in, our_mistakes
from tests.support.runbook import DEFINED, FUNCTIONS, OF_AWS, OURS, RUNBOOK, of_the_shell


@pytest.mark.parametrize("command", OF_AWS)
def test_the_aws_cli_takes_the_command(command: str) -> None:
    assert mistakes_in(command) == []


@pytest.mark.parametrize("command", OURS)
def test_our_command_line_takes_the_command(command: str) -> None:
    assert our_mistakes(command) == []


def test_the_commands_are_found() -> None:
    """Each that is written anywhere is in a piece that `make nightly` runs (tests/smoke/test_runbook.py)."""
    pieces = "".join(of_the_shell()) + DEFINED
    for name in re.findall(r"(?<![\w/.=-])(aws [a-z0-9-]+ [a-z-]+)", " ".join(RUNBOOK.split())):
        assert name in " ".join(pieces.split())
    for name in FUNCTIONS:
        called = re.findall(rf"`{name}(?: [^`]+)?`", RUNBOOK)
        assert name in {"id", "lines"} or called
        assert [one for one in called if one.strip("`") not in of_the_shell()] == []
    assert len(OF_AWS) > 20
    assert len(OURS) > 20
