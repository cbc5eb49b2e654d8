"""Test the layers as the real `sam build` makes them, and as deployed functions see them."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from importlib.metadata import version
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.smoke.deploy import Deployment, architecture
from tests.support.locales import said_in, said_with
from tests.template.reading import LAYER, functions, named_by, of_type
from undersigned.base.languages import languages
from undersigned_cli.deploying.environments import Environments, find_uv
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.template import ROOT, load_template

if TYPE_CHECKING:
    from tests.support.running import RunningStack

MOST_BYTES = 250 * 1024 * 1024
"""The most bytes of a function and its layers, unzipped ("Lambda quotas", developer guide)."""

LEFT_FREE = 50 * 1024 * 1024
"""Fonts and libraries grow with their versions."""

UNCHECKED_HASH = b"\1\0\0\0"
"""The flags of bytecode that Python doesn't compare with its source (PEP 552)."""

ASK = """
import boto3, botocore

def handler(event, context):
    return {module.__name__: [module.__version__, module.__file__] for module in (boto3, botocore)}
"""

PROJECT = ("pyproject.toml", "uv.lock", ".python-version")


@pytest.fixture
def built(stack: RunningStack) -> Path:
    """Return the folder with what `sam build` made for the running stack."""
    return stack.state / "sam" / "build"


@pytest.mark.parametrize("layer", of_type(load_template(), LAYER))
def test_each_module_of_a_layer_has_bytecode_for_lambdas_python(built: Path, layer: str) -> None:
    sources = list((built / layer / "python").rglob("*.py"))

    assert sources
    for source in sources:
        bytecode = (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").read_bytes()
        assert bytecode[:8] == MAGIC_NUMBER + UNCHECKED_HASH, source


def test_a_function_has_boto3_from_its_layer_in_the_version_of_the_tests(stack: RunningStack, built: Path) -> None:
    lambdas = stack.client("lambda")
    public_api = lambdas.get_function_configuration(FunctionName=stack.functions["PublicApi"])
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as files:
        files.writestr("ask.py", ASK)
    lambdas.create_function(
        FunctionName="ask",
        Runtime="python3.13",
        Handler="ask.handler",
        Role="arn:aws:iam::000000000000:role/ask",
        Code={"ZipFile": package.getvalue()},
        Layers=[layer["Arn"] for layer in public_api["Layers"]],
    )
    try:
        seen = json.loads(lambdas.invoke(FunctionName="ask")["Payload"].read())
    finally:
        lambdas.delete_function(FunctionName="ask")

    for package_name in ("boto3", "botocore"):
        number, file = seen[package_name]
        assert number == version(package_name)
        assert "/layer_" in file
        assert (built / "DependenciesLayer" / "python" / package_name / Path(file).name).is_file()


def test_the_layers_speak_every_language_as_a_checkout_does(built: Path) -> None:
    """Polish has no catalog, but a campaign's letter can be in it."""
    spoken = [*languages(), "pl"]

    said = said_with([built / layer / "python" for layer in ("DependenciesLayer", "SharedLayer")], spoken)

    assert said == {language: said_in(language) for language in spoken}
    assert not list((built / "SharedLayer").rglob("*.po"))
    assert list((built / "DependenciesLayer").rglob("babel-*/licenses/LICENSE"))


@pytest.mark.parametrize("function", functions(load_template()))
def test_a_function_and_its_layers_are_smaller_than_lambda_allows(built: Path, function: str) -> None:
    parts = [function, *map(named_by, functions(load_template())[function]["Layers"])]

    assert sum(size_of(built / part) for part in parts) < MOST_BYTES - LEFT_FREE


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@pytest.fixture
def layer_alone(stack: RunningStack, tmp_path: Path) -> Deployment:
    """Return how to build a project with only the libraries' layer."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "layers", project / "layers", symlinks=True)
    for name in PROJECT:
        shutil.copy(ROOT / name, project)
    template: dict[str, Any] = load_template()
    alone = {
        "Transform": template["Transform"],
        "Parameters": {"Architecture": template["Parameters"]["Architecture"]},
        "Resources": {"DependenciesLayer": template["Resources"]["DependenciesLayer"]},
    }
    (project / "template.yaml").write_text(json.dumps(alone), encoding="utf-8")
    environments = Environments(find_uv(ROOT), project, stack.state / "environments")
    return Deployment(tmp_path / "sam", tmp_path, environments, {"AWS_REGION": "us-east-1"}, stack.client)


def test_a_package_with_another_hash_than_the_locked_one_is_not_installed(layer_alone: Deployment) -> None:
    requirements = layer_alone.environments.project / "layers" / "dependencies" / "requirements.txt"
    before, package, after = requirements.read_text(encoding="utf-8").partition("six==")
    other = re.sub(r"sha256:\w+", f"sha256:{'0' * 64}", after, count=2)
    requirements.write_text(before + package + other, encoding="utf-8")

    with pytest.raises(LocalStackError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        layer_alone.build({"Architecture": architecture()})


def test_compiled_packages_are_those_for_the_stacks_architecture(layer_alone: Deployment) -> None:
    other = {"x86_64": "arm64", "arm64": "x86_64"}[architecture()]
    layer_alone.build({"Architecture": other})

    markupsafe = layer_alone.folder / "build" / "DependenciesLayer" / "python" / "markupsafe"
    machine = {"arm64": "aarch64"}.get(other, other)
    assert [file.name for file in markupsafe.glob("*.so")] == [f"_speedups.cpython-313-{machine}-linux-gnu.so"]
