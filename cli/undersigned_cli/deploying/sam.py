"""The SAM CLI in the version of uv.lock: it builds the stack and deploys it, at the person's terminal."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from undersigned_cli.deploying.environments import Environments

_KEPT_PREFIXES = ("AWS_", "SAM_CLI_")
_KEPT = ("TERM", "COLUMNS")


class SamError(UndersignedError):
    """SAM failed. Its output is on the terminal."""


@dataclass(frozen=True, slots=True)
class Sam:
    """Builds and deploys the template of this checkout, as a samconfig.toml says."""

    environments: Environments
    config: Path
    values: Mapping[str, str]
    """The values of all parameters: CloudFormation would keep the stack's value of a parameter that is not given."""

    def build(self) -> None:
        """Build the functions and layers, taking unchanged ones from a cache; raises SamError."""
        self._run("build")

    def deploy(self, *, is_new: bool, asks: bool) -> None:
        """Show the changes and make them; raises SamError. A stack that can't be created is deleted again."""
        self._run(
            "deploy",
            *(() if asks else ("--no-confirm-changeset",)),
            *(("--on-failure", "DELETE") if is_new else ()),
        )

    def _run(self, verb: str, *arguments: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
        project = self.environments.project
        # SAM takes an empty value only in quotes.
        values = [f'{name}="{value}"' for name, value in self.values.items()]
        command = ("sam", verb, "--config-file", str(self.config), *arguments, "--parameter-overrides", *values)
        done = subprocess.run(  # noqa: S603
            self.environments.command("sam", *command),
            cwd=project,
            env={
                **self.environments.variables("sam"),
                **kept,
                "SAM_CLI_TELEMETRY": "0",
                "__SAM_CLI_APP_DIR": str(project / ".uv" / "sam"),
            },
            check=False,
        )
        if done.returncode:
            message = f"sam {verb} failed, as it says above; when the cause is gone, run make deploy again"
            raise SamError(message)
