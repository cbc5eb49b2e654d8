from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.aws_from_template import ROOT, load_template
from tests.template.reading import of_type, translated


@pytest.fixture
def config() -> dict[str, Any]:
    return tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))


def test_the_file_has_the_version_that_sam_reads(config: dict[str, Any]) -> None:
    assert config["version"] == 0.1


def test_a_deployment_shows_its_changes_before_it_makes_them(config: dict[str, Any]) -> None:
    assert config["default"]["deploy"]["parameters"]["confirm_changeset"] is True


def test_a_deployment_names_its_stack_and_finds_its_bucket(config: dict[str, Any]) -> None:
    deploy = config["default"]["deploy"]["parameters"]

    assert deploy["stack_name"] == "undersigned"
    assert deploy["resolve_s3"] is True


def test_validation_lints(config: dict[str, Any]) -> None:
    assert config["default"]["validate"]["parameters"]["lint"] is True


def test_no_role_has_a_name_that_needs_another_capability(config: dict[str, Any]) -> None:
    roles = of_type(translated(load_template()), "AWS::IAM::Role")

    assert roles
    assert not [name for name, properties in roles.items() if "RoleName" in properties]
    assert config["default"]["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"
