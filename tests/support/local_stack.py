"""A local stack in a process of its own, because one patches the whole process that it runs in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.running import RunningStack
from undersigned_cli.deploying.environments import clean_environment
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.stack import local_stack
from undersigned_cli.local.template import ROOT, load_template

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def local_stack_process(state: Path, *, port: int = 0, **settings: Any) -> Iterator[RunningStack]:
    """Run a stack as `local_stack` does, on free ports and without schedules. Raises LocalStackError."""
    process = subprocess.Popen(  # noqa: S603
        (sys.executable, "-m", "tests.support.local_stack", str(state), json.dumps({"port": port, **settings})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=clean_environment(os.environ),
    )
    with process:
        assert process.stdout
        assert process.stderr
        said = process.stdout.readline()
        if not said:
            raise LocalStackError(process.stderr.read().decode().strip())
        functions = [
            name for name, one in load_template()["Resources"].items() if one["Type"] == "AWS::Serverless::Function"
        ]
        yield RunningStack(state=state, functions={name: name for name in functions}, **json.loads(said))
        process.communicate()


def _main() -> None:
    state, settings = sys.argv[1:]
    # It ends with its parent, whose end closes standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    terminal = sys.stdout
    with local_stack(Path(state), desk_port=0, schedules=False, **json.loads(settings)) as stack:
        facts = {name: getattr(stack, name) for name in ("public_url", "desk_url", "outputs", "environment")}
        print(json.dumps(facts), file=terminal, flush=True)
        sys.stdin.read()
    # Python's own end would free each object of moto's, which takes seconds.
    os._exit(0)


if __name__ == "__main__":
    try:
        _main()
    except LocalStackError as error:
        sys.exit(str(error))
