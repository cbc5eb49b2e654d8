"""The permissions that the functions' AWS calls need, recorded in their Lambda workers by the end-to-end tests.

The local stack lets every function do everything. Its workers import this module, so it only needs the standard library
and botocore.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore

from undersigned_cli.local.needs import Need, needs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]


def prelude(record: Path) -> str:
    """Return the Python that makes a worker record its calls. The function can't import from the source tree.

    A function without layers has no botocore, and calls nothing.
    """
    return f"""
import sys
from importlib.util import find_spec
if find_spec("botocore"):
    paths = [{str(ROOT)!r}, {str(ROOT / "cli")!r}]
    sys.path += paths
    from tests.deployed.worker_calls import record_calls
    for path in paths:
        sys.path.remove(path)
    record_calls({str(record)!r})
"""


def record_calls(record: str) -> None:
    """Write into `record` what the calls of this process need, each need once."""
    written: set[str] = set()

    def record_needs(**call: Any) -> None:
        model = call["model"]
        for need in _needs(model.service_model.service_name, model.name, call["params"]):
            line = json.dumps([os.environ["AWS_LAMBDA_FUNCTION_NAME"], need.action, need.resource, need.facts])
            if line not in written:
                written.add(line)
                with Path(record).open("a", encoding="utf-8") as lines:
                    lines.write(line + "\n")

    botocore.register_initializer(lambda session: session.register("provide-client-params", record_needs))


def recorded(record: Path) -> list[tuple[str, Need]]:
    """Return the record: the function (its name, not its logical id), and what its call needed."""
    lines = record.read_text(encoding="utf-8").splitlines()
    return [(function, Need(*need)) for function, *need in map(json.loads, lines)]


def _needs(service: str, operation: str, params: Mapping[str, Any]) -> list[Need]:
    """List a call's needs. Of a row's key, only the kind is kept."""
    try:
        needs = list(needs_of(service, operation, params))
    except NotImplementedError:
        # Raised in a function, it would look like the function's own error. No policy allows this action.
        return [Need(f"{service} {operation}, unknown to needs_of", "")]
    return [need._replace(facts={fact: _kind_of(value) for fact, value in need.facts.items()}) for need in needs]


def _kind_of(value: str) -> str:
    kind, hash_sign, _ = value.partition("#")
    return kind + hash_sign
