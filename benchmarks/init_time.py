"""Init time of each function under Lambda's runtime client, beside an empty handler and boto3 with one client.

The client (awslambdaric) runs below the Runtime Interface Emulator that ships in aws-sam-cli; the emulator reports how
long the runtime took until it asked for its first event. All are started in turn, over and over, so that what else the
machine does falls on all alike.
"""

from __future__ import annotations

import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.aws_from_template import environment_of, load_template, variables_of
from tests.world import FUNCTIONS
from undersigned_cli.local.processes import find_uv

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
ROUNDS = 9
BASELINES = {
    "empty handler": "def handler(event, context):\n    return {}\n",
    "boto3 with one client": (
        "import boto3\nclient = boto3.client('dynamodb')\n\n\ndef handler(event, context):\n    return {}\n"
    ),
}
ONE_CLIENT = "boto3 with one client"
_MACHINE = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def measure() -> dict[str, dict[str, float]]:
    """Return for each handler the median and minimum of its init in ms, and the median's ratio to one client's."""
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(BASELINES.values()):
            Path(folder, f"baseline_{number}.py").write_text(source, encoding="utf-8")
        handlers = {name: f"baseline_{number}.handler" for number, name in enumerate(BASELINES)}
        handlers |= {name: f"functions.{name}.app.handler" for name in FUNCTIONS}
        emulator = _emulator(Path(folder))
        found: dict[str, list[float]] = {name: [] for name in handlers}
        for _ in range(ROUNDS):
            for name, handler in handlers.items():
                found[name].append(_init_ms(emulator, handler, _environment(name, folder)))
    base = statistics.median(found[ONE_CLIENT])
    return {
        name: {
            "median_ms": round(statistics.median(times)),
            "min_ms": round(min(times)),
            "ratio_to_one_client": round(statistics.median(times) / base, 2),
        }
        for name, times in found.items()
    }


def _emulator(folder: Path) -> Path:
    """Copy the emulator out of the SAM CLI's own environment."""
    name = f"aws-lambda-rie-{_MACHINE[platform.machine().lower()]}"
    copy = (
        "import pathlib, samcli, shutil; "
        f"shutil.copy(pathlib.Path(samcli.__file__).parent / 'local' / 'rapid' / {name!r}, {str(folder)!r})"
    )
    command = [find_uv(ROOT), "run", "--quiet", "--isolated", "--locked", "--only-group", "sam", "python", "-c", copy]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder / name


def _environment(name: str, folder: str) -> dict[str, str]:
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
    names = variables_of(load_template(), FUNCTIONS[name])
    deployed = (
        "TABLE_NAME",
        "SECRET_ARN",
        "PACKET_BUCKET",
        "SENDER_ADDRESS",
        "CONFIGURATION_SET",
        "DELIVERY_QUEUE_URL",
        "EXPORT_QUEUE_URL",
        "WAITING_MAILS_URL",
    )
    known = {variable: "none" for variable in deployed if variable in names}
    if "PUBLIC_URL" in names:
        known["PUBLIC_URL"] = "https://letters.example"
    return environment | environment_of(FUNCTIONS[name], **known)


def _init_ms(emulator: Path, handler: str, environment: dict[str, str]) -> float:
    """Start the runtime for a handler, send it one event, and return what the emulator says of its init."""
    port = _free_port()
    with _running(emulator, handler, port, environment) as log:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                urlopen(_invocation(port), timeout=60).close()
                break
            except URLError:
                time.sleep(0.02)
        log.seek(0)
        report = re.search(r"INIT REPORT\(durationMs: ([\d.]+)\)", log.read())
        assert report, f"no init report for {handler}"
        return float(report[1])


@contextmanager
def _running(emulator: Path, handler: str, port: int, environment: dict[str, str]) -> Iterator[Any]:
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [
                str(emulator),
                *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
                *("--runtime-api-address", f"127.0.0.1:{_free_port()}"),
                *(sys.executable, "-m", "awslambdaric", handler),
            ],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            yield log
        finally:
            process.terminate()
            process.wait(timeout=30)


def _invocation(port: int) -> Request:
    return Request(f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", data=b"{}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
