"""Ask PyPI for known vulnerabilities of every version in uv.lock: of what ships and of our tools.

pip-audit passes packages that PyPI doesn't know, and calls them "skipped". This check says which packages were not
audited. It fails when a version is vulnerable, and when nothing was audited, for example without a connection to PyPI.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ACCEPTED: dict[str, str] = {}
"""Accepted vulnerabilities: id to the reason and the date of the next review."""

ANSWER_SECONDS = 180
_NO_CONNECTION = ("ConnectionError", "Could not connect", "Timeout", "timed out", "TooManyRedirects")


class AuditError(Exception):
    """pip-audit failed for a reason other than a missing network."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of an audit: lines for people, and whether something was audited and nothing is vulnerable."""

    lines: tuple[str, ...]
    passed: bool


def main() -> int:
    """Audit uv.lock; return 1 when a locked version has a known vulnerability, or when nothing was audited."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    answers: list[dict[str, Any]] = []
    for requirements in rounds(lock):
        answer = _ask(requirements)
        if answer is None:
            print("pip-audit: can't reach PyPI; NOTHING was audited", file=sys.stderr)
            return 1
        answers += answer["dependencies"]
    findings = judge(answers)
    for line in findings.lines:
        print(f"pip-audit: {line}", file=sys.stderr)
    return int(not findings.passed)


def rounds(lock: dict[str, Any]) -> list[list[str]]:
    """Return `name==version` of every package that a lock takes from an index, in lists without repeated packages.

    Conflicting dependency groups lock some packages in two versions, and pip-audit accepts one version at a time.
    """
    versions: dict[str, list[str]] = {}
    for package in lock["package"]:
        if "registry" in package["source"]:
            versions.setdefault(package["name"], []).append(f"{package['name']}=={package['version']}")
    return [[named for named in once if named] for once in zip_longest(*versions.values())]


def judge(dependencies: list[dict[str, Any]]) -> Findings:
    """Summarize the dependencies in pip-audit's JSON."""
    silent = [package["name"] for package in dependencies if "skip_reason" in package]
    lines = [
        f"{package['name']} {package['version']}: {found['id']}; fixed in {_versions(found)}. "
        f"Run: uv lock --upgrade-package {package['name']}, or give a reason to accept it in checks/audit.py"
        for package in dependencies
        for found in package.get("vulns", ())
    ]
    passed = not lines and len(silent) < len(dependencies)
    if len(silent) == len(dependencies):
        lines.append(f"PyPI knows none of the {len(dependencies)} locked versions; NOTHING was audited")
    elif silent:
        lines.append(f"{len(silent)} of {len(dependencies)} packages were NOT audited: {', '.join(sorted(silent))}")
    return Findings(tuple(lines), passed)


def _versions(found: dict[str, Any]) -> str:
    return " or ".join(found["fix_versions"]) or "no version yet"


def _ask(requirements: list[str]) -> dict[str, Any] | None:
    """Return pip-audit's answer, or None when it can't reach PyPI."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "requirements.txt")
        listed.write_text("\n".join(requirements), encoding="utf-8")
        command = [
            *(sys.executable, "-m", "pip_audit", "--requirement", str(listed), "--no-deps", "--disable-pip"),
            *("--format", "json", "--progress-spinner", "off", "--timeout", "5"),
            *("--cache-dir", str(ROOT / ".uv" / "audit")),
            *(word for accepted in ACCEPTED for word in ("--ignore-vuln", accepted)),
        ]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ANSWER_SECONDS)  # noqa: S603
        except subprocess.TimeoutExpired:
            return None
    if ended.stdout.startswith("{"):
        answer: dict[str, Any] = json.loads(ended.stdout)
        return answer
    if any(sign in ended.stderr for sign in _NO_CONNECTION):
        return None
    raise AuditError(ended.stderr)


if __name__ == "__main__":
    sys.exit(main())
