"""The local stack: the real functions on moto in a process of its own, with an inbox and an example website."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, cast

from undersigned_cli.deploying.environments import clean_environment
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.running import connect
from undersigned_cli.local.settings import LocalSettings, Ports
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from undersigned_cli.local.running import RunningStack

_SAVE_SECONDS = 30.0


class LocalStack:
    """Starts and stops a local stack. As a context manager, it returns the running stack."""

    def __init__(  # noqa: PLR0913
        self,
        state: Path,
        *,
        ports: Ports | None = None,
        schedules: bool = True,
        parameters: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Configure the stack, without starting it.

        `state` is the folder of its data. Without `schedules`, the template's schedules never fire. `parameters`
        overrides template parameters, such as RequireTls, and `variables` the functions' environment variables,
        such as BUNDLE_SIZE. `report` gets a line about each step.
        """
        self._settings = LocalSettings(
            state.resolve(), ports or Ports(), schedules, dict(parameters or {}), dict(variables or {})
        )
        self._report = report
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RunningStack:
        """Start the stack. On a LocalStackError, stop what was started."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything that was started."""
        self.stop()

    def start(self) -> RunningStack:
        """Start the stack, and wait until it answers. On a LocalStackError, stop what was started."""
        if not (ROOT / "template.yaml").is_file():
            message = (
                f"{ROOT} has no template.yaml; `undersigned local` and `undersigned demo` run in a checkout only, with "
                "the packages that `make setup` fetches there"
            )
            raise LocalStackError(message)
        self._report("Starting the local stack")
        try:
            stack = self._start()
        except BaseException:
            self.stop()
            raise
        self._report(f"The local stack is running: {stack.public_url}")
        return stack

    def _start(self) -> RunningStack:
        state = self._settings.state
        log = state / "logs" / "stack.log"
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        log.parent.mkdir(exist_ok=True)
        with log.open("ab") as output:
            self._process = process = subprocess.Popen(
                (sys.executable, "-m", "undersigned_cli.local.process"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=ROOT,
                env=clean_environment(os.environ),
                # So that Ctrl-C at the terminal reaches only this process.
                start_new_session=True,
            )
        given, answer = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        with suppress(BrokenPipeError):
            pickle.dump(self._settings, given)
            given.flush()
        said = answer.readline().decode().strip()
        if said == "started":
            return connect(state)
        raise LocalStackError(said or f"the local stack ended during its start; its error is in {log}")

    def stop(self) -> None:
        """Stop the stack, which saves its state when its standard input ends, however this process does."""
        if self._process:
            try:
                self._process.communicate(timeout=_SAVE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.communicate()
                self._report(f"The local stack did not stop within {_SAVE_SECONDS:.0f} seconds; it keeps nothing new")
            self._process = None
