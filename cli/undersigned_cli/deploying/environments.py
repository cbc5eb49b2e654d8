"""The environments in which other programs run: uv's, for the dependency groups that can't share one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned_cli.local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
_KEPT_PREFIXES = ("PIP_", "REQUESTS_", "SSL_", "UV_", "XDG_")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_NOT_FOR_OTHERS = ("UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_RUN_RECURSION_DEPTH")


def clean_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that programs need, without this virtual environment and without AWS profiles or keys."""
    return {
        name: value
        for name, value in variables.items()
        if (name in _KEPT or name in _PROXIES or name.startswith(_KEPT_PREFIXES)) and name not in _NOT_FOR_OTHERS
    }


def find_uv(checkout: Path) -> str:
    """Return the path of a checkout's own uv, never another version; raises LocalStackError."""
    uv = checkout / ".uv" / "bin" / "uv"
    if os.access(uv, os.X_OK):
        return str(uv)
    message = f"uv is not found ({uv}), and the SAM CLI needs it; run `make setup` in {checkout}"
    raise LocalStackError(message)


@dataclass(frozen=True, slots=True)
class Environments:
    """uv's environments for the dependency groups that can't share one, kept for quick starts."""

    uv: str
    project: Path
    folder: Path

    def command(self, group: str, *program: str) -> list[str]:
        """Return the command that runs a program with exactly a group's packages in uv.lock."""
        project = ("--project", str(self.project))
        return [self.uv, "run", *project, "--quiet", "--exact", "--frozen", "--only-group", group, *program]

    def variables(self, group: str) -> dict[str, str]:
        """Return the environment variables for such a command."""
        kept = clean_environment(os.environ)
        return {**kept, "UV_PROJECT_ENVIRONMENT": str(self.folder / group)}
