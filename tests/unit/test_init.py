"""Test what a function imports before its first event: Jinja2 comes with the first page."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from undersigned_cli.local.template import environment_of, names

if TYPE_CHECKING:
    from collections.abc import Sequence

FUNCTIONS = {"public_api": "PublicApi", "organizer_api": "OrganizerApi", "deliver": "Deliver"}
ROOT = Path(__file__).parents[2]
ONLY_WHEN_NEEDED = ("jinja2", "typst", "babel", "markdown_it", "resvg_py", "idna")
NOT_FOR_SIGNING = (
    "undersigned.delivering.rows.deliveries",
    "undersigned.delivering.rules.deliveries",
    "undersigned.signing.rules.mail_budgets",
    "undersigned.organizing.rules.reconciliations",
    "undersigned.delivering.storing",
    "undersigned.organizing",
    "undersigned.people.routes",
    "undersigned.workshop",
)
"""Rooms of organizers, and modules of ours with many data classes, each of which takes half a millisecond to make."""


def loaded_by(function: str, modules: Sequence[str] = ONLY_WHEN_NEEDED) -> set[str]:
    """Import a function's handler in a new process; return which of some modules this imports."""
    unknown = [name for name in modules if importlib.util.find_spec(name) is None]
    assert not unknown, f"no such modules: {unknown}"
    logical_id = FUNCTIONS[function]
    environment = environment_of(logical_id, names()) | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]),
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    program = f"import sys, functions.{function}.app\nprint(*(name for name in {modules!r} if name in sys.modules))"
    ran = subprocess.run(  # noqa: S603  (this Python)
        [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize("function", ["public_api", "organizer_api"])
def test_an_api_function_imports_no_slow_module_at_start(function: str) -> None:
    assert loaded_by(function) == set()


def test_the_public_api_starts_without_what_no_form_and_no_confirmation_needs() -> None:
    assert loaded_by("public_api", NOT_FOR_SIGNING) == set()
