"""Version 0.2 itself: its code from this repository's history, beside today's, on the same AWS in memory.

The packages of that commit get other names, so that both versions are loaded in one process. Nothing else in them
changes.
"""

from __future__ import annotations

import importlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.memory import refuse
from tests.world import CONTEXT, FUNCTIONS, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.faults.memory import Check
    from tests.world import World

COMMIT = "b450f0eae40d8a5abd9fe2d2726890308881682b"
"""The last commit of version 0.2.0."""

FUNCTIONS_OF_0_2 = FUNCTIONS.keys() - {"run_jobs"}
"""Those that it had, and today's stack has, too."""

_PACKAGES = {"undersigned": "undersigned_0_2", "functions": "functions_0_2"}
_IMPORT = re.compile(rf"^(\s*(?:from|import) )({'|'.join(_PACKAGES)})\b", re.MULTILINE)

NOT_THERE = "this folder has no history of version 0.2: it is no git clone, or a shallow one (git fetch --unshallow)"


def is_there() -> bool:
    """Return whether the repository has the commit of version 0.2."""
    try:
        found = subprocess.run(  # noqa: S603
            ["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return False
    return found.returncode == 0


needs_version_0_2 = pytest.mark.skipif(not is_there(), reason=NOT_THERE)


@cache
def _unpacked() -> tempfile.TemporaryDirectory[str]:
    """Write the packages of version 0.2 into a folder under their other names, and make them importable."""
    folder = tempfile.TemporaryDirectory(prefix="version-0.2-")
    archive = subprocess.run(  # noqa: S603
        ["git", "archive", "--format=tar", COMMIT, "layers/shared/undersigned", "functions"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder.name, filter="data")
    for package, other in _PACKAGES.items():
        found = next(Path(folder.name).rglob(f"{package}/__init__.py")).parent
        found.rename(Path(folder.name) / other)
    for source in Path(folder.name).rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        source.write_text(_IMPORT.sub(lambda at: f"{at[1]}{_PACKAGES[at[2]]}", text), encoding="utf-8")
    sys.path.append(folder.name)
    return folder


def module(name: str) -> Any:
    """Return a module of version 0.2 by the name that it had."""
    _unpacked()
    package, _, rest = name.partition(".")
    return importlib.import_module(f"{_PACKAGES[package]}.{rest}")


def allow(*_: object) -> None:
    """Allow a call: version 0.2 had permissions of its own."""


@dataclass
class Refusing:
    """Refuses what today's permissions don't allow, as AWS does to code that is older than its role."""

    check: Check
    refused: set[str]

    def __call__(self, function: str, service: str, operation: str, params: Mapping[str, Any]) -> None:
        try:
            self.check(function, service, operation, params)
        except pytest.fail.Exception as error:
            self.refused.add(str(error))
            refuse(operation, "AccessDeniedException")


def start(world: World, patch: pytest.MonkeyPatch, function: str, check: Check = allow) -> Callable[[Any, Any], Any]:
    """Start a process of a function of version 0.2, and return its handler."""
    logical_id = FUNCTIONS[function]
    variables = {
        **world.variables,
        "DELIVERY_DAY": "MON",
        "DELIVERY_HOUR": "9",
        "DELIVERY_TIME_ZONE": "America/Chicago",
    }
    for name, value in variables.items():
        patch.setenv(name, value)
    memory = world.memory
    assert memory

    def client(service: str, **_: object) -> Any:
        return memory.client(service, logical_id, check)

    made = module("undersigned.wiring").Wiring(
        module("undersigned.settings").Settings(variables),
        client=client,
        clock=world.clock,
        sleep=lambda seconds: world.sleep(seconds),  # noqa: PLW0108  (a platform replaces it)
    )
    app = module(f"functions.{function}.app")
    wired = sys.modules.get(f"{_PACKAGES['functions']}.{function}.wired", app)
    uses: dict[str, dict[str, Callable[[], Any]]] = {
        "public_api": {"signing": made.signing},
        "organizer_api": {"access": made.access, "sessions": made.sessions, "organizing": made.organizing},
        "export_signatures": {"exporting": made.exporting},
        "send_confirmations": {"confirmations": made.confirmations},
        "tally": {"tallying": made.tallying, "publishing": made.publishing},
        "deliver": {"delivering": lambda: made.delivering(app.report_replaced)},
        "record_feedback": {"feedback": made.feedback},
    }
    for name, use in uses[function].items():
        patch.setattr(wired, name, use())
    if hasattr(wired, "stack"):
        patch.setattr(wired, "stack", made)
    handler: Callable[[Any, Any], Any] = app.handler
    return _of_queue(handler) if function == "record_feedback" else handler


def _of_queue(handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Give SES's events to a handler that EventBridge invoked: version 0.2 had no queue and no topic of them.

    It heard of deliveries only.
    """

    def handle(event: Any, _context: Any) -> Any:
        for record in event["Records"]:
            body = json.loads(record["body"])
            if "confirmation" not in body:
                handler(body if "detail" in body else {"detail": body}, CONTEXT)
        return {"batchItemFailures": []}

    return handle
