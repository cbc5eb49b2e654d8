"""Memory: what a process holds, measured in a process that does nothing else (Linux)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def peak_mb() -> int:
    """Return the most memory that this process has had; getrusage would count its parent's before the fork, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024


def in_own_process(module: str, *arguments: str) -> dict[str, Any]:
    """Run a module with these arguments in a process of its own, and return the figures that it prints as JSON."""
    command = [sys.executable, "-m", module, *arguments]
    child = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figures: dict[str, Any] = json.loads(child.stdout)
    return figures
