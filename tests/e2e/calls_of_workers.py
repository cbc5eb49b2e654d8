"""What the functions' AWS calls need of IAM, noted in their Lambda workers while the end-to-end tests run.

The local stack lets every function do everything. Its workers import this, too: it needs the standard library and
botocore only.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore

from tests.required_permissions import Need, needs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]


def prelude(record: Path) -> str:
    """Return the Python by which a worker notes its calls; its function finds no module of the source tree."""
    return f"""
import sys
sys.path.append({str(ROOT)!r})
from tests.e2e.calls_of_workers import note_calls
sys.path.remove({str(ROOT)!r})
note_calls({str(record)!r})
"""


def note_calls(record: str) -> None:
    """Note in the record, once for each worker, what the calls of this process need."""
    noted: set[str] = set()

    def note(**call: Any) -> None:
        model = call["model"]
        for need in _needs(model.service_model.service_name, model.name, call["params"]):
            line = json.dumps([os.environ["AWS_LAMBDA_FUNCTION_NAME"], need.action, need.resource, need.facts])
            if line not in noted:
                noted.add(line)
                with Path(record).open("a", encoding="utf-8") as lines:
                    lines.write(line + "\n")

    botocore.register_initializer(lambda session: session.register("provide-client-params", note))


def noted(record: Path) -> list[tuple[str, Need]]:
    """Return what was noted: by which function (its name, not its logical id), and what its call needed."""
    lines = record.read_text(encoding="utf-8").splitlines()
    return [(function, Need(*need)) for function, *need in map(json.loads, lines)]


def _needs(service: str, operation: str, params: Mapping[str, Any]) -> list[Need]:
    """List a call's needs; of rows, it tells the kind and not whose they are."""
    try:
        needs = list(needs_of(service, operation, params))
    except NotImplementedError:
        # In a function it would look like one of its own errors. No policy has such an action.
        return [Need(f"{service} {operation}, of which needs_of knows nothing", "")]
    return [
        need._replace(facts={fact: "".join(value.partition("#")[:2]) for fact, value in need.facts.items()})
        for need in needs
    ]
