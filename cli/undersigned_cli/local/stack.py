"""The local stack: the real functions on moto in a process of its own, with an inbox and an example website."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.memory import Ports
from undersigned_cli.local.processes import Program, clean_environment, last_words
from undersigned_cli.local.running import connect
from undersigned_cli.local.settings import SETTINGS, LocalSettings
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from undersigned_cli.local.running import RunningStack

_START_SECONDS = 60.0
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
        overrides template parameters, such as PublishEvents, and `variables` the functions' environment variables, such
        as BUNDLE_SIZE. `report` gets a line about each step.
        """
        self._settings = LocalSettings(
            state.resolve(), ports or Ports(), schedules, dict(parameters or {}), dict(variables or {})
        )
        self._state = self._settings.state
        self._log = self._state / "logs" / "stack.log"
        self._report = report
        self._program: Program | None = None

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
        self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._report("Starting the local stack")
        self._program = Program.start(
            "the local stack",
            (sys.executable, "-m", "undersigned_cli.local.process"),
            log=self._log,
            folder=ROOT,
            environment={**clean_environment(os.environ), SETTINGS: self._settings.as_json()},
        )
        try:
            stack = self._wait(self._program)
        except BaseException:
            self.stop()
            raise
        self._report(f"The local stack is running: {stack.public_url}")
        return stack

    def stop(self) -> None:
        """Stop the stack, which saves its state when it ends."""
        if self._program:
            self._program.stop(_SAVE_SECONDS)
            self._program = None

    def _wait(self, program: Program) -> RunningStack:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if not program.runs:
                words = last_words(self._log)
                message = words.removeprefix("error: ")
                if message == words:
                    message = f"the local stack ended during its start ({words}); the output is in {self._log}"
                raise LocalStackError(message)
            if stack := self._found(program):
                return stack
            time.sleep(0.05)
        message = f"the local stack did not start within {_START_SECONDS:.0f} seconds; the output is in {self._log}"
        raise LocalStackError(message)

    def _found(self, program: Program) -> RunningStack | None:
        """Return the stack that this program runs, as soon as it answers."""
        try:
            stack = connect(self._state)
        except LocalStackError:
            return None
        return stack if stack.process == program.process.pid else None
