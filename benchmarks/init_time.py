"""Init time of each function under Lambda's runtime client, beside an empty handler and boto3 with one client.

The client (awslambdaric) asks for its first event when it has loaded the handler. Here that question goes to a socket
on this machine; the time until it comes is the init. All are started in turn, over and over, so that what else the
machine does affects all alike. What they import has bytecode, as in the layers (docs/decisions/0033).
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.goals import Benchmark, Limit
from tests.world import FUNCTIONS
from undersigned_cli.local.template import environment_of, names_of_variables

if TYPE_CHECKING:
    from benchmarks.goals import Figures, Size

ROOT = Path(__file__).parents[1]
ROUNDS: dict[Size, int] = {"full": 9, "small": 1}
BASELINES = {
    "empty handler": "def handler(event, context):\n    return {}\n",
    "boto3 with one client": (
        "import boto3\nclient = boto3.client('dynamodb')\n\n\ndef handler(event, context):\n    return {}\n"
    ),
}
ONE_CLIENT = "boto3 with one client"

GOALS = (Limit("public_api", ("ratio_to_one_client",), at_most=1.4, timed=True),)

_DEPLOYED = {
    "TABLE_NAME": "none",
    "SECRET_ARN": "none",
    "ORGANIZERS_SECRET_ARN": "none",
    "PACKET_BUCKET": "none",
    "SENDER_ADDRESS": "none",
    "CONFIGURATION_SET": "none",
    "DELIVERY_QUEUE_URL": "none",
    "EXPORT_QUEUE_URL": "none",
    "FEEDBACK_QUEUE_URL": "none",
    "RECONCILIATION_QUEUE_URL": "none",
    "WAITING_MAILS_URL": "none",
    "OPERATOR_TOPIC": "none",
    "PEOPLE_MAILS_URL": "none",
    "PUBLIC_URL": "https://letters.example",
}
"""What only a deployed stack knows."""

_PATIENCE = 60
_FIRST_EVENT = b"GET /2018-06-01/runtime/invocation/next "


class InitError(Exception):
    """A function did not get as far as asking for an event."""


def measure(size: Size) -> Figures:
    """Return for each handler the median and minimum of its init in ms, and the median's ratio to one client's."""
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(BASELINES.values()):
            Path(folder, f"baseline_{number}.py").write_text(source, encoding="utf-8")
        handlers = {name: f"baseline_{number}.handler" for number, name in enumerate(BASELINES)}
        handlers |= {name: f"functions.{name}.app.handler" for name in FUNCTIONS}
        found: dict[str, list[float]] = {name: [] for name in handlers}
        for _ in range(ROUNDS[size]):
            for name, handler in handlers.items():
                found[name].append(_init_ms(handler, deployed_environment(name, folder)))
    base = statistics.median(found[ONE_CLIENT])
    return {
        name: {
            "median_ms": round(statistics.median(times)),
            "min_ms": round(min(times)),
            "ratio_to_one_client": round(statistics.median(times) / base, 2),
        }
        for name, times in found.items()
    }


def deployed_environment(name: str, folder: str = "") -> dict[str, str]:
    """Return the environment variables of a deployed function, and where its code and a `folder` are."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared"), folder]),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    }
    if name not in FUNCTIONS:
        return environment
    names = names_of_variables(FUNCTIONS[name])
    known = {variable: value for variable, value in _DEPLOYED.items() if variable in names}
    return environment | environment_of(FUNCTIONS[name], **known)


def _init_ms(handler: str, environment: dict[str, str]) -> float:
    """Start the runtime client for a handler, and return the milliseconds until it asks for its first event."""
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.TemporaryFile() as log:
        server.settimeout(_PATIENCE)
        host, port = server.getsockname()
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            env=environment | {"AWS_LAMBDA_RUNTIME_API": f"{host}:{port}"},
            stdout=log,
            stderr=log,
        )
        question = b""
        try:
            connection, _ = server.accept()
            passed = time.perf_counter() - began
            with connection:
                question = connection.recv(len(_FIRST_EVENT))
        except TimeoutError:
            passed = _PATIENCE
        finally:
            process.kill()
            process.wait(timeout=_PATIENCE)
        if question != _FIRST_EVENT:
            log.seek(0)
            message = f"{handler} did not start:\n{log.read().decode(errors='replace')}"
            raise InitError(message)
    return passed * 1000


BENCHMARK = Benchmark("Init under Lambda's runtime client", GOALS, measure)
