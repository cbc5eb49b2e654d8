"""Check that the layers install the versions of uv.lock, and that Lambda can run them."""

from __future__ import annotations

import ast
import inspect
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

import babel
import pytest
from babel.localedata import locale_identifiers
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from tests.support.locales import said_in, said_with
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

RECIPE = ROOT / "layers" / "layer.mk"

LAYERS = {"dependencies": "lambda", "typesetting": "typesetting"}
"""The layers' folders, with the dependency group of pyproject.toml that each is exported from."""

LAMBDA_GLIBC = (2, 34)
"""The version in Amazon Linux 2023, which python3.13 runs on."""


@cache
def locked() -> dict[str, Any]:
    """Return the packages of uv.lock by name. Of several versions, it is the one that the tests run with."""
    installed = {canonicalize_name(package.name): package.version for package in distributions()}
    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    ours_last = sorted(packages, key=lambda package: installed.get(package["name"]) == package.get("version"))
    return {package["name"]: package for package in ours_last}


def closure(group: str) -> set[str]:
    """Return `name==version` of a group's packages and of all their dependencies."""
    waiting = [need["name"] for need in locked()["undersigned"]["dev-dependencies"][group]]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [need["name"] for need in locked()[name].get("dependencies", [])]
    return {f"{name}=={locked()[name]['version']}" for name in found}


def exported(layer: str) -> dict[str, set[str]]:
    """Return the hashes of each package that a layer installs, by `name==version`."""
    text = (ROOT / "layers" / layer / "requirements.txt").read_text(encoding="utf-8")
    _, *parts = re.split(r"^(\S+==\S+) \\$", text, flags=re.MULTILINE)
    return {name: set(re.findall(r"--hash=(\S+)", lines)) for name, lines in zip(parts[::2], parts[1::2], strict=True)}


def hashes(requirement: str) -> set[str]:
    package = locked()[requirement.partition("==")[0]]
    return {file["hash"] for file in (*package["wheels"], *filter(None, [package.get("sdist")]))}


@pytest.mark.asvs("15.1.2", "15.2.3")
@pytest.mark.parametrize(("layer", "group"), LAYERS.items())
def test_a_layer_installs_what_is_locked(layer: str, group: str) -> None:
    assert exported(layer) == {name: hashes(name) for name in closure(group)}, "run `make layers`"


def bounds(requirements: list[str]) -> dict[str, str]:
    """Return the version bounds by package, from lines such as `jinja2>=3.1`."""
    return {found.name: str(found.specifier) for found in map(Requirement, requirements)}


def test_the_command_line_and_the_layers_have_the_same_version_bounds() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups, project = declared["dependency-groups"], declared["project"]
    of_the_command, of_lambda = bounds(project["dependencies"]), bounds(groups["lambda"])

    assert project["optional-dependencies"]["pdf"] == groups["typesetting"]
    both = of_the_command.keys() & of_lambda.keys()
    assert {"boto3", "jinja2"} <= both
    assert {name: of_the_command[name] for name in both} == {name: of_lambda[name] for name in both}


@pytest.mark.parametrize("architecture", ["aarch64", "x86_64"])
@pytest.mark.parametrize("requirement", sorted({requirement for layer in LAYERS for requirement in exported(layer)}))
def test_each_package_has_a_wheel_that_lambda_runs(requirement: str, architecture: str) -> None:
    wheels = [wheel["url"].rpartition("/")[2] for wheel in locked()[requirement.partition("==")[0]]["wheels"]]

    assert any(runs_on_lambda(wheel, architecture) for wheel in wheels), wheels


def runs_on_lambda(wheel: str, architecture: str) -> bool:
    _, _, _, tags = parse_wheel_filename(wheel)
    return any(
        (tag.interpreter in {"py3", "cp313"} or tag.abi == "abi3") and _platform_fits(tag.platform, architecture)
        for tag in tags
    )


def _platform_fits(platform: str, architecture: str) -> bool:
    if platform == "any":
        return True
    if not platform.startswith("manylinux_") or not platform.endswith(f"_{architecture}"):
        return platform == f"manylinux2014_{architecture}"
    major, minor = platform.split("_")[1:3]
    return (int(major), int(minor)) <= LAMBDA_GLIBC


def test_the_layer_describes_just_the_services_of_aws_that_functions_call() -> None:
    [services] = re.findall(r"^SERVICES := (.+)$", RECIPE.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert set(services.split()) == set(services_called())


def services_called() -> Iterator[str]:
    """Yield the name in each `client("sqs")` of the product."""
    for folder in ("functions", "layers/shared"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Attribute(attr="client" | "_client" | "resource") | ast.Name(id="client"),
                        args=[ast.Constant(value=str(service)), *_],
                    ):
                        yield service


@pytest.fixture(scope="module")
def trimmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with Babel as it is in the layer."""
    folder = tmp_path_factory.mktemp("trimmed")
    shutil.copytree(Path(babel.__file__).parent, folder / "babel")
    trim = str(ROOT / "layers" / "dependencies" / "trim_locales.py")
    locales = str(folder / "babel" / "locale-data")
    subprocess.run([sys.executable, "-B", trim, locales], env={"PYTHONPATH": str(folder)}, check=True)  # noqa: S603
    return folder


def test_the_layer_writes_days_numbers_and_names_of_every_language_as_the_whole_babel_does(trimmed: Path) -> None:
    every = [name.replace("_", "-") for name in sorted(locale_identifiers()) if len(name) == 2 or "_US" in name]

    assert {"en", "es", "es-US", "pl"} <= set(every)
    assert said_with([trimmed], every) == {language: said_in(language) for language in every}


def test_whatever_asks_babel_is_compared() -> None:
    asking = {
        f"{file.stem}.{getattr(node, 'name', '')}"
        for folder in ("functions", "layers/shared")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.Module) and imports_babel(node.body)
    }
    compared = {f"languages.{name}" for name in re.findall(r"known\.(\w+)", inspect.getsource(said_in))}

    assert asking == compared | {"catalogs.", "languages._locale"}


def imports_babel(body: list[ast.stmt]) -> bool:
    return any(isinstance(line, ast.ImportFrom) and str(line.module).startswith("babel") for line in body)


def test_the_layer_has_a_third_of_babels_locales(trimmed: Path) -> None:
    whole, left = (
        sum(file.stat().st_size for file in (folder / "locale-data").glob("*.dat"))
        for folder in (Path(babel.__file__).parent, trimmed / "babel")
    )

    assert left < 0.4 * whole
    assert (trimmed / "babel" / "locale-data" / "LICENSE.unicode").is_file()


def make_products_layer(
    folder: Path, python: Path, source: Path = ROOT / "layers" / "shared", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Build the product's layer into a folder as SAM does, with the Python that is found first."""
    return subprocess.run(  # noqa: S603
        ["make", "--makefile", str(ROOT / "layers" / "arm64" / "Makefile"), "build-SharedLayer"],  # noqa: S607
        cwd=source,
        env={"PATH": f"{python.parent}:{os.environ['PATH']}", "ARTIFACTS_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_python_than_lambdas_builds_no_layer(tmp_path: Path) -> None:
    other = tmp_path / "python3.13"
    other.write_text("#!/bin/sh\necho cpython-312\n", encoding="utf-8")
    other.chmod(0o755)

    built = make_products_layer(tmp_path / "built", other)

    assert built.returncode
    assert "install Python 3.13" in built.stderr
    assert not (tmp_path / "built").exists()


def test_a_layer_needs_babel_for_its_catalogs(tmp_path: Path) -> None:
    without = tmp_path / "python3.13"
    without.write_text('#!/bin/sh\n[ "$2" != "import babel" ] && echo cpython-313\n', encoding="utf-8")
    without.chmod(0o755)

    built = make_products_layer(tmp_path / "built", without)

    assert built.returncode
    assert "python3.13 -m pip install babel" in built.stderr
    assert not (tmp_path / "built").exists()


def test_a_fuzzy_catalog_builds_no_layer(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "layers" / "shared", tmp_path / "shared", ignore=shutil.ignore_patterns("__pycache__"))
    catalog = tmp_path / "shared" / "undersigned" / "catalogs" / "signers" / "es.po"
    changed = catalog.read_text(encoding="utf-8").replace('msgid "Full name"', '#, fuzzy\nmsgid "Full name"')
    catalog.write_text(changed, encoding="utf-8")

    built = make_products_layer(tmp_path / "built", Path(sys.executable), tmp_path / "shared")

    assert built.returncode
    assert "signers/es.po: it is marked as fuzzy: Full name" in built.stderr


def test_equal_sources_give_an_equal_layer_whatever_the_environment(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "folder" / "two"
    make_products_layer(one, Path(sys.executable))
    make_products_layer(two, Path(sys.executable), PYTHONPYCACHEPREFIX=str(tmp_path), PYTHONHASHSEED="7")

    files = contents(one)
    assert "python/undersigned/signing/__pycache__/queue.cpython-313.pyc" in files
    assert sorted(name for name in files if "/catalogs/" in name) == [
        f"python/undersigned/catalogs/{readers}/es.mo" for readers in ("organizers", "signers")
    ]
    assert contents(two) == files


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
