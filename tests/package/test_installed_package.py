"""Test the wheel in an empty environment, as `pip install` or `uv tool install` leave it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from undersigned import __version__
from undersigned_cli.deploying.environments import clean_environment, find_uv
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = ROOT / "campaigns" / "end-demand-illinois"
LETTER = (
    *("letter", "render", str(CAMPAIGN), "--target", "evanston", "--name", "Ada Specimen"),
    *("--address-line", "1 Sample Street", "--locality", "Evanston", "--postal-code", "60201"),
)

IMPORT_ALL = """
import importlib, json, pkgutil
missing = {}
for package in ("undersigned", "undersigned_cli"):
    missing[package] = set()
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            missing[package].add(error.name)
print(json.dumps({package: sorted(names) for package, names in missing.items()}))
"""


@dataclass(frozen=True)
class Installed:
    """An installed `undersigned` command. It runs in an empty folder, without this checkout's environment variables."""

    program: Path
    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603
            [str(self.program), *arguments],
            cwd=self.folder,
            env=clean_environment(os.environ),
            capture_output=True,
            check=False,
        )


@dataclass(frozen=True)
class Wheel:
    """A wheel of this checkout, and the locked versions to install it with."""

    file: Path
    locked: Path

    def install(self, folder: Path, extra: str = "") -> Installed:
        environment = folder / "environment"
        uv("venv", "--quiet", "--python", sys.executable, str(environment))
        uv(
            *("pip", "install", "--quiet", "--python", str(environment), "--constraints", str(self.locked)),
            f"undersigned{extra} @ {self.file.as_uri()}",
        )
        return Installed(environment / "bin" / "undersigned", folder)


def uv(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603
        [find_uv(ROOT), *arguments],
        cwd=ROOT,
        env=clean_environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--quiet", "--wheel", "--out-dir", str(folder))
    [file] = folder.glob("*.whl")
    locked = folder / "locked.txt"
    export = ("export", "--quiet", "--locked", "--no-default-groups", "--all-extras", "--no-emit-project")
    locked.write_text(uv(*export, "--no-hashes"), encoding="utf-8")
    return Wheel(file, locked)


@pytest.fixture(scope="module")
def installed(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return wheel.install(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def installed_with_pdf(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return wheel.install(tmp_path_factory.mktemp("installed_with_pdf"), "[pdf]")


def test_the_installed_command_prints_its_version(wheel: Wheel, installed: Installed) -> None:
    done = installed.run("--version")

    assert done.stdout.decode() == f"undersigned {__version__}\n", done.stderr.decode()
    assert wheel.file.name.startswith(f"undersigned-{__version__}-")


def test_the_installed_command_checks_a_campaign(installed: Installed) -> None:
    done = installed.run("campaign", "check", str(CAMPAIGN))

    assert done.returncode == 0, done.stderr.decode()
    assert b"end-demand-illinois" in done.stdout


@pytest.mark.parametrize("format_", ["text", "html"])
def test_the_installed_command_renders_a_letter(installed: Installed, format_: str) -> None:
    done = installed.run(*LETTER, "--format", format_)

    assert done.returncode == 0, done.stderr.decode()
    assert "Ada Specimen" in done.stdout.decode()


def test_everything_the_command_imports_is_installed(installed: Installed) -> None:
    python = installed.program.with_name("python")
    done = subprocess.run([python, "-c", IMPORT_ALL], cwd=installed.folder, capture_output=True, text=True, check=True)  # noqa: S603
    missing = json.loads(done.stdout)

    assert missing["undersigned_cli"] == ["moto", "werkzeug"], "the local stack runs in a checkout"
    assert missing["undersigned"] == ["aws_lambda_powertools", "multipart", "typst"], (
        "handlers and uploads run in Lambda; PDFs are an extra"
    )


def test_without_the_extra_a_pdf_fails_with_one_line_that_names_it(installed: Installed) -> None:
    done = installed.run(*LETTER, "--format", "pdf", "-o", "letter.pdf")

    assert done.returncode == 1
    assert (
        done.stderr.decode() == "PDFs, and the picture of a campaign, need the extra `pdf`; install undersigned[pdf]\n"
    )
    assert not (installed.folder / "letter.pdf").exists()


def test_with_the_extra_a_letter_is_rendered_as_pdf(installed_with_pdf: Installed) -> None:
    done = installed_with_pdf.run(*LETTER, "--format", "pdf", "-o", "letter.pdf")

    assert done.returncode == 0, done.stderr.decode()
    [page] = PdfReader(io.BytesIO((installed_with_pdf.folder / "letter.pdf").read_bytes())).pages
    text = page.extract_text()
    assert "Ada Specimen" in text
    assert "1 Sample Street" in text


def test_outside_a_checkout_the_local_stack_fails_with_one_line(installed: Installed) -> None:
    done = installed.run("demo", "--exit")

    assert done.returncode == 1
    [line] = done.stderr.decode().splitlines()
    assert line.endswith(
        "has no template.yaml; `undersigned local` and `undersigned demo` run in a checkout only, "
        "with the packages that `make setup` fetches there"
    )
