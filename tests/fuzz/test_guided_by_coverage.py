"""Malformed inputs for every property of this folder, guided by the code that they reach, for a minute each."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fuzz.__main__ import ROOT


@pytest.mark.nightly
def test_no_input_breaks_a_parser() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--figures-of", __file__]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
