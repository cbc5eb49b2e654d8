"""Test what `undersigned deploy` asks and finds before it builds anything, against moto's account."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from undersigned_cli import main
from undersigned_cli.commands import deploying
from undersigned_cli.deploying import questions
from undersigned_cli.deploying.parameters import parameters_of
from undersigned_cli.deploying.samconfig import SamConfig, Settings
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.template import ROOT, load_template
from undersigned_cli.stacks import DeployedStack, StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USUAL = {"SenderIdentity": "example.org", "SenderAddress": "letters@example.org", "OperatorEmail": "me@example.org"}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SamConfig]:
    """Return the settings file of a checkout that has no uv, so `deploy` stops before it builds."""
    (tmp_path / "template.yaml").write_bytes((ROOT / "template.yaml").read_bytes())
    monkeypatch.setattr(deploying, "PROJECT", tmp_path)
    monkeypatch.setattr(questions, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield SamConfig(tmp_path / "samconfig.toml", "undersigned", parameters_of(ROOT / "template.yaml"))


def deploy(file: SamConfig, *answers: str) -> Settings:
    """Deploy until the build, and return the settings that the file has then."""
    done = CliRunner().invoke(main.app, ["deploy"], input="\n".join([*answers, ""]))
    assert isinstance(done.exception, LocalStackError), done.output
    return file.read()


def make_stack(region: str, **more: str) -> None:
    """Make the stack's parameters in a region, as another computer did."""
    values = USUAL | more
    given = {name: value for name, value in load_template()["Parameters"].items() if name in values}
    nothing = {"Nothing": {"Type": "AWS::SNS::Topic"}}
    boto3.client("cloudformation", region_name=region).create_stack(
        StackName="undersigned",
        TemplateBody=json.dumps({"Parameters": given, "Resources": nothing}),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
    )


def test_an_hour_with_a_zero_before_it_is_that_hour(file: SamConfig) -> None:
    settings = deploy(file, "", *USUAL.values(), "", "MON 09 Europe/Madrid")

    assert settings.values["DeliveryHour"] == "9"
    assert settings.values["DeliveryTimeZone"] == "Europe/Madrid"


def test_a_second_computer_finds_the_stack_in_the_region_that_the_shell_names(
    file: SamConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_stack("us-west-2")
    monkeypatch.setenv("AWS_REGION", "us-west-2")

    settings = deploy(file)
    assert (settings.region, settings.account) == ("us-west-2", "123456789012")
    assert settings.values.items() >= {**USUAL, "DeliveryHour": "9"}.items()


def test_a_command_works_on_the_stack_in_the_region_that_the_shell_names(
    file: SamConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_stack("us-west-2")
    with pytest.raises(StackError):
        DeployedStack.in_aws("undersigned")

    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert DeployedStack.in_aws("undersigned").client("sqs").meta.region_name == "us-west-2"
    monkeypatch.setenv("AWS_REGION", "")
    with pytest.raises(StackError):
        DeployedStack.in_aws("undersigned")


def test_a_file_without_a_parameter_gives_the_stack_its_default_again(file: SamConfig) -> None:
    """SAM alone would leave the stack's old value."""
    make_stack("us-east-1", DeliveryHour="16")
    assert deploy(file).values["DeliveryHour"] == "16"
    text = file.path.read_text(encoding="utf-8")
    file.path.write_text(text.replace('DeliveryHour = "16"\n', ""), encoding="utf-8")

    done = CliRunner().invoke(main.app, ["deploy"])
    assert "DeliveryHour: '16' becomes '9'" in done.output


def test_another_accounts_profile_is_refused(file: SamConfig) -> None:
    make_stack("us-east-1")
    deploy(file)
    text = file.path.read_text(encoding="utf-8")
    file.path.write_text(text.replace("123456789012", "210987654321"), encoding="utf-8")

    done = CliRunner().invoke(main.app, ["deploy"])
    assert "samconfig.toml says account 210987654321, but this profile is of account 123456789012" in str(
        done.exception
    )


def test_a_stack_whose_settings_are_not_here_is_not_removed(file: SamConfig) -> None:
    done = CliRunner().invoke(main.app, ["remove-stack", "--yes"])

    assert isinstance(done.exception, StackError)
    assert str(done.exception).startswith(f"there is no {file.path.name}, which says where the stack is; `make deploy`")
